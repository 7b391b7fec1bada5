package backend

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const gatewayRole = "arn:aws:iam::123456789012:role/gateway"

// An stsCall is a request as STS got it.
type stsCall struct {
	url.Values
	authorization string
}

// signed is the access key id and the region of the signature, empty for none.
func (c stsCall) signed() string {
	if m := regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/sts/`).FindStringSubmatch(c.authorization); m != nil {
		return m[1] + " " + m[2]
	}
	return ""
}

// fakeSTS hands out the credentials AKIDROLE1, AKIDROLE2 and so on, each good for the
// time that expires says.
type fakeSTS struct {
	*httptest.Server
	expires func() time.Time

	mu    sync.Mutex
	calls []stsCall
}

func newSTS(t *testing.T) *fakeSTS {
	t.Helper()
	s := &fakeSTS{expires: func() time.Time { return time.Now().Add(time.Hour) }}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.calls = append(s.calls, stsCall{r.PostForm, r.Header.Get("Authorization")})
		n := len(s.calls)
		s.mu.Unlock()
		action := r.PostForm.Get("Action")
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials>`+
			`<AccessKeyId>AKIDROLE%[2]d</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>`+
			`<Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, action, n, s.expires().UTC().Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
	return s
}

func (s *fakeSTS) received() []stsCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// environment sets variables of the environment, and the shared AWS files.
func environment(t *testing.T, env map[string]string, config, credentials string) {
	t.Helper()
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", config))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", writeFile(t, "credentials", credentials))
}

// signer invokes a function with these settings and tells with which key the call was
// signed, or the line that the failure is worth.
func signer(t *testing.T, f *Factory, l *recorder, settings map[string]any) string {
	t.Helper()
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	defer s.Close()
	settings["function_name"], settings["endpoint"] = "f", s.URL
	if settings["region"] == nil {
		settings["region"] = "eu-west-1"
	}
	if _, err := invoke(t.Context(), f.New(Spec{Settings: ns(settings)}), &Request{}); err != nil {
		lines := l.level("ERROR")
		return lines[len(lines)-1]
	}
	call := s.Calls()[0]
	if token := call.Header.Get("X-Amz-Security-Token"); strings.HasPrefix(call.AccessKeyID, "AKIDROLE") != (token == "role-token") {
		t.Errorf("%s: got the session token %q", call.AccessKeyID, token)
	}
	return call.AccessKeyID + " " + call.Region
}

func sign(t *testing.T, settings map[string]any) string {
	t.Helper()
	l := &recorder{}
	return signer(t, NewFactory(Options{Logger: l}), l, settings)
}

const (
	defaultKeys = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n"
	shopKeys    = "[shop]\naws_access_key_id = AKIDSHOP\naws_secret_access_key = s\n"
)

var keysOfEnvironment = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}

func TestProfile(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shop]\nregion = ap-south-1\n[profile bare]\nregion = sa-east-1\n[profile \"two words\"]\n", defaultKeys+shopKeys+"[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n")
	for _, tc := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{}, "AKIDENV eu-west-1"},
		{map[string]any{"profile": "shop"}, "AKIDSHOP eu-west-1"}, // before the environment
		{map[string]any{"profile": "default"}, "AKIDDEFAULT eu-west-1"},
		{map[string]any{"profile": "two words"}, "AKIDTWO eu-west-1"},
	} {
		if got := sign(t, tc.settings); got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.settings, got, tc.want)
		}
	}
	b := NewFactory(Options{Logger: &recorder{}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "profile": "shop"})})
	if lookedFor(b); b.cfg.Region != "ap-south-1" {
		t.Errorf("got the region %s, want the profile's", b.cfg.Region)
	}
}

// The SDK would go on to the role of the instance.
func TestProfileThatIsNotThere(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shops]\n[profile  sho]\n#[profile shop]\n", defaultKeys+"[a.shop]\n")
	l := &recorder{}
	f := NewFactory(Options{Logger: l})
	for _, profile := range []string{"shop", "a*shop"} {
		if b := f.New(Spec{Settings: ns(map[string]any{"function_name": "f", "region": "eu-west-1", "profile": profile})}); b.broken == nil {
			t.Errorf("%s: got a backend", profile)
		}
	}
	want := `bad configuration: profile: there is no "shop" in ` + os.Getenv("AWS_CONFIG_FILE") + " or " + os.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	if lines := l.level("ERROR"); len(lines) != 2 || !strings.Contains(lines[0], want) {
		t.Errorf("got %q, want %s", lines, want)
	}
}

func TestAssumeRole(t *testing.T) {
	environment(t, keysOfEnvironment, "", shopKeys)
	for _, tc := range []struct {
		settings map[string]any
		base     string // access key id and region at STS
		form     url.Values
	}{
		{
			map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}},
			"AKIDENV eu-west-1",
			url.Values{"RoleSessionName": {"krakend-lambda"}},
		},
		{
			map[string]any{"profile": "shop", "region": "us-east-1", "assume_role": map[string]any{"role_arn": gatewayRole, "external_id": "tea:7", "session_name": "edge"}},
			"AKIDSHOP us-east-1",
			url.Values{"RoleSessionName": {"edge"}, "ExternalId": {"tea:7"}},
		},
	} {
		sts := newSTS(t)
		if got := sign(t, tc.settings); !strings.HasPrefix(got, "AKIDROLE1 ") {
			t.Errorf("%v: got a call signed by %s", tc.settings, got)
		}
		calls := sts.received()
		if len(calls) != 1 {
			t.Fatalf("%v: got %d calls of STS, want 1", tc.settings, len(calls))
		}
		if got := calls[0].signed(); got != tc.base {
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

// The session that the build has set is the base of roles as well.
func TestAssumeRoleWithTheSessionOfTheBuild(t *testing.T) {
	sts := newSTS(t)
	l := &recorder{}
	f := NewFactory(Options{Logger: l, Session: testSession(t, "http://127.0.0.1:1", nil)})
	if got := signer(t, f, l, map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}}); got != "AKIDROLE1 eu-west-1" {
		t.Errorf("got %s", got)
	}
	if calls := sts.received(); len(calls) != 1 || calls[0].signed() != accessKey+" eu-west-1" {
		t.Errorf("got calls %v", calls)
	}
}

// A session with anonymous credentials is for a stand-in that asks for no signature.
// Profiles and roles have credentials of their own.
func TestAnonymousSession(t *testing.T) {
	environment(t, nil, "", shopKeys)
	newSTS(t)
	s := testSession(t, "http://127.0.0.1:1", nil)
	s.Config.Credentials = credentials.AnonymousCredentials
	l := &recorder{}
	f := NewFactory(Options{Logger: l, Session: s})

	var authorization []string
	url, _ := hostile(t, func(_ http.ResponseWriter, r *http.Request) {
		authorization = append(authorization, r.Header.Get("Authorization"))
	})
	b := f.New(Spec{Settings: ns(map[string]any{"function_name": "f", "endpoint": url})})
	if _, err := invoke(t.Context(), b, &Request{}); err != nil || len(authorization) != 1 || authorization[0] != "" {
		t.Errorf("got %v, calls with Authorization %q; want one without", err, authorization)
	}
	if got, want := signer(t, f, l, map[string]any{"profile": "shop"}), "AKIDSHOP eu-west-1"; got != want {
		t.Errorf("profile: got %s, want %s", got, want)
	}
	if got, want := signer(t, f, l, map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}}), "AKIDROLE1 eu-west-1"; got != want {
		t.Errorf("role: got %s, want %s", got, want)
	}
}

// Roles are assumed once for all backends that have them, and once for each external id.
func TestRolesAreShared(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	sts := newSTS(t)
	l := &recorder{}
	f := NewFactory(Options{Logger: l})
	role := func(id string) map[string]any {
		return map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole, "external_id": id}}
	}
	for _, id := range []string{"one", "one", "two", "one"} {
		signer(t, f, l, role(id))
	}
	if n := len(sts.received()); n != 2 {
		t.Errorf("got %d calls of STS, want 2", n)
	}
}

// A role's credentials are replaced a minute before their end, while calls go on with
// the old ones.
func TestRoleIsRefreshed(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	sts := newSTS(t)
	sts.expires = func() time.Time { return time.Now().Add(refreshEarly - time.Second) }
	l := &recorder{}
	f := NewFactory(Options{Logger: l})
	settings := map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}}
	if got := signer(t, f, l, settings); got != "AKIDROLE1 eu-west-1" {
		t.Fatal(got)
	}
	var k *keeper
	for _, k = range f.clients.keepers {
		k.mu.Lock()
		k.again = time.Time{} // as if it had been found a while ago
		k.mu.Unlock()
	}
	if got := signer(t, f, l, settings); got != "AKIDROLE1 eu-west-1" {
		t.Errorf("got %s", got)
	}
	k.idle()
	if got := signer(t, f, l, settings); got != "AKIDROLE2 eu-west-1" {
		t.Errorf("got %s", got)
	}
	k.idle()
}

func TestRoleThatCannotBeAssumed(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>`)
	}))
	t.Cleanup(denied.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", denied.URL)
	want := `invocation failed: no AWS credentials in the role ` + gatewayRole + `, assumed with those of the environment, the profile "default" of the shared AWS files, and the metadata service of the container or the instance: AccessDenied (403): "User is not authorized"`
	if got := sign(t, map[string]any{"assume_role": map[string]any{"role_arn": gatewayRole}}); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// STS is no exception: an answer does not say where a web identity goes.
func TestLookupsFollowNoRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was called", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirect.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", redirect.URL)
	environment(t, map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")}, "", "")
	if got := sign(t, map[string]any{}); !strings.Contains(got, "no AWS credentials in the environment") {
		t.Errorf("got %s", got)
	}
}

// What the SDK's chain knows works through it, where AWS_ENDPOINT_URL_STS can stand in for
// STS, and the loopback interface for the metadata services.
func TestSourcesOfTheSDK(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	keys := fmt.Sprintf(`{"Code":"Success","AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	processKeys := fmt.Sprintf(`{"Version":1,"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","SessionToken":"role-token","Expiration":%q}`, expires)
	answer := func(check func(r *http.Request) (string, bool)) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			body, ok := check(r)
			if !ok {
				w.WriteHeader(http.StatusForbidden)
			}
			io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	sso := answer(func(r *http.Request) (string, bool) {
		return fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"AKIDROLE0","secretAccessKey":"s","sessionToken":"role-token","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli()),
			r.URL.Path == "/federation/credentials" && r.Header.Get("X-Amz-Sso_bearer_token") == "sso-token" && r.URL.Query().Get("role_name") == "Gateway"
	})
	for _, tc := range []struct {
		name   string
		env    map[string]string
		config string
		sts    int // calls
	}{
		{
			name: "web identity, as for EKS service accounts",
			env:  map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")},
			sts:  1,
		},
		{
			name:   "the role of a profile",
			env:    map[string]string{"AWS_PROFILE": "shop"},
			config: "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
			sts:    1,
		},
		{
			name:   "the process of a profile",
			config: "[default]\ncredential_process = cat " + writeFile(t, "keys", processKeys) + "\n",
		},
		{
			name: "EKS pod identity",
			env: map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": answer(func(r *http.Request) (string, bool) {
					return keys, r.URL.Path == "/v1/credentials" && r.Header.Get("Authorization") == "pod-token"
				}) + "/v1/credentials",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": writeFile(t, "pod", "pod-token"),
			},
		},
		{
			name: "ECS task",
			env: map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": answer(func(r *http.Request) (string, bool) {
					return keys, r.URL.Path == "/v2/credentials/task" && r.Header.Get("Authorization") == "Basic task"
				}) + "/v2/credentials/task",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic task",
			},
		},
		{
			name: "instance, by IMDSv2",
			env: map[string]string{
				"AWS_EC2_METADATA_DISABLED": "false",
				"AWS_EC2_METADATA_SERVICE_ENDPOINT": answer(func(r *http.Request) (string, bool) {
					const roles = "/latest/meta-data/iam/security-credentials/"
					switch {
					case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
						return "imds-token", true
					case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token":
						return "", false
					case r.URL.Path == roles:
						return "gateway", true
					}
					return keys, r.URL.Path == roles+"gateway"
				}),
			},
		},
		{
			name:   "SSO",
			env:    map[string]string{"HOME": ssoHome(t)},
			config: ssoProfile,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "SSO" {
				redirectHost(t, ssoPortal, sso)
			}
			sts := newSTS(t)
			environment(t, tc.env, tc.config, "")
			if got := sign(t, map[string]any{}); got != fmt.Sprintf("AKIDROLE%d eu-west-1", tc.sts) {
				t.Errorf("got %s", got)
			}
			calls := sts.received()
			if len(calls) != tc.sts {
				t.Errorf("got %d calls of STS, want %d", len(calls), tc.sts)
			}
			for _, c := range calls {
				if token := c.Get("WebIdentityToken"); (c.Get("Action") == "AssumeRoleWithWebIdentity") != (token == "web-identity") || token != "" && c.signed() != "" {
					t.Errorf("got the call %v", c)
				}
			}
		})
	}
}

const (
	ssoPortal  = "portal.sso.us-west-2.amazonaws.com"
	ssoProfile = "[default]\nsso_start_url = https://tea.example.com/start\nsso_region = us-west-2\nsso_account_id = 123456789012\nsso_role_name = Gateway\n"
)

// ssoHome makes a home directory as aws sso login leaves it.
func ssoHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	token := fmt.Sprintf(`{"accessToken":"sso-token","expiresAt":%q,"region":"us-west-2","startUrl":"https://tea.example.com/start"}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	// The name is the SHA-1 of the start URL.
	if err := os.WriteFile(filepath.Join(cache, "eafab8eb785123b0e08499fef303eb8446d2f194.json"), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// redirectHost has what goes to a host over HTTPS go to a server over HTTP.
func redirectHost(t *testing.T, host, server string) {
	t.Helper()
	original := http.DefaultTransport
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == host {
			r = r.Clone(r.Context())
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server, "http://")
		}
		return original.RoundTrip(r)
	})
	t.Cleanup(func() { http.DefaultTransport = original })
}

// Credentials that somebody puts into the shared file later are found without a restart,
// and so are new ones when the old have expired.
func TestSharedFileIsReadAgain(t *testing.T) {
	environment(t, nil, "", "")
	write := func(key string) {
		content := "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n"
		if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &recorder{}
	f := NewFactory(Options{Logger: l})
	if got := signer(t, f, l, map[string]any{}); !strings.Contains(got, "no AWS credentials") {
		t.Fatal(got)
	}
	write("AKIDLATER")
	var k *keeper
	for _, k = range f.clients.keepers {
		k.mu.Lock()
		k.again = time.Time{} // as if it had been a while ago
		k.mu.Unlock()
	}
	signer(t, f, l, map[string]any{})
	k.idle()
	if got := signer(t, f, l, map[string]any{}); got != "AKIDLATER eu-west-1" {
		t.Errorf("got %s", got)
	}
	write("AKIDNEXT")
	_, lease, _ := k.get(t.Context())
	k.refuse(lease)
	if got := signer(t, f, l, map[string]any{}); got != "AKIDNEXT eu-west-1" {
		t.Errorf("got %s", got)
	}
}

func TestCredentialsOfAnInvokerAreItsOwn(t *testing.T) {
	l := &recorder{}
	NewFactory(Options{Logger: l, Invoker: noInvoker{}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "profile": "shop", "assume_role": map[string]any{"role_arn": gatewayRole}}), URLPattern: "/x"})
	warnings := l.level("WARNING")
	slices.Sort(warnings)
	const rest = ": has no effect: the Invoker that the build has set has its own credentials"
	if want := []string{"WARNING [BACKEND: /x][Lambda] assume_role" + rest, "WARNING [BACKEND: /x][Lambda] profile" + rest}; !slices.Equal(warnings, want) {
		t.Errorf("got %q, want %q", warnings, want)
	}
}
