package text

import (
	"regexp"
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

var userinfo = regexp.MustCompile(`//[^\n"]*@`)

// WithoutUserinfo replaces users and passwords of the URLs in s, also of those that do not
// parse.
func WithoutUserinfo(s string) string { return userinfo.ReplaceAllString(s, "//xxxxx@") }
