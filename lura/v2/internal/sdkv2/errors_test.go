package sdkv2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestRoleThatCannotBeAssumed(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	t.Setenv("AWS_ENDPOINT_URL_STS", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>`)
	}))
	_, err := finder(t, newSDK(nil), invoke.Settings{Role: role})(t.Context(), false)
	var code interface{ Code() string }
	var api smithy.APIError
	if err == nil || err.Error() != `AccessDenied (403): 'User is not authorized'` || !errors.As(err, &code) || code.Code() != "AccessDenied" || !errors.As(err, &api) {
		t.Errorf("got %v", err)
	}
}

// If STS refuses a request for its time, the error says by how much the clock is off. (The SDK does not
// correct it: its client would sign the next call with AWS's time, but each lookup makes a new
// client.)
func TestClockOfLookups(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	for _, tc := range []struct {
		code string
		off  time.Duration // how far AWS's clock is ahead of the machine's
		want string
	}{
		{"SignatureDoesNotMatch", 10*time.Minute + time.Second/2, `SignatureDoesNotMatch \(403\): the clock of this machine is (9m5\ds|10m0s) behind AWS's`},
		{"SignatureDoesNotMatch", -10 * time.Minute, `SignatureDoesNotMatch \(403\): the clock of this machine is 10m\ds ahead of AWS's`},
		{"SignatureDoesNotMatch", 0, `SignatureDoesNotMatch \(403\)`},
		{"AccessDenied", 10 * time.Minute, `AccessDenied \(403\): 'Signature expired'`},
	} {
		t.Setenv("AWS_ENDPOINT_URL_STS", serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(tc.off).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>Signature expired</Message></Error></ErrorResponse>`, tc.code)
		}))
		if got := find(t, newSDK(nil), invoke.Settings{Role: role}); !regexp.MustCompile("^error: " + tc.want + "$").MatchString(got) {
			t.Errorf("%s, %v: got %s, want %s", tc.code, tc.off, got, tc.want)
		}
	}
}

// Secrets in foreign error messages stay out of the log.
func TestSecretsInErrors(t *testing.T) {
	for name, config := range map[string]string{
		"output that is not JSON": "[default]\ncredential_process = echo warning '{SecretAccessKey:hunter2}'\n",
		"output of another shape": `[default]` + "\n" + `credential_process = echo '{"Version":1,"AccessKeyId":{"SecretAccessKey":"hunter2"}}'` + "\n",
	} {
		environment(t, nil, config, "")
		if got := find(t, newSDK(nil), invoke.Settings{}); got != "error: 'the output of credential_process cannot be read as JSON'" {
			t.Errorf("%s: got %s", name, got)
		}
	}
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://user:hunter2@ho st/"}, "", "")
	if got := find(t, newSDK(nil), invoke.Settings{}); !strings.Contains(got, "invalid URL") || strings.Contains(got, "hunter2") {
		t.Errorf("got %s", got)
	}
	quoted := "not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 Credential=hunter2/x'"
	for want, err := range map[string]error{
		"Proxied":               &smithy.GenericAPIError{Code: "Proxied", Message: quoted},
		"SignatureDoesNotMatch": &smithy.GenericAPIError{Code: "SignatureDoesNotMatch", Message: "the string to sign should have been hunter2"},
		"message left out, because it repeats a secret": fmt.Errorf("around: %s", quoted),
		"Odd: 'at http://xxxxx@example.com/'":           &smithy.GenericAPIError{Code: "Odd", Message: "at http://user:hunter2@example.com/"},
		"'api error not a code: two lines'":             &smithy.GenericAPIError{Code: "not a code", Message: "two\nlines"},
	} {
		if got := describe(fmt.Errorf("operation: %w", err)).Error(); got != want && got != strings.Replace(want, "'", "'operation: ", 1) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if err := describe(nil); err != nil {
		t.Errorf("got %v for nil", err)
	}
}
