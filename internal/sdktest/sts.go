package sdktest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

// STSCall is a request as STS received it.
type STSCall struct {
	url.Values
	authorization string
}

// Signed returns the access key id and the region of the signature, or an empty string if there is
// none.
func (c STSCall) Signed() string {
	if m := regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/sts/`).FindStringSubmatch(c.authorization); m != nil {
		return m[1] + " " + m[2]
	}
	return ""
}

// STS returns the credentials AKIDROLE1, AKIDROLE2 and so on.
type STS struct {
	*httptest.Server
	// Expires returns the time at which the next credentials expire.
	Expires func() time.Time

	mu    sync.Mutex
	calls []STSCall
}

// NewSTS starts an STS for the SDK's clients. Its credentials expire in an hour.
func NewSTS(t *testing.T) *STS {
	t.Helper()
	s := &STS{Expires: func() time.Time { return time.Now().Add(time.Hour) }}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.calls = append(s.calls, STSCall{r.PostForm, r.Header.Get("Authorization")})
		n := len(s.calls)
		s.mu.Unlock()
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials>`+
			`<AccessKeyId>AKIDROLE%[2]d</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>`+
			`<Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
			r.PostForm.Get("Action"), n, s.Expires().UTC().Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
	return s
}

// Received returns the calls so far.
func (s *STS) Received() []STSCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}
