package credentials

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Error is the error of a lookup, or tells that AWS refuses the credentials that lookups find.
// Its text is one line without secrets: "no AWS credentials in <where>: <why>".
type Error struct {
	where, why string
	cause      error
}

func (e *Error) Error() string { return "no AWS credentials in " + e.where + ": " + e.why }

// Unwrap returns the cause. A context error in it belongs to the lookup, never to a request:
// check the request's own context to see whether it has ended.
func (e *Error) Unwrap() error { return e.cause }

// The causes from this package. Their texts need no quotes.
var (
	errNoResult     = fmt.Errorf("no result within %v", lookupLimit)
	errNoKeys       = errors.New("access key id and secret access key are empty")
	errFoundExpired = errors.New("the credentials found there expired")
	errExpired      = errors.New("AWS refuses the credentials as expired")
)

// newError returns the Error for a cause, or nil for nil.
func (c *Cache) newError(cause error) *Error {
	if cause == nil {
		return nil
	}
	return &Error{c.o.Where, c.describe(cause), cause}
}

// describe describes an error in one line. Errors may come from a build's own providers: if one
// panics while it returns its text, describe recovers.
func (c *Cache) describe(err error) (line string) {
	defer func() {
		if recover() != nil {
			line = fmt.Sprintf("an error of the type %T, whose text cannot be read", err)
		}
	}()
	defer func() {
		if c.inUse(line) {
			line = "the error repeats the credentials in use, so its text is left out"
		}
	}()
	for _, own := range []error{errNoResult, errNoKeys, errFoundExpired} {
		if errors.Is(err, own) {
			return err.Error()
		}
	}
	if c.o.Describe != nil {
		return c.o.Describe(err)
	}
	return text.Quote(err.Error())
}

// inUse tells whether a text repeats the current credentials.
func (c *Cache) inUse(s string) bool {
	c.mu.Lock()
	current := c.current.Credentials
	c.mu.Unlock()
	return text.Repeats(s, []byte(current.SecretAccessKey)) || text.Repeats(s, []byte(current.SessionToken))
}

// safeEndpoint makes an endpoint's URL safe for a log line: it removes user, password and query.
func safeEndpoint(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "an endpoint that is not a URL"
	}
	u.User, u.RawQuery = nil, ""
	return text.Clean(text.Cut(u.String()))
}
