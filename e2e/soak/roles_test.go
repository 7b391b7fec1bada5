package soak

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// roles has the functions that the gateway calls with a role, and the ARN of the role.
var roles = map[string]string{
	"buyer":  "arn:aws:iam::123456789012:role/buyer",
	"seller": "arn:aws:iam::123456789012:role/seller",
}

const (
	// roleLife is how long the credentials of a role last. Because it is less than a minute, a gateway
	// requests new ones every five seconds.
	roleLife = 20 * time.Second
	// All secret keys and session tokens of roles begin with roleSecret and roleToken.
	roleSecret = "planted-role-secret-"
	roleToken  = "planted-role-token-"
	// On average, STS answers one of stsFaults requests with an error. It does not fail twice in a row
	// for a role: a lookup would then fail, and a call with expired credentials would be a 502.
	stsFaults = 5
)

// An sts stands in for STS. Each answer has new credentials of a role, which soon expire, or sometimes
// an error. It has one Invoke API for each of the credentials, which accepts only these.
type sts struct {
	URL       string
	functions map[string]any

	mu      sync.Mutex
	random  *rand.Rand
	issued  map[string]*issued // credentials by access key ID
	given   int
	refused int
	failing map[string]bool // by role: the last request got an error
}

// An issued is a set of credentials for a role.
type issued struct {
	role, secret, token string
	expires             time.Time
	api                 *lambdatest.Server // nil before the first call
}

func newSTS(t *testing.T, seed uint64, name string, functions map[string]any) *sts {
	t.Helper()
	s := &sts{functions: functions, random: random(seed, name, "sts"), issued: make(map[string]*issued), failing: make(map[string]bool)}
	server := httptest.NewServer(s)
	s.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		for _, i := range s.issued {
			if i.api != nil {
				i.api.Close()
			}
		}
	})
	return s
}

// environment returns the environment of a gateway, with the keys with which it assumes roles.
func (s *sts) environment() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + gatewaytest.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + gatewaytest.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_STS=" + s.URL,
	}
}

// ServeHTTP answers AssumeRole.
func (s *sts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	role := r.PostFormValue("RoleArn")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing[role] = !s.failing[role] && s.random.IntN(stsFaults) == 0
	if s.failing[role] {
		s.refused++
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "<ErrorResponse><Error><Code>InternalFailure</Code><Message>a fault of the test's</Message></Error></ErrorResponse>")
		return
	}
	s.given++
	id := fmt.Sprintf("AKIDROLE%d", s.given)
	i := &issued{role: role, secret: roleSecret + id, token: roleToken + id, expires: time.Now().Add(roleLife)}
	s.issued[id] = i
	s.forget()
	fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>"+
		"<SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
		id, i.secret, i.token, i.expires.UTC().Format(time.RFC3339))
}

// forget closes the Invoke APIs of credentials that are no longer in use. The caller holds s.mu.
func (s *sts) forget() {
	for id, i := range s.issued {
		if time.Since(i.expires) > patience {
			delete(s.issued, id)
			if i.api != nil {
				i.api.Close()
			}
		}
	}
}

// api returns the Invoke API for a call of a function with a role. It returns an error if the call is
// not signed with valid credentials of that role.
func (s *sts) api(function string, h http.Header) (*url.URL, error) {
	_, rest, _ := strings.Cut(h.Get("Authorization"), "Credential=")
	id, _, _ := strings.Cut(rest, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.issued[id]
	if i == nil {
		return nil, fmt.Errorf("it is signed with %q, which STS has not issued", id)
	}
	signed, err := time.Parse("20060102T150405Z", h.Get("X-Amz-Date"))
	switch {
	case err != nil:
		return nil, err
	case i.role != roles[function]:
		return nil, fmt.Errorf("it is signed with credentials of %s", i.role)
	case h.Get("X-Amz-Security-Token") != i.token:
		return nil, errors.New("its session token belongs to other credentials")
	case signed.After(i.expires):
		return nil, fmt.Errorf("it is signed with credentials that expired %v before", signed.Sub(i.expires))
	}
	if i.api == nil {
		i.api = lambdatest.NewServer(s.functions)
		i.api.RequireCredentials(id, i.secret)
	}
	return url.Parse(i.api.URL)
}
