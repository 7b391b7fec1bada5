// Package lambdatest serves AWS Lambda's Invoke API, streams included, on the loopback interface,
// for tests and demos, as net/http/httptest does for HTTP. Its functions are
// handlers that aws-lambda-go's Start takes. To execute them, point the AWS SDK or a gateway
// at the server's URL:
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
//   - function errors, panics and replies that are too large, with the same payload as from
//     Lambda's Go runtime;
//   - the API's own errors, limits and Signature Version 4
//     ([Server.RequireCredentials]);
//   - streams: the server sends an [io.Reader] that a handler returns while it reads it;
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
// finds the tenant in the TenantID of its lambdacontext. On AWS each tenant of a function has
// separate execution environments. Here the tenants share the handler and all that it refers
// to, so a test does not show data that leaks from one tenant to the next. AWS does not document
// its message for an unexpected tenant id, but it documents the code and the status.
//
// # Durable executions
//
// A call of a durable function needs a qualifier: a version, an alias, $LATEST or
// $LATEST.PUBLISHED. Every answer, also to an Event, has the header
// X-Amz-Durable-Execution-Arn. The header X-Amz-Durable-Execution-Name, of 1 to 64
// characters [a-zA-Z0-9_-], names the execution. The first call with a name executes the
// handler. A later call with the same function, version and payload, byte for byte, gets the
// result of the first, even if that is a function error. If the handler still runs, the later
// call waits for it. Any other call with that name gets
// DurableExecutionAlreadyStartedException (409). As on AWS, a name is unique within an account
// and a region, so two functions cannot use the same one. [Server.Reset] forgets all
// names, as AWS does after the retention period. A DryRun does not use up a name.
//
// A durable function executes its handler once, with the payload of the call. It cannot have
// steps, waits and checkpoints: on AWS they come in an envelope, which the durable execution
// SDK unpacks. The operation InvokeWithResponseStream does not support execution
// names. If a call of it has the header, this server answers with
// InvalidParameterValueException, since the function would run again. A stream of a durable
// function has no ARN.
//
// # Streams
//
// InvokeWithResponseStream executes any function, with the invocation types
// RequestResponse and DryRun. A handler streams if its result
// is an io.Reader that aws-lambda-go's Start would stream, for instance an
// [events.LambdaFunctionURLStreamingResponse]. If the reader encodes to JSON other than an
// empty object, that JSON is the reply instead. Each read of up to 32 KiB is a
// PayloadChunk, which the server sends immediately, up to 200 MB in all. It closes an
// [io.Closer] before it sends InvokeComplete. Any other reply, including those of a
// lambda.Handler and of the results of lambda.NewHandler, is one PayloadChunk of 6 MB at most.
//
// The status is 200 as soon as the handler has returned, even if it failed. InvokeComplete
// has a function error, from the start or the middle of the stream: its ErrorCode is always
// "Unhandled", and its ErrorDetails is the payload that Invoke would return. The server
// reports a panic in Read or Close like a panic of the handler. On AWS it would end the
// process.
//
// The answer's Content-Type is the type of the reply, not of the messages, as in the API
// reference and in the SDKs, whose ResponseStreamContentType is that header. For a reader
// with a method ContentType() string it is the result of that method, for other readers
// application/octet-stream. It is application/json for JSON replies and for
// function errors. To test how a client handles the type of the messages, return
// application/vnd.amazon.eventstream. The answers of Invoke always have the type
// application/json.
//
// A handler's context ends when the caller of the stream disconnects. The server then stops
// reading and closes the reader, so that a test sees that its client
// gave up. On AWS the function would run to its end, and AWS would charge for it. With Invoke,
// a handler runs to its end here too.
//
// # Sources
//
// The rules come from AWS's documentation:
//
//   - the API: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and
//     https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
//   - streams: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
//   - tenants: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
//   - durable functions: https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html and
//     https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
//   - quotas: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
//   - the statuses of errors: the service model in aws-sdk-go-v2's service/lambda v1.114.4
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
