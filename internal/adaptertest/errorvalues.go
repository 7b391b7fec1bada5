package adaptertest

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// errorValues checks what Go code can read from a proxy's errors, with and without
// return_error_code.
func errorValues(t *testing.T, adapter Adapter) {
	s := lambdatest.NewServer(map[string]any{"f": handler(func() ([]byte, error) { return nil, errors.New("out of tea") })})
	t.Cleanup(s.Close)
	fault := lambdatest.APIError(http.StatusForbidden, "AccessDeniedException", "not you")
	refused := &fault
	type values struct {
		code, functionError string
		requestID           bool
	}
	for _, tc := range []struct {
		name    string
		backend Backend
		fault   *lambdatest.Fault
		want    values
	}{
		{"of AWS", Backend{}, refused, values{"AccessDeniedException", "", true}},
		{"of AWS, with return_error_code", Backend{HTTP: map[string]any{"return_error_code": true}}, refused, values{"AccessDeniedException", "", true}},
		{"of the function", Backend{}, nil, values{"", "errorString", true}},
		{"of the body", Backend{Method: "POST"}, nil, values{"UnreadableBody", "", false}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.fault != nil {
				s.Fail("f", *tc.fault)
			}
			built := adapter(with(tc.backend, map[string]any{"function_name": "f", "max_retries": 0}), Options{Logger: &Recorder{}, Session: newSession(t, s.URL)})
			r := &Request{}
			if tc.backend.Method == "POST" {
				r.Body = brokenBody{}
			}
			_, err := built.Proxy(t.Context(), r)
			e, ok := err.(interface {
				Code() string
				FunctionError() string
				RequestID() string
			})
			if !ok {
				t.Fatalf("got %T, without the methods", err)
			}
			if got := (values{e.Code(), e.FunctionError(), e.RequestID() != ""}); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}

	unnamed := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`"oops"`)}, nil
	})
	_, err := adapter(with(Backend{}, map[string]any{"function_name": "f"}), Options{Logger: &Recorder{}, Invoker: unnamed}).Proxy(t.Context(), &Request{})
	var e interface{ FunctionError() string }
	if !errors.As(err, &e) || e.FunctionError() != "Unhandled" {
		t.Errorf("got %v, want Unhandled for a function without an errorType", err)
	}
}

// brokenBody is a body that cannot be read.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("broken") }
func (brokenBody) Close() error             { return nil }
