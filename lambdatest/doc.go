// Package lambdatest serves AWS Lambda's Invoke API on the loopback interface,
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
//	client := lambda.New(session.Must(session.NewSession(&aws.Config{
//		Endpoint:    aws.String(server.URL),
//		Region:      aws.String("us-east-1"),
//		Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
//	})))
//	out, err := client.Invoke(&lambda.InvokeInput{
//		FunctionName: aws.String("greet"),
//		Payload:      []byte(`{"Name":"gopher"}`),
//	})
//
// The server answers the operation Invoke and no other. What it does of it:
//
//   - the invocation types RequestResponse, Event and DryRun, qualifiers, client
//     contexts and the tail of the log ([LogWriter]);
//   - functions named as AWS allows it: by name, name:qualifier, partial ARN or ARN;
//   - function errors, panics and replies that are too large, with the payload that
//     Lambda's Go runtime makes of them;
//   - the API's own errors, limits and Signature Version 4
//     ([Server.RequireCredentials]);
//   - failure on demand: throttling, any API error, delays and connections that are
//     cut ([Server.Fail]).
//
// [Server.Calls] tells what was asked of it.
//
// A function has no timeout, no memory limit and no version here: every qualifier
// is served by the same handler, and any number of executions run at once. What an
// asynchronous invocation (Event) returns is dropped, and it is not tried again
// where it fails, while AWS would do so twice.
//
// The rules are those of the API reference,
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, and of the quotas,
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
package lambdatest
