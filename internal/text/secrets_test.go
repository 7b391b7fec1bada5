package text

import (
	"net/http"
	"testing"
)

func TestHasSecrets(t *testing.T) {
	for _, test := range []struct {
		code, message string
		want          bool
	}{
		{"AccessDeniedException", "User is not authorized", false},
		{"", "", false},
		{"IncompleteSignature", "", true},
		{"IncompleteSignatureException", "", true},
		{"InvalidSignatureException", "The request signature does not match", true},
		{"SignatureDoesNotMatch", "", true},
		{"BadHeader", "got AWS4-HMAC-SHA256 and no more", true},
		{"", "Credential=AKIDEXAMPLE/20261127", true},
		{"ProcessProviderParseError", "", true},
		{"ProcessProviderExecutionError", "error in credential_process: exit status 1", false},
		{"", "vault: ProcessProviderParseError: parse failed of credential_process output: {", true},
		{"", "process provider error: parse failed of process output: {", true},
	} {
		if got := HasSecrets(test.code, test.message); got != test.want {
			t.Errorf("%s %q: got %t, want %t", test.code, test.message, got, test.want)
		}
	}
}

func TestWithoutUserinfo(t *testing.T) {
	for s, want := range map[string]string{
		"":                                       "",
		"no URL, a@b":                            "no URL, a@b",
		"https://lambda.us-west-2.amazonaws.com": "https://lambda.us-west-2.amazonaws.com",
		`Post "https://user:pass@host/": EOF`:    `Post "https://xxxxx@host/": EOF`,
		`parse "http://u:%zz@host": invalid`:     `parse "http://xxxxx@host": invalid`,
		"http://a:b@one\nhttp://c:d@two":         "http://xxxxx@one\nhttp://xxxxx@two",
	} {
		if got := WithoutUserinfo(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestRepeatsRequest(t *testing.T) {
	const secret = "not-a-secret-but-long-enough"
	for _, tc := range []struct {
		name string
		h    http.Header
		body string
		want bool
	}{
		{"nothing", nil, "", false},
		{"a signature", http.Header{"Authorization": {secret}}, "", true},
		{"a session token", http.Header{"X-Amz-Security-Token": {"x", secret}}, "", true},
		{"a token of SSO", http.Header{"X-Amz-Sso_bearer_token": {secret}}, "", true},
		{"a token of the metadata service", http.Header{"X-Aws-Ec2-Metadata-Token": {secret}}, "", true},
		{"a header without secrets", http.Header{"X-Amz-Date": {secret}}, "", false},
		{"a form", nil, "Action=AssumeRoleWithWebIdentity&WebIdentityToken=" + secret, true},
		{"another value of a form", nil, "RoleSessionName=" + secret, false},
		{"JSON", nil, `{"refreshToken":"` + secret + `"}`, true},
		{"another value of JSON", nil, `{"grantType":"` + secret + `","token":7}`, false},
	} {
		if got := RepeatsRequest("no: "+secret, tc.h, []byte(tc.body)); got != tc.want {
			t.Errorf("%s: got %t, want %t", tc.name, got, tc.want)
		}
	}
}
