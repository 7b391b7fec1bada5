package backend

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// What goes out is what the SDK would send: URL, headers and length.
func TestRequestIsTheSDKs(t *testing.T) {
	inputs := map[string]*lambda.InvokeInput{
		"name":            {FunctionName: aws.String("my-function_1")},
		"qualifier":       {FunctionName: aws.String("f"), Qualifier: aws.String("$LATEST")},
		"alias":           {FunctionName: aws.String("f"), Qualifier: aws.String("live_1-b")},
		"partial ARN":     {FunctionName: aws.String("123456789012:function:f")},
		"ARN":             {FunctionName: aws.String("arn:aws:lambda:us-west-2:123456789012:function:f"), Qualifier: aws.String("7")},
		"payload":         {FunctionName: aws.String("f"), Payload: []byte(`{"a":"é"}`)},
		"empty payload":   {FunctionName: aws.String("f"), Payload: []byte{}},
		"invocation type": {FunctionName: aws.String("f"), InvocationType: aws.String("Event")},
		"log tail":        {FunctionName: aws.String("f"), LogType: aws.String("Tail")},
		"client context":  {FunctionName: aws.String("f"), ClientContext: aws.String("eyJhIjoxfQ==")},
	}
	for _, endpoint := range []string{
		"", "http://localhost:4566", "http://localhost:4566/", "http://localhost/a/b/", "http://localhost//a//b", "http://localhost/a%20b",
		"http://localhost/%C3%A9/(x)", "http://[::1]:80", "https://user@localhost/?a=b", "https://localhost:443/a%2Fb", "http://localhost/a/../b",
	} {
		for _, executionEnvironment := range []string{"", "AWS_Lambda_go1.x"} {
			t.Setenv("AWS_EXECUTION_ENV", executionEnvironment)
			s := session.Must(session.NewSession(&aws.Config{
				Region: aws.String("us-west-2"), Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", ""),
			}))
			if endpoint != "" {
				s.Config.Endpoint = aws.String(endpoint)
			}
			for name, input := range inputs {
				want, _ := lambda.New(s).InvokeRequest(input)
				if err := want.Sign(); err != nil {
					t.Fatal(err)
				}

				c, err := newSDKClient(lambda.New(s))
				if err != nil {
					t.Fatal(err)
				}
				var got *request.Request
				c.handlers.Send.Clear()
				c.handlers.Send.PushBack(func(r *request.Request) {
					got = r
					r.HTTPResponse = &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
				})
				k := &keeper{value: credentials.Value{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, running: make(chan struct{}), now: time.Now}
				_, err = c.do(t.Context(), input, &call{payload: inOnePiece(input.Payload), keeper: k, prepared: true})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := got.HTTPRequest.URL.String(), want.HTTPRequest.URL.String(); got != want {
					t.Errorf("%s at %s: got %s, want %s", name, endpoint, got, want)
				}
				if got, want := got.HTTPRequest.Host, want.HTTPRequest.Host; got != want {
					t.Errorf("%s at %s: got host %s, want %s", name, endpoint, got, want)
				}
				if got, want := got.HTTPRequest.ContentLength, want.HTTPRequest.ContentLength; got != want {
					t.Errorf("%s at %s: got length %d, want %d", name, endpoint, got, want)
				}
				for _, header := range []http.Header{got.HTTPRequest.Header, want.HTTPRequest.Header} {
					for _, name := range []string{dateHeader, authorizationHeader} { // the time's: see TestSignature
						if header[name] == nil {
							t.Errorf("%s: no %s", name, name)
						}
						delete(header, name)
					}
				}
				if !maps.EqualFunc(got.HTTPRequest.Header, want.HTTPRequest.Header, slices.Equal) {
					t.Errorf("%s at %s: got %v, want %v", name, endpoint, got.HTTPRequest.Header, want.HTTPRequest.Header)
				}
			}
		}
	}
}
