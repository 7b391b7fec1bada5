// Package lambdatest serves AWS Lambda's Invoke API, streams included, on the loopback interface,
// for tests and demos, as net/http/httptest does for HTTP. Its functions are
// handlers of the kind that aws-lambda-go's Start takes, and the AWS SDK, or a
// gateway, that is pointed at the server's URL executes them:
//
//	server := lambdatest.NewServer(map[string]any{
//		"greet": func(ctx context.Context, in struct{ Name string }) (string, error) {
//			return "hello " + in.Name, nil
//		},
//	})
//	defer server.Close()
//
//	client := lambda.New(lambda.Options{
//		BaseEndpoint: aws.String(server.URL),
//		Region:       "us-east-1",
//		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
//	})
//	out, err := client.Invoke(ctx, &lambda.InvokeInput{
//		FunctionName: aws.String("greet"),
//		Payload:      []byte(`{"Name":"gopher"}`),
//	})
//
// The server answers the operations Invoke and InvokeWithResponseStream only. It supports:
//
//   - the invocation types RequestResponse, Event and DryRun, client contexts and the
//     tail of the log ([LogWriter]);
//   - functions named as AWS allows it: by name, name:qualifier, partial ARN or ARN,
//     with the qualifiers $LATEST and $LATEST.PUBLISHED, versions and aliases;
//   - functions with tenant isolation, durable functions, and functions with a handler
//     for each version ([Function]);
//   - function errors, panics and replies that are too large, with the payload that
//     Lambda's Go runtime makes of them;
//   - the API's own errors, limits and Signature Version 4
//     ([Server.RequireCredentials]);
//   - streams: what a handler returns as an [io.Reader] is sent as it is read;
//   - failure on demand: throttling, any API error ([ErrorCodes]), delays and
//     connections that are cut ([Server.Fail]).
//
// [Server.Calls] returns the calls that the server received.
//
// A function has no timeout and no memory limit here, and any number of executions run
// at once. Unlike on AWS, a handler serves every qualifier, unless [Function] lists
// versions. An alias is not resolved: the executed version is $LATEST. The server drops
// the result of an asynchronous invocation (Event) and does not retry one that fails. AWS
// would retry it twice.
//
// # Tenants
//
// The header X-Amz-Tenant-Id has 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]. Functions with
// tenant isolation require it, and all others refuse it. The handler
// finds the tenant in the TenantID of its lambdacontext. On AWS the tenants of a function
// share no execution environment. Here they share the handler and all that it refers to, so
// a test does not show what a handler keeps from one tenant to the next. AWS does not document
// its message for an unexpected tenant id, but it documents the code and the status.
//
// # Durable executions
//
// A call of a durable function needs a qualifier: a version, an alias, $LATEST or
// $LATEST.PUBLISHED. Every answer, also to an Event, has the header
// X-Amz-Durable-Execution-Arn. The header X-Amz-Durable-Execution-Name, of 1 to 64
// characters [a-zA-Z0-9_-], names the execution. The first call with a name executes the
// handler. A later one with the same function, version and payload, byte for byte, gets the
// result of the first, a function error too, and waits for it where the handler has not
// returned. Any other call with that name is answered with
// DurableExecutionAlreadyStartedException (409). A name belongs to an account and a region,
// as AWS documents it, so two functions cannot use the same one. [Server.Reset] forgets all
// names, as the end of the retention period does on AWS. A DryRun names no execution.
//
// A durable function executes its handler once, with the payload of the call. There are no
// steps, waits and checkpoints: AWS hands a durable function an envelope of these, which its
// durable execution SDK unpacks. The operation InvokeWithResponseStream has no execution
// names. A call of it with the header is answered with InvalidParameterValueException here,
// since the function would be executed again. A stream of a durable function has no ARN.
//
// # Streams
//
// InvokeWithResponseStream executes any function, with the invocation types
// RequestResponse and DryRun. A handler streams where its result
// is an io.Reader that aws-lambda-go's Start would send as such, for instance an
// [events.LambdaFunctionURLStreamingResponse]: JSON takes precedence where the reader
// encodes to any, other than to an empty object. Each read of up to 32 KiB is a
// PayloadChunk, sent at once, up to 200 MB in all. An [io.Closer] is closed before
// InvokeComplete is sent. Any other reply, that of a lambda.Handler and of what
// lambda.NewHandler made among them, is one PayloadChunk, of 6 MB at most.
//
// The status is 200 as soon as the handler has returned, whatever it did. A function
// error, at the start or in the middle, is in InvokeComplete: its ErrorCode is always
// panic in Read or Close is reported like a panic of the handler. On AWS it would end
// the process.
//
// The answer's Content-Type is the type of the reply, not of the messages, as in the API
// reference and in the SDKs, whose ResponseStreamContentType is that header. For a reader
// with a method ContentType() string it is the result of that method, for other readers
// application/octet-stream. It is application/json for JSON replies and for
// function errors. To test how a client handles the type of the messages, return
// application/vnd.amazon.eventstream. The answers of Invoke always have the type
// application/json.
//
// A handler's context ends when the caller of the stream disconnects. The server then makes
// no further read and closes the reader, so that a test sees that its client
// gave up. On AWS the function would run to its end, and be charged for it. Here it does so
//
// # Sources
//
// The rules are those of the API reference,
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and
// https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html, of
// response streaming,
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html,
// of tenant isolation,
// https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html, of durable
// functions, https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html and
// https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html,
// and of the quotas,
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. Statuses of
// errors are those of the service model in aws-sdk-go-v2's service/lambda v1.114.4.
//
// # Files
//
// Read server.go first: [NewServer]. Then declared.go: [Function]; invoke.go and stream.go,
// one for each operation, and durable.go; name.go, call.go, signature.go, check.go for
// requests; function.go and reply.go for what handlers return; errors.go and faults.go for
// failures; log.go for logs.
//
// [events.LambdaFunctionURLStreamingResponse]: https://pkg.go.dev/github.com/aws/aws-lambda-go/events#LambdaFunctionURLStreamingResponse
package lambdatest
