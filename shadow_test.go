package lambda_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	awslambda "github.com/aws/aws-sdk-go/service/lambda"
	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
)

// KrakenD drops the reply of a shadow backend without reading or closing it, and the context of the call
// never ends. Streams must still end, with their goroutines and connections, with this module's client
// and with an Invoker.
func TestStreamOfAShadowBackend(t *testing.T) {
	const requests = 5
	for name, option := range map[string]func(*session.Session) lambda.Option{
		"own client": lambda.WithSession,
		"Invoker":    func(s *session.Session) lambda.Option { return lambda.WithInvoker(awslambda.New(s)) },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{}, requests)
			s := lambdatest.NewServer(map[string]any{"f": func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
				body, function := io.Pipe()
				context.AfterFunc(ctx, func() {
					function.Close()
					ended <- struct{}{}
				})
				go io.WriteString(function, "begun")
				return &events.LambdaFunctionURLStreamingResponse{StatusCode: http.StatusOK, Body: body}, nil
			}})
			defer s.Close()
			shadow := lambda.BackendFactory(nil, option(session.Must(session.NewSession(&aws.Config{
				Endpoint:    aws.String(s.URL),
				Region:      aws.String("us-west-2"),
				Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
			}))))(&config.Backend{
				Method:   http.MethodPost,
				Encoding: "no-op",
				Timeout:  time.Minute,
				ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
					"function_name": "f", "stream": true,
				}},
			})
			call := proxy.NewShadowProxy(proxy.NoopProxy, shadow)
			for range requests {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				if _, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))}); err != nil {
					t.Fatal(err)
				}
				cancel() // does not end the shadow calls
			}
			giveUp := time.Now().Add(time.Minute)
			for n := 0; n < requests; {
				runtime.GC()
				select {
				case <-ended:
					n++
				default:
					if time.Now().After(giveUp) {
						t.Fatalf("%d of %d streams have ended, want all", n, requests)
					}
				}
			}
		})
	}
}
