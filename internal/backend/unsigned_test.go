package backend

import (
	"errors"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// The line of a call without credentials has the reason: the line of the lookup that failed may
// be hours old.
func TestLineOfMissingCredentials(t *testing.T) {
	for want, e := range map[string]*invoke.Error{
		"invocation failed: code NoCredentials: no AWS credentials in 'a' file: 'two' lines":                                      {Err: errors.New("no AWS credentials in \"a\" file: 'two'\nlines")},
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
