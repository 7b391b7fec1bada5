package sdkv1

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
)

const gatewayRole = sdktest.GatewayRole

var role = invoke.Role{ARN: gatewayRole, SessionName: "krakend-lambda"}

func TestAssumeRole(t *testing.T) {
	environment(t, keysOfEnvironment, "", shopKeys)
	for _, tc := range []struct {
		settings invoke.Settings
		base     string // access key id and region at STS
		form     url.Values
	}{
		{
			invoke.Settings{Role: role},
			"AKIDENV eu-west-1",
			url.Values{"RoleSessionName": {"krakend-lambda"}},
		},
		{
			invoke.Settings{Profile: "shop", Region: "us-east-1", Role: invoke.Role{ARN: gatewayRole, ExternalID: "tea:7", SessionName: "edge"}},
			"AKIDSHOP us-east-1",
			url.Values{"RoleSessionName": {"edge"}, "ExternalId": {"tea:7"}},
		},
	} {
		sts := newSTS(t)
		if got := sign(t, tc.settings); !strings.HasPrefix(got, "AKIDROLE1 ") {
			t.Errorf("%v: got a call signed by %s", tc.settings, got)
		}
		calls := sts.Received()
		if len(calls) != 1 {
			t.Fatalf("%v: got %d calls of STS, want 1", tc.settings, len(calls))
		}
		if got := calls[0].Signed(); got != tc.base {
			t.Errorf("%v: STS was called with %q, want %q", tc.settings, got, tc.base)
		}
		tc.form["Action"], tc.form["RoleArn"] = []string{"AssumeRole"}, []string{gatewayRole}
		for key, want := range tc.form {
			if got := calls[0].Values[key]; !slices.Equal(got, want) {
				t.Errorf("%v: got %s %q, want %q", tc.settings, key, got, want)
			}
		}
		if len(tc.form["ExternalId"]) != len(calls[0].Values["ExternalId"]) {
			t.Errorf("%v: got the external id %q", tc.settings, calls[0].Values["ExternalId"])
		}
	}
}

// A backend's role is assumed with the role of a profile, which is assumed with the keys of another
// profile.
func TestChainedRoles(t *testing.T) {
	environment(t, nil, "[profile shop]\nrole_arn = arn:aws:iam::123456789012:role/middle\nexternal_id = tea\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n", "")
	sts := newSTS(t)
	if got := sign(t, invoke.Settings{Profile: "shop", Role: role}); got != "AKIDROLE2 eu-west-1" {
		t.Errorf("got %s", got)
	}
	calls := sts.Received()
	if len(calls) != 2 || calls[0].Signed() != "AKIDBASE eu-west-1" || calls[0].Get("ExternalId") != "tea" ||
		calls[1].Signed() != "AKIDROLE1 eu-west-1" || calls[1].Get("RoleArn") != gatewayRole {
		t.Errorf("got calls %v", calls)
	}
}

// With the build's session, roles are assumed with the session's credentials.
func TestAssumeRoleWithTheSessionOfTheBuild(t *testing.T) {
	sts := newSTS(t)
	if got := signer(t, New(testSession(t, "http://127.0.0.1:1"), &recorder{}, false), invoke.Settings{Role: role}); got != "AKIDROLE1 eu-west-1" {
		t.Errorf("got %s", got)
	}
	if calls := sts.Received(); len(calls) != 1 || calls[0].Signed() != accessKey+" eu-west-1" {
		t.Errorf("got calls %v", calls)
	}
}

// A role is assumed once for all its backends, and once for each external id.
func TestRolesAreShared(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	sts := newSTS(t)
	sdk := New(nil, &recorder{}, false)
	for _, id := range []string{"one", "one", "two", "one"} {
		signer(t, sdk, invoke.Settings{Role: invoke.Role{ARN: gatewayRole, ExternalID: id, SessionName: "gateway"}})
	}
	if n := len(sts.Received()); n != 2 {
		t.Errorf("got %d calls of STS, want 2", n)
	}
}

// A lookup assumes a role again with renew, or if the credentials have expired.
func TestRoleIsRenewed(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	sts := newSTS(t)
	find := New(nil, &recorder{}, false).finder(cacheKey{region: "eu-west-1", role: role})
	for _, step := range []struct {
		renew bool
		life  time.Duration // of the next credentials of STS
		want  string
	}{{false, time.Hour, "AKIDROLE1"}, {false, time.Hour, "AKIDROLE1"}, {true, -time.Second, "AKIDROLE2"}, {false, time.Hour, "AKIDROLE3"}} {
		sts.Expires = func() time.Time { return time.Now().Add(step.life) }
		found, err := find(t.Context(), step.renew)
		if err != nil || found.AccessKeyID != step.want || found.SessionToken != "role-token" || found.Source != "AssumeRoleProvider" {
			t.Errorf("got %+v, %v, want %s", found, err, step.want)
		}
		if found.Expires.Sub(sts.Expires()).Abs() > time.Minute {
			t.Errorf("got credentials that expire at %v", found.Expires)
		}
	}
}

func TestRoleThatCannotBeAssumed(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>`)
	}))
	t.Cleanup(denied.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", denied.URL)
	want := `no AWS credentials in the role ` + gatewayRole + `, assumed with credentials from the environment, the profile 'default' of the shared AWS files, and the metadata service of the container or the instance: AccessDenied (403): 'User is not authorized'`
	if got := sign(t, invoke.Settings{Role: role}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// If STS refuses a request for its time, the error says by how much the clock is off.
func TestClockOfLookups(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	for _, tc := range []struct {
		code string
		off  time.Duration
		want string
	}{
		{"SignatureDoesNotMatch", 10*time.Minute + time.Second/2, `SignatureDoesNotMatch \(403\): the clock of this machine is (9m5\ds|10m0s) behind AWS's$`},
		{"RequestExpired", -10 * time.Minute, `RequestExpired \(403\): 'Signature expired': the clock of this machine is 10m\ds ahead of AWS's$`},
		{"SignatureDoesNotMatch", 0, `SignatureDoesNotMatch \(403\)$`},
		{"AccessDenied", 10 * time.Minute, `AccessDenied \(403\): 'Signature expired'$`},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(tc.off).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>Signature expired</Message></Error></ErrorResponse>`, tc.code)
		}))
		t.Cleanup(s.Close)
		t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
		for name, sdk := range map[string]*SDK{
			"environment": New(nil, &recorder{}, false),
			"session":     New(testSession(t, "http://127.0.0.1:1"), &recorder{}, false),
		} {
			if got := signer(t, sdk, invoke.Settings{Role: role}); !regexp.MustCompile(tc.want).MatchString(got) {
				t.Errorf("%s: got %s, want %s", name, got, tc.want)
			}
		}
	}
}

// Lookups do not follow redirects, so an answer of STS cannot send a web identity elsewhere.
func TestLookupsFollowNoRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirect.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", redirect.URL)
	environment(t, map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")}, "", "")
	if got := sign(t, invoke.Settings{}); !strings.Contains(got, "no AWS credentials in the environment") {
		t.Errorf("got %s", got)
	}
}
