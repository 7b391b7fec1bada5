package backend

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awsclient "github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A session that the build has given may have handlers that look at a request, and change
// it, at any point. They find what the SDK would show them.
func TestHandlersOfTheBuild(t *testing.T) {
	api := lambdatest.NewServer(map[string]any{"f": func(in map[string]string) (map[string]string, error) { return in, nil }})
	defer api.Close()
	api.RequireCredentials("AKIDEXAMPLE", "not-a-secret")

	large := `{"a":"` + strings.Repeat("b", 10_000) + `"}`
	for _, tc := range []struct {
		name    string
		change  func(*session.Session, *bytes.Buffer)
		body    string
		payload string // empty for a call that AWS refuses
		seen    string // in what the handlers have written
	}{
		{"a header to sign", func(s *session.Session, _ *bytes.Buffer) {
			s.Handlers.Build.PushBack(func(r *request.Request) { r.HTTPRequest.Header.Set("X-Mine", " a  b ") })
		}, `{"a":"b"}`, `{"a":"b"}`, ""},
		{"a query", func(s *session.Session, _ *bytes.Buffer) {
			s.Handlers.Sign.PushFront(func(r *request.Request) { r.HTTPRequest.URL.RawQuery = "b=2&a=1+1" })
		}, `{"a":"b"}`, `{"a":"b"}`, ""},
		{"another payload and qualifier", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Validate.PushBack(func(r *request.Request) {
				in := r.Params.(*lambda.InvokeInput)
				in.Payload, in.Qualifier = []byte(`{"another":"payload"}`), aws.String("live")
			})
			s.Handlers.Send.PushFront(func(r *request.Request) { seen.WriteString(r.HTTPRequest.URL.RawQuery) })
		}, `{"a":"b"}`, `{"another":"payload"}`, "Qualifier=live"},
		{"another body", func(s *session.Session, _ *bytes.Buffer) {
			s.Handlers.Sign.PushFront(func(r *request.Request) { r.SetStringBody(`{"another":"body"}`) })
		}, `{"a":"b"}`, `{"another":"body"}`, ""},
		{"a look at the body", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Sign.PushBack(func(r *request.Request) {
				body, err := io.ReadAll(r.GetBody())
				fmt.Fprintln(seen, string(body), err, r.HTTPRequest.Body != nil)
				r.ResetBody()
			})
		}, `{"a":"b"}`, `{"a":"b"}`, `{"a":"b"} <nil> true`},
		{"a signature of its own", func(s *session.Session, _ *bytes.Buffer) {
			s.Config.Credentials = credentials.AnonymousCredentials
			s.Handlers.Build.PushBack(func(r *request.Request) {
				r.Config.Credentials = credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", "")
			})
		}, `{"a":"b"}`, `{"a":"b"}`, ""},
		{"another retryer", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Validate.PushBack(func(r *request.Request) {
				r.Retryer = awsclient.NoOpRetryer{}
				seen.WriteString("no retries")
			})
		}, `{"a":"b"}`, `{"a":"b"}`, "no retries"},
		{"a user agent", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Build.PushFront(request.MakeAddToUserAgentFreeFormHandler("mine/1.0"))
			s.Handlers.Send.PushBack(func(r *request.Request) { seen.WriteString(r.HTTPRequest.UserAgent()) })
		}, `{}`, `{}`, "mine/1.0 aws-sdk-go/"},
		{"input and output", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Complete.PushBack(func(r *request.Request) {
				in, out := r.Params.(*lambda.InvokeInput), r.Data.(*lambda.InvokeOutput)
				seen.WriteString(r.Operation.Name + " " + aws.StringValue(in.FunctionName) + " " + string(in.Payload) + " " + string(out.Payload) + " " + aws.StringValue(out.ExecutedVersion))
			})
		}, large, large, "Invoke f " + large + " " + large + " $LATEST"},
		{"credentials", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Send.PushFront(func(r *request.Request) {
				value, _ := r.Config.Credentials.Get()
				seen.WriteString(value.AccessKeyID + " " + strings.Join(map[string][]string(r.SignedHeaderVals)["x-amz-date"], ""))
			})
		}, `{}`, `{}`, "AKIDEXAMPLE 20"},
		{"handlers for one request", func(s *session.Session, seen *bytes.Buffer) {
			s.Handlers.Validate.PushBack(func(r *request.Request) {
				r.Handlers.Sign.Clear()
				r.Handlers.Complete.PushBack(func(r *request.Request) { seen.WriteString(r.Operation.Name) })
			})
		}, `{}`, "", "Invoke"},
		{"a log with bodies", func(s *session.Session, seen *bytes.Buffer) {
			s.Config.LogLevel = aws.LogLevel(aws.LogDebugWithHTTPBody | aws.LogDebugWithSigning)
			s.Config.Logger = aws.LoggerFunc(func(args ...any) {
				for _, a := range args {
					seen.WriteString(a.(string))
				}
			})
		}, large, large, large},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var seen bytes.Buffer
			s := session.Must(session.NewSession(&aws.Config{
				Region: aws.String("us-west-2"), Endpoint: aws.String(api.URL), MaxRetries: aws.Int(0),
				Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
			}))
			tc.change(s, &seen)
			l := &recorder{}
			b := NewFactory(Options{Logger: l, Session: s}).New(Spec{Method: http.MethodPost, Settings: ns(map[string]any{"function_name": "f"})})
			before := len(api.Calls())
			_, err := invoke(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader(tc.body))})
			calls := api.Calls()[before:]
			if len(calls) != 1 {
				t.Fatalf("got %d calls", len(calls))
			}
			if tc.payload == "" { // it has no signature
				if err == nil {
					t.Error("a handler of the build's has had no effect")
				}
			} else if err != nil || string(calls[0].Payload) != tc.payload {
				t.Errorf("got %v, payload %s, log %q; want %s", err, calls[0].Payload, l.lines, tc.payload)
			}
			if !strings.Contains(seen.String(), tc.seen) {
				t.Errorf("handlers have seen %q, want %q", seen.String(), tc.seen)
			}
		})
	}
}

// What a handler does to one request, it does to no other.
func TestHandlersOfTheBuildConcurrently(t *testing.T) {
	api := lambdatest.NewServer(map[string]any{"f": func(in map[string]string) (map[string]string, error) { return in, nil }})
	defer api.Close()
	var mu sync.Mutex
	completed := 0
	s := testSession(t, api.URL, nil)
	s.Handlers.Validate.PushBack(func(r *request.Request) {
		r.Handlers.Complete.PushFront(func(*request.Request) {
			mu.Lock()
			defer mu.Unlock()
			completed++
		})
		r.Handlers.Send.Remove(request.NamedHandler{Name: "awssdk.client.LogRequest"})
	})
	b := NewFactory(Options{Logger: &recorder{}, Session: s}).New(Spec{Method: http.MethodPost, Settings: ns(map[string]any{"function_name": "f"})})
	var calls sync.WaitGroup
	const n = 50
	for range n {
		calls.Go(func() {
			if _, err := invoke(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader(`{}`))}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if completed != n {
		t.Errorf("a handler for one request has run %d times in %d requests", completed, n)
	}
}

// Only a session with handlers, or with a log, of the build's own takes the longer way.
func TestPlainSessions(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*session.Session)
		want   bool
	}{
		"as it is": {func(*session.Session) {}, true},
		"no validation": {func(s *session.Session) {
			s.Handlers.Validate.Remove(corehandlers.ValidateParametersHandler)
			s.Config.DisableParamValidation = aws.Bool(true)
		}, true},
		"a handler more":        {func(s *session.Session) { s.Handlers.Complete.PushBack(func(*request.Request) {}) }, false},
		"a handler less":        {func(s *session.Session) { s.Handlers.Send.Clear() }, false},
		"a log":                 {func(s *session.Session) { s.Config.LogLevel = aws.LogLevel(aws.LogDebug) }, false},
		"paths as they are":     {func(s *session.Session) { s.Config.DisableRestProtocolURICleaning = aws.Bool(true) }, false},
		"anonymous credentials": {func(s *session.Session) { s.Config.Credentials = credentials.AnonymousCredentials }, false},
	} {
		s := testSession(t, "http://127.0.0.1:1", nil)
		tc.change(s)
		if c, err := newSDKClient(lambda.New(s)); err != nil || c.plain != tc.want {
			t.Errorf("%s: got %t, %v; want %t", name, c.plain, err, tc.want)
		}
	}
}
