package lambdatest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	service    = "lambda"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
)

// An accessKey is the key that calls have to be signed with. With an empty id, the server
// accepts any key.
type accessKey struct {
	id, secret string
}

// A signature is what the Authorization and X-Amz-Date headers of a call say:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type signature struct {
	accessKeyID   string
	region        string
	signedHeaders []string // in lower case
	sum           []byte
	time          time.Time
}

// parseSignature reads a call's signature and checks all that it can check
// without the secret, except the age. If it returns an error, the signature has the access key
// ID and the region if it could read them.
func parseSignature(h http.Header) (signature, *apiError) {
	var s signature

	authorization := h.Get("Authorization")
	if authorization == "" {
		return s, errorf(http.StatusForbidden, "MissingAuthenticationTokenException",
			"The request has no Authorization header.")
	}
	incomplete := func(format string, args ...any) (signature, *apiError) {
		return s, errorf(http.StatusForbidden, "IncompleteSignatureException", format, args...)
	}

	params, ok := strings.CutPrefix(authorization, algorithm+" ")
	if !ok {
		return incomplete("The Authorization header does not begin with %q.", algorithm)
	}
	values := make(map[string]string)
	for param := range strings.SplitSeq(params, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		values[key] = value
	}
	for _, key := range []string{"Credential", "SignedHeaders", "Signature"} {
		if values[key] == "" {
			return incomplete("The Authorization header has no %s.", key)
		}
	}

	scope := strings.Split(values["Credential"], "/")
	if len(scope) != 5 {
		return incomplete("The Credential is not of the form key/date/region/service/%s.", terminator)
	}
	s.accessKeyID, s.region = scope[0], scope[2]
	if s.accessKeyID == "" || s.region == "" || scope[4] != terminator {
		return incomplete("The Credential is not of the form key/date/region/service/%s.", terminator)
	}

	s.signedHeaders = strings.Split(values["SignedHeaders"], ";")
	for _, header := range []string{"host", "x-amz-date"} {
		if !slices.Contains(s.signedHeaders, header) {
			return incomplete("The SignedHeaders do not contain %s.", header)
		}
	}

	var err error
	if s.sum, err = hex.DecodeString(values["Signature"]); err != nil {
		return incomplete("The Signature is not hexadecimal.")
	}
	date := h.Get("X-Amz-Date")
	if s.time, err = time.Parse(timeFormat, date); err != nil {
		return incomplete("The X-Amz-Date header is not of the form YYYYMMDDTHHMMSSZ.")
	}

	if scope[1] != date[:len("YYYYMMDD")] {
		return s, errorf(http.StatusForbidden, "InvalidSignatureException",
			"The Credential is scoped to another date than X-Amz-Date.")
	}
	if scope[3] != service {
		return s, errorf(http.StatusForbidden, "InvalidSignatureException",
			"The Credential is scoped to service %q, not to %q.", scope[3], service)
	}
	return s, nil
}

// verify checks that r was signed with this key. The SDK's signer
// signs the request again, with the headers that the signature covers and no others.
// That signer leaves out User-Agent, X-Amzn-Trace-Id, Expect and Transfer-Encoding, so
// verify refuses a client that signs one of them. AWS's clients do not, since proxies
// change these headers. The signer signs the length of a request that declares it, so
// verify checks the length only if the signature covers it.
func (s signature) verify(r *http.Request, payload []byte, key accessKey) *apiError {
	if key.id == "" {
		return nil
	}
	if s.accessKeyID != key.id {
		return errorf(http.StatusForbidden, "UnrecognizedClientException",
			"The access key ID of the request is not the one that this server requires.")
	}
	mismatch := errorf(http.StatusForbidden, "InvalidSignatureException",
		"The signature of the request is not the one that the secret access key gives.\n\nThe Canonical String for this request should have been\n'%s'", s.canonical(r, payload))

	u := *r.URL
	u.Host = r.Host
	again := &http.Request{Method: r.Method, URL: &u, Host: r.Host, Header: make(http.Header)}
	if slices.Contains(s.signedHeaders, "content-length") {
		again.ContentLength = r.ContentLength
	}
	for _, header := range s.signedHeaders {
		name := http.CanonicalHeaderKey(header)
		if values := r.Header[name]; len(values) > 0 && name != "Authorization" {
			again.Header[name] = slices.Clone(values)
		}
	}
	signer := v4.NewSigner()
	hash := sha256.Sum256(payload)
	credentials := aws.Credentials{AccessKeyID: key.id, SecretAccessKey: key.secret}
	err := signer.SignHTTP(r.Context(), credentials, again, hex.EncodeToString(hash[:]), service, s.region, s.time)
	expected, _ := parseSignature(again.Header)
	if err != nil || key.secret == "" || !hmac.Equal(expected.sum, s.sum) {
		return mismatch
	}
	return nil
}

// canonical returns the parts of a request that AWS quotes if the signature is wrong, with all
// signed headers.
func (s signature) canonical(r *http.Request, payload []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	for _, header := range s.signedHeaders {
		value := strings.Join(r.Header.Values(header), ",")
		if header == "host" {
			value = r.Host
		}
		fmt.Fprintf(&b, "%s:%s\n", header, value)
	}
	fmt.Fprintf(&b, "\n%s\n%x", strings.Join(s.signedHeaders, ";"), sha256.Sum256(payload))
	return b.String()
}
