package text

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// signatureErrors are the codes of AWS's errors whose messages quote the Authorization header,
// or the request as it should have been signed.
var signatureErrors = map[string]bool{
	"IncompleteSignature":          true,
	"IncompleteSignatureException": true,
	"InvalidSignatureException":    true,
	"SignatureDoesNotMatch":        true,
}

// HasSignature tells whether the message of an error of AWS repeats parts of a signed request,
// which no log may have. It goes by the error's code, and by the message too, since a proxy
// between has other codes.
func HasSignature(code, message string) bool {
	return signatureErrors[code] || strings.Contains(message, "AWS4-HMAC-SHA256") || strings.Contains(message, "Credential=")
}

// secretHeaders are the headers that carry secrets in requests for credentials: to STS, SSO, and the
// metadata services of containers and instances.
var secretHeaders = []string{"Authorization", "X-Amz-Security-Token", "X-Amz-Sso_bearer_token", "X-Aws-Ec2-Metadata-Token"}

// RepeatsRequest tells whether s repeats a secret of a request for credentials: a header, or a
// value of the body, a form or JSON, whose name has token, secret or assertion in it.
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

// WithoutUserinfo replaces users and passwords of the URLs in s, also of those that do not
// parse.
func WithoutUserinfo(s string) string { return userinfo.ReplaceAllString(s, "//xxxxx@") }
