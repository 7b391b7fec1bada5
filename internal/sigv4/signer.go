package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The parts of Signature Version 4 that have a name. Source:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
const (
	signatureAlgorithm = "AWS4-HMAC-SHA256"
	signatureTime      = "20060102T150405Z"
	signatureDate      = "20060102"
	signatureEnd       = "aws4_request"
)

const (
	authorizationHeader = "Authorization"
	dateHeader          = "X-Amz-Date"
	digestHeader        = "X-Amz-Content-Sha256"
	tokenHeader         = "X-Amz-Security-Token"
)

// isUnsigned tells whether AWS's SDKs leave a header out of a signature, because a proxy in
// between may change it.
func isUnsigned(name string) bool {
	return name == authorizationHeader || name == "User-Agent" || name == "X-Amzn-Trace-Id"
}

// Credentials are an access key. The zero value means that there is no key.
type Credentials struct {
	AccessKeyID, SecretAccessKey string
	// SessionToken is empty for a long-term key.
	SessionToken string
}

// HasKeys tells whether the access key is complete.
func (c Credentials) HasKeys() bool { return c.AccessKeyID != "" && c.SecretAccessKey != "" }

// Signer signs requests to one service in one region. It keeps the last derived signing key,
// which is valid for one access key and one day. It is safe for concurrent use.
type Signer struct {
	region, service string
	last            atomic.Pointer[signingKey]
}

// Values holds the values of the headers that Sign sets.
type Values [3]string

// NewSigner returns a Signer for a service, such as lambda, in a region.
func NewSigner(region, service string) *Signer { return &Signer{region: region, service: service} }

// Sign signs a request for the given time. digest is the SHA-256 of its body. It sets and signs
// the same headers as the AWS SDKs, and keeps their values in values, which no other request may
// use. It does not write to the headers that the request had before, because an earlier attempt's
// connection may still read them. It returns an error for a request that it cannot sign: a header
// in two spellings, a digest header, an opaque URL, or a query of more than one parameter in
// canonical form.
func (s *Signer) Sign(r *http.Request, digest *[sha256.Size]byte, c *Credentials, now time.Time, values *Values) error {
	return s.key(c.SecretAccessKey, now).sign(r, digest, c, now, values)
}

func (s *Signer) key(secret string, now time.Time) *signingKey {
	sc := scope{now.Unix() / 86400, s.region, s.service, secret}
	key := s.last.Load()
	if key == nil || key.scope != sc {
		key = newSigningKey(sc, now.UTC().Format(signatureDate))
		s.last.Store(key)
	}
	return key
}

var errNotCanonical = errors.New("the request has no canonical form that can be signed")

// scope identifies a signing key.
type scope struct {
	day             int64 // days since 1970
	region, service string
	secret          string // the access key's secret
}

// signingKey signs for a scope. Deriving it takes more than half of the time for a signature.
type signingKey struct {
	scope
	name   string // the scope as written in signatures
	states sync.Pool
}

// signerState is the working memory for one signature at a time.
type signerState struct {
	mac     hash.Hash // with the key
	scratch []byte

	second int64  // the time of the last signature, in seconds since 1970
	stamp  string // that time as written in signatures
}

func newSigningKey(s scope, date string) *signingKey {
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{date, s.region, s.service, signatureEnd} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	k := &signingKey{scope: s, name: date + "/" + s.region + "/" + s.service + "/" + signatureEnd}
	k.states.New = func() any { return &signerState{mac: hmac.New(sha256.New, key), scratch: make([]byte, 0, 2<<10)} }
	return k
}

func (k *signingKey) sign(r *http.Request, digest *[sha256.Size]byte, c *Credentials, now time.Time, values *Values) error {
	state := k.states.Get().(*signerState)
	defer k.states.Put(state)

	if second := now.Unix(); state.second != second || state.stamp == "" {
		state.second, state.stamp = second, now.UTC().Format(signatureTime)
	}

	set := func(i int, name, value string) {
		values[i] = value
		r.Header[name] = values[i : i+1 : i+1]
	}
	set(0, dateHeader, state.stamp)
	if c.SessionToken != "" {
		set(1, tokenHeader, c.SessionToken)
	} else {
		delete(r.Header, tokenHeader)
	}

	var room [16]string
	names, ok := signedHeaders(room[:0], r.Header)
	if !ok || r.Header[digestHeader] != nil || r.URL.Opaque != "" || !isCanonicalQuery(r.URL.RawQuery) {
		return errNotCanonical
	}

	b := append(state.scratch[:0], r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.URL.EscapedPath())
	b = append(b, '\n')
	b = append(b, r.URL.RawQuery...)
	b = append(b, '\n')
	for _, name := range names {
		b = appendLower(b, name)
		b = append(b, ':')
		if name == hostHeader {
			b = append(b, hostOf(r)...)
		} else {
			b = appendValues(b, r.Header[name])
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	from := len(b)
	b = appendNames(b, names)
	to := len(b)
	b = append(b, '\n')
	b = hex.AppendEncode(b, digest[:])
	canonical := sha256.Sum256(b)

	end := len(b)
	b = append(b, signatureAlgorithm...)
	b = append(b, '\n')
	b = append(b, state.stamp...)
	b = append(b, '\n')
	b = append(b, k.name...)
	b = append(b, '\n')
	b = hex.AppendEncode(b, canonical[:])
	state.mac.Reset()
	state.mac.Write(b[end:])

	end = len(b)
	b = state.mac.Sum(b)
	signature := b[end:]

	end = len(b)
	b = append(b, signatureAlgorithm+" Credential="...)
	b = append(b, c.AccessKeyID...)
	b = append(b, '/')
	b = append(b, k.name...)
	b = append(b, ", SignedHeaders="...)
	b = append(b, b[from:to]...)
	b = append(b, ", Signature="...)
	b = hex.AppendEncode(b, signature)
	set(2, authorizationHeader, string(b[end:]))
	state.scratch = b
	return nil
}

// hostHeader is signed, too. net/http keeps it apart.
const hostHeader = "Host"

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// signedHeaders appends the names of the headers to sign, including the host's, in their
// canonical order: sorted by lower-case name. It returns false if a header has two spellings.
func signedHeaders(names []string, h http.Header) ([]string, bool) {
	names = append(names, hostHeader)
	for name := range h {
		if isUnsigned(name) {
			continue
		}
		at, twice := slices.BinarySearchFunc(names, name, compareLower)
		if twice {
			return nil, false
		}
		names = slices.Insert(names, at, name)
	}
	return names, true
}

func compareLower(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if order := int(lower(a[i])) - int(lower(b[i])); order != 0 {
			return order
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return b
}

func appendNames(b []byte, names []string) []byte {
	for i, name := range names {
		if i > 0 {
			b = append(b, ';')
		}
		b = appendLower(b, name)
	}
	return b
}

// appendValues appends the values of a header. It trims white space around each value, and
// reduces runs of spaces to one.
func appendValues(b []byte, values []string) []byte {
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		value = strings.TrimSpace(value)
		for {
			space := strings.Index(value, "  ")
			if space < 0 {
				break
			}
			b = append(b, value[:space+1]...)
			value = strings.TrimLeft(value[space:], " ")
		}
		b = append(b, value...)
	}
	return b
}

// appendPath appends an escaped path, escaped once more as every service except S3 expects.
func appendPath(b []byte, path string) []byte {
	if path == "" {
		return append(b, '/')
	}
	const digits = "0123456789ABCDEF"
	for i := range len(path) {
		if c := path[i]; c == '/' || isUnreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// isUnreserved tells whether a character is never escaped (RFC 3986, section 2.3).
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// isCanonicalQuery tells whether a query has at most one parameter, escaped as in a signature.
func isCanonicalQuery(query string) bool {
	if query == "" {
		return true
	}
	name, value, ok := strings.Cut(query, "=")
	return ok && isCanonical(name) && isCanonical(value)
}

// isCanonical tells whether s is escaped in the canonical way.
func isCanonical(s string) bool {
	plain, err := url.QueryUnescape(s)
	return err == nil && url.QueryEscape(plain) == s && !strings.Contains(s, "+")
}
