package backend

import (
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// With an Invoker, the line of a call without credentials has the reason, because no other line does.
func TestLineOfMissingCredentials(t *testing.T) {
	for want, e := range map[string]*invoke.Error{
		"invocation failed: code NoCredentials: no AWS credentials; the last [Lambda] line about credentials says why":            {},
		"invocation failed: code NoCredentials: no AWS credentials: AccessDenied (403): 'not this one'":                           {Message: "AccessDenied (403): 'not this one'"},
		"invocation failed: code NoCredentials: no AWS credentials: 'two' lines":                                                  {Message: "\"two\"\nlines"},
		"invocation failed: code NoCredentials: no AWS credentials: message left out, because it repeats the payload or a secret": {Redacted: true},
	} {
		e.Kind = invoke.KindCredentials
		err := invocationError(e, &config.Config{})
		if got := joined(": ", err.failure, err.code, err.detail); got != want || err.Code() != "NoCredentials" || err.StatusCode() != 502 || err.Error() != "lambda: invocation failed" {
			t.Errorf("got %s (%d, %s, %v), want %s", got, err.StatusCode(), err.Code(), err, want)
		}
	}
}
