package backend

import (
	"errors"
	"net/http"
	"testing"
)

type statusError int

func (statusError) Error() string     { return "from KrakenD" }
func (e statusError) StatusCode() int { return int(e) }

// The level of the line depends on the status that the client gets.
func TestReportStatus(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{errors.New("invalid status code"), "ERROR"},
		{statusError(404), "INFO"},
		{statusError(429), "WARNING"},
		{statusError(503), "ERROR"},
	} {
		l := &recorder{}
		b := withInvoker(l, noInvoker{}).New(Spec{Settings: ns(map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"F"}})})
		b.ReportStatus(&Request{Params: map[string]string{"Lambda": "f"}}, &http.Response{StatusCode: 404, Header: http.Header{"X-Amzn-Requestid": {"7"}}}, tc.err)
		want := tc.want + " [BACKEND: ][Lambda] KrakenD does not accept the status 404 of the function's HTTP response: function F, request id 7: without no-op, it accepts only 200 and 201"
		if lines := l.level(tc.want); len(lines) != 1 || lines[0] != want {
			t.Errorf("got %q, want %q", l.lines, want)
		}
	}
}
