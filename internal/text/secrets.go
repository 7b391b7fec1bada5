package text

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretErrors are the codes of errors whose messages quote the Authorization header, or the
// request as it should have been signed, or the output of a credential_process.
var secretErrors = map[string]bool{
	"IncompleteSignature":          true,
	"IncompleteSignatureException": true,
	"InvalidSignatureException":    true,
	"SignatureDoesNotMatch":        true,
	"ProcessProviderParseError":    true, // aws-sdk-go's
}

// secretTexts are parts of messages that quote the same. The last two are of aws-sdk-go's and
// aws-sdk-go-v2's providers for a credential_process.
var secretTexts = []string{
	"AWS4-HMAC-SHA256", "Credential=", "parse failed of credential_process output", "parse failed of process output",
}

// HasSecrets tells whether the message of an error repeats parts of a signed request or the
// output of a credential_process, which must not be logged. It uses the error's code, and the
// message too: a proxy in between has other codes, and a build's own code may put an error's
// text into another error.
func HasSecrets(code, message string) bool {
	return secretErrors[code] || slices.ContainsFunc(secretTexts, func(s string) bool { return strings.Contains(message, s) })
}

// secretHeaders are the headers with secrets in requests for credentials: to STS, SSO, and the
// metadata services of containers and instances.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token", "X-Amz-Sso_bearer_token", "X-Aws-Ec2-Metadata-Token"}

// RepeatsRequest tells whether s repeats a secret of a request for credentials: a secret header,
// or a value in a form or JSON body whose name contains token, secret or assertion.
func RepeatsRequest(s string, h http.Header, body []byte) bool {
	for _, name := range secretHeaders {
		for _, value := range h[name] {
			if Repeats(s, []byte(value)) {
				return true
			}
		}
	}
	return slices.ContainsFunc(secretsOf(body), func(secret string) bool { return Repeats(s, []byte(secret)) })
}

var secretName = regexp.MustCompile(`(?i)token|secret|assertion`)

func secretsOf(body []byte) (secrets []string) {
	var members map[string]any
	if json.Unmarshal(body, &members) == nil {
		for name, value := range members {
			if secret, ok := value.(string); ok && secretName.MatchString(name) {
				secrets = append(secrets, secret)
			}
		}
		return secrets
	}
	form, _ := url.ParseQuery(string(body))
	for name, values := range form {
		if secretName.MatchString(name) {
			secrets = append(secrets, values...)
		}
	}
	return secrets
}

var userinfo = regexp.MustCompile(`//[^\n"]*@`)

// WithoutUserinfo replaces the users and passwords of URLs in s, including URLs that do not
// parse.
func WithoutUserinfo(s string) string { return userinfo.ReplaceAllString(s, "//xxxxx@") }
