package text

import (
	"bytes"
	"encoding/binary"
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

const (
	// minRun is how many bytes in a row two texts must share for one to repeat the other. Session
	// tokens, secret keys and signatures are longer, and few words and names are as long.
	minRun = 16
	// minWhole is the length from which a text that is shorter than minRun counts as a whole. What
	// is shorter can be there by chance.
	minWhole = 8
)

// Repeats tells whether a and b have minRun bytes in a row in common. Where one of them is shorter
// than that, the other must have all of it, and it must have minWhole bytes. Backslashes in a do
// not count, because messages quote JSON in JSON. It takes a few milliseconds for 6 MB.
func Repeats(a string, b []byte) bool {
	if shares([]byte(a), b) {
		return true
	}
	return strings.IndexByte(a, '\\') >= 0 && shares([]byte(strings.ReplaceAll(a, `\`, "")), b)
}

func shares(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < minRun {
		return len(a) >= minWhole && bytes.Contains(b, a)
	}
	// A run of minRun bytes has a whole block of b in it. The table tells which blocks cannot be in
	// a.
	const block = minRun / 2
	var table [1 << 13]bool
	for i := range len(a) - block + 1 {
		table[slot(a[i:])] = true
	}
	for i := 0; i+block <= len(b); i += block {
		if table[slot(b[i:])] && runs(a, b, i, i+block) {
			return true
		}
	}
	return false
}

// slot returns the place of eight bytes in the table of shares.
func slot(b []byte) uint64 { return binary.LittleEndian.Uint64(b) * 0x9e3779b97f4a7c15 >> 51 }

// runs tells whether a has a run of minRun bytes of b in it that includes b[from:to].
func runs(a, b []byte, from, to int) bool {
	for at := 0; ; at++ {
		i := bytes.Index(a[at:], b[from:to])
		if i < 0 {
			return false
		}
		at += i
		left, right := 0, to-from
		for left < min(from, at) && a[at-left-1] == b[from-left-1] {
			left++
		}
		for at+right < len(a) && from+right < len(b) && a[at+right] == b[from+right] {
			right++
		}
		if left+right >= minRun {
			return true
		}
	}
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
