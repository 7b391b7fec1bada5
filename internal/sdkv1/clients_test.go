package sdkv1

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestClientsAreShared(t *testing.T) {
	environment(t, map[string]string{"AWS_REGION": "us-west-2"}, "", shopKeys)
	sdk := New(nil, &recorder{}, false)
	first := clientOf(t, sdk, invoke.Settings{})
	for name, settings := range map[string]invoke.Settings{
		"the same settings":      {},
		"the region, explicit":   {Region: "us-west-2"},
		"the endpoint, explicit": {Endpoint: "https://lambda.us-west-2.amazonaws.com"},
	} {
		if clientOf(t, sdk, settings) != first {
			t.Errorf("%s: got another client", name)
		}
	}
	for name, settings := range map[string]invoke.Settings{
		"another region":   {Region: "eu-west-1"},
		"another endpoint": {Endpoint: "http://127.0.0.1:1"},
		"a profile":        {Profile: "shop"},
		"a role":           {Role: invoke.Role{ARN: gatewayRole, SessionName: "a"}},
	} {
		if clientOf(t, sdk, settings) == first {
			t.Errorf("%s: got the same client", name)
		}
	}
	// Endpoints share credentials. Regions do not, because each has its own STS.
	if got, want := len(sdk.caches), 4; got != want {
		t.Errorf("got %d caches of credentials, want %d", got, want)
	}
}

func TestRegion(t *testing.T) {
	shared := writeFile(t, "config", "[default]\nregion = ap-south-1\n")
	for _, tc := range []struct {
		name       string
		env        map[string]string
		configured string
		want       string
	}{
		{"configured", map[string]string{"AWS_REGION": "eu-west-1"}, "us-west-2", "us-west-2"},
		{"AWS_REGION", map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "", "eu-west-1"},
		{"AWS_DEFAULT_REGION", map[string]string{"AWS_DEFAULT_REGION": "eu-west-2", "AWS_CONFIG_FILE": shared}, "", "eu-west-2"},
		{"shared config", map[string]string{"AWS_CONFIG_FILE": shared}, "", "ap-south-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			_, found, err := New(nil, &recorder{}, true).Client(invoke.Settings{Region: tc.configured})
			if err != nil || found.Region != tc.want || found.Endpoint != "https://lambda."+tc.want+".amazonaws.com" {
				t.Errorf("got %+v, %v, want %s", found, err, tc.want)
			}
		})
	}
}

// Regions that are newer than the SDK cause no warning.
func TestUnusualRegions(t *testing.T) {
	for region, warning := range map[string]string{
		"us-west-2":           "",
		"mx-central-1":        "",
		"eusc-de-east-1":      "",
		"us-isof-south-1":     "",
		"us-gov-west-1":       "",
		"xx-not-yet-there-17": "",
		"us-west1":            `region: 'us-west1' does not look like a region such as us-west-2`,
		"local":               `region: 'local' does not look like a region such as us-west-2`,
		"US-WEST-2":           `region: 'US-WEST-2' does not look like a region such as us-west-2`,
	} {
		_, found, err := New(nil, &recorder{}, true).Client(invoke.Settings{Region: region, Endpoint: "http://127.0.0.1:1"})
		var want []string
		if warning != "" {
			want = []string{warning}
		}
		if err != nil || found.Region != region || !slices.Equal(found.Warnings, want) {
			t.Errorf("got %+v, %v, want warnings %q", found, err, want)
		}
	}
}

func TestClientErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings invoke.Settings
		want     string
	}{
		{"no region", nil, invoke.Settings{}, "region: missing: set this key, AWS_REGION, AWS_DEFAULT_REGION or the region of the shared AWS config"},
		{"no region, but an endpoint", nil, invoke.Settings{Endpoint: "http://127.0.0.1:1"}, "region: missing"},
		{"an invalid region from the environment", map[string]string{"AWS_REGION": "us west"}, invoke.Settings{}, `region: 'us west' is not a region`},
		{"an invalid region and an endpoint", map[string]string{"AWS_REGION": "eusc-de-east-1.example.com/"}, invoke.Settings{Endpoint: "http://127.0.0.1:1"}, `region: 'eusc-de-east-1.example.com/' is not a region`},
		{"a region without dual stack", map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, invoke.Settings{Region: "us-iso-east-1"}, `region: the AWS SDK does not know an endpoint for 'us-iso-east-1': correct the region, or set endpoint`},
		{"a missing AWS_PROFILE", map[string]string{"AWS_PROFILE": "shop"}, invoke.Settings{Region: "us-west-2"}, `profile: 'shop' is not in `},
		{"a missing AWS_DEFAULT_PROFILE", map[string]string{"AWS_DEFAULT_PROFILE": "shop"}, invoke.Settings{Region: "us-west-2"}, `profile: 'shop' is not in `},
		{"a missing CA bundle", map[string]string{"AWS_REGION": "us-west-2", "AWS_CA_BUNDLE": "/does/not/exist"}, invoke.Settings{}, "the AWS SDK cannot read its configuration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			sdk := New(nil, &recorder{}, false)
			for range 2 { // all backends get the error
				client, found, err := sdk.Client(tc.settings)
				if err == nil || !strings.Contains(err.Error(), tc.want) || client != nil || found.Region != "" {
					t.Errorf("got %v, %+v, %v; want %s", client, found, err, tc.want)
				}
			}
		})
	}
}

// Credentials of the environment come before those of AWS_PROFILE. The profile "default" needs no
// files.
func TestProfileThatIsNotNeeded(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"keys":         {"AWS_PROFILE": "shop", "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey},
		"web identity": {"AWS_PROFILE": "shop", "AWS_WEB_IDENTITY_TOKEN_FILE": "/does/not/exist", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/gateway"},
		"default":      {"AWS_PROFILE": "default"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range env {
				t.Setenv(k, v)
			}
			if _, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Region: "us-west-2"}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNothingIsReadBeforeTheFirstClient(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	l := &recorder{}
	sdk := New(nil, l, false)
	if len(sdk.sessions) != 0 || len(sdk.caches) != 0 || len(l.lines) != 0 {
		t.Errorf("got sessions %v, caches %v, log %q", sdk.sessions, sdk.caches, l.lines)
	}
}

// CheckOnly looks up no credentials.
func TestCheckOnly(t *testing.T) {
	environment(t, nil, "[default]\ncredential_process = touch "+t.TempDir()+"/called\n", "")
	sdk := New(nil, &recorder{}, true)
	clientOf(t, sdk, invoke.Settings{Region: "us-west-2", Role: invoke.Role{ARN: gatewayRole}})
	if len(sdk.caches) != 0 {
		t.Errorf("got %d caches of credentials", len(sdk.caches))
	}
}

// Every backend gets its warnings, even if it shares a client. Pipes may be built concurrently.
func TestClientsConcurrently(t *testing.T) {
	sdk := New(nil, &recorder{}, false)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for region, want := range map[string]int{"us-west1": 1, "us-west-2": 0} {
				_, found, err := sdk.Client(invoke.Settings{Region: region})
				if err != nil || len(found.Warnings) != want {
					t.Errorf("%s: got %q, %v, want %d warnings", region, found.Warnings, err, want)
				}
			}
		})
	}
	wg.Wait()
	if n := len(sdk.clients); n != 2 {
		t.Errorf("got %d clients, want 2", n)
	}
}

// A session that a build assembles itself may lack fields that the SDK always sets.
func TestSessionsWithNilFields(t *testing.T) {
	for _, custom := range []*session.Session{{}, {Config: new(aws.Config)}, {Handlers: defaults.Handlers(), Config: new(aws.Config)}} {
		for _, role := range []string{"", gatewayRole} {
			got := signer(t, New(custom, &recorder{}, false), invoke.Settings{Role: invoke.Role{ARN: role}})
			if !strings.Contains(got, "the AWS session of this build (WithSession): 'the session has no Credentials'") {
				t.Errorf("role %q: got %s", role, got)
			}
		}
	}
}

// A session that cannot be made is not made again for the next backend.
func TestSessionIsMadeOnce(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	sdk := New(nil, &recorder{}, false)
	sdk.Client(invoke.Settings{Region: "us-west-2"})
	t.Setenv("AWS_CA_BUNDLE", "")
	if _, _, err := sdk.Client(invoke.Settings{Region: "us-west-2"}); err == nil {
		t.Error("the second backend has a session")
	}
}

func TestHTTPClient(t *testing.T) {
	s, err := newSession(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Config.HTTPClient == http.DefaultClient || s.Config.HTTPClient.Transport != nil {
		t.Error("got http.DefaultClient, or a client with a transport")
	}

	custom := session.Must(session.NewSession(&aws.Config{HTTPClient: &http.Client{Timeout: 7}}))
	s, err = newSession(custom, "")
	if err != nil {
		t.Fatal(err)
	}
	if s == custom || s.Config.HTTPClient == custom.Config.HTTPClient || s.Config.HTTPClient.Timeout != 7 || custom.Config.HTTPClient.CheckRedirect != nil {
		t.Error("the session's client is not used, or was changed")
	}

	custom.Config.HTTPClient = nil
	if s, err = newSession(custom, ""); err != nil || s.Config.HTTPClient == nil {
		t.Errorf("got %v, %v; want a client", s.Config.HTTPClient, err)
	}
}

// KrakenD replaces http.DefaultTransport after the pipes are built.
func TestDefaultTransportIsReadForEachCall(t *testing.T) {
	s := api(t)
	client := clientOf(t, New(testSession(t, s.URL), &recorder{}, false), invoke.Settings{})
	used := false
	original := http.DefaultTransport
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		used = true
		return original.RoundTrip(r)
	}))
	if err := call(t.Context(), client); err != nil || !used {
		t.Errorf("got %v, transport used: %t", err, used)
	}
}

// Neither the calls of a session nor those of an Invoker follow redirects.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		custom := testSession(t, s.URL)
		for name, client := range map[string]*invoke.Client{
			"session": clientOf(t, New(custom, &recorder{}, false), invoke.Settings{}),
			"invoker": invoke.NewWith(NewAttempter(lambda.New(custom)), invoke.Target{MaxRetries: 3}),
		} {
			err := client.Invoke(t.Context(), &invoke.Request{Function: "f", Payload: invoke.PayloadOf([]byte("{}"))}, &invoke.Policy{MaxRetries: -1}, func(*invoke.Response) error { return nil })
			var e *invoke.Error
			if !errors.As(err, &e) || e.Kind != invoke.KindAPI || e.Status != status || e.Attempts != 1 {
				t.Errorf("%d, %s: got %#v", status, name, err)
			}
		}
		s.Close()
	}
}

func TestUserAgent(t *testing.T) {
	s := api(t)
	custom := testSession(t, s.URL)
	if err := call(t.Context(), clientOf(t, New(custom, &recorder{}, false), invoke.Settings{})); err != nil {
		t.Fatal(err)
	}
	if _, err := lambda.New(custom).Invoke(&lambda.InvokeInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	calls := s.Calls()
	if got, want := calls[0].Header.Get("User-Agent"), calls[1].Header.Get("User-Agent"); got != want || !strings.HasPrefix(got, aws.SDKName+"/") {
		t.Errorf("got %q, want the SDK's, %q", got, want)
	}
}

// Half of a key is of interest where the environment is searched.
func TestHalfKey(t *testing.T) {
	for _, half := range []string{"", "AKIDHALF"} {
		t.Setenv("AWS_ACCESS_KEY_ID", half)
		sdk := New(nil, &recorder{}, false)
		if got := sdk.options(cacheKey{}).HalfKey; got != (half != "") {
			t.Errorf("%q: got %t", half, got)
		}
		if sdk.options(cacheKey{profile: "shop"}).HalfKey || New(testSession(t, "http://127.0.0.1:1"), &recorder{}, false).options(cacheKey{}).HalfKey {
			t.Errorf("%q: it counts where the environment is not searched", half)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	s := api(t)
	l := &recorder{}
	client := clientOf(t, New(nil, l, false), invoke.Settings{Region: "us-west-2", Endpoint: s.URL})
	err := call(t.Context(), client)
	const where = "no AWS credentials in the environment, the profile 'default' of the shared AWS files, and the metadata service of the container or the instance: NoCredentialProviders: "
	var e *invoke.Error
	if !errors.As(err, &e) || e.Kind != invoke.KindCredentials || !strings.HasPrefix(err.Error(), where) || len(s.Calls()) != 0 {
		t.Errorf("got %v after %d calls, want %s without one", err, len(s.Calls()), where)
	}
	l.await(t, "ERROR [Lambda] "+where) // waiting calls may return before the line is written
	if lines := l.level("ERROR"); len(lines) != 1 {
		t.Errorf("got log %q, want one line", lines)
	}
}

// Without any endpoint, calls go to AWS.
func TestEndpointAWS(t *testing.T) {
	var got string
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r.URL.String()
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}))
	environment(t, keysOfEnvironment, "", "")
	if err := call(t.Context(), clientOf(t, New(nil, &recorder{}, false), invoke.Settings{Region: "eusc-de-east-1"})); err != nil {
		t.Fatal(err)
	}
	if want := "https://lambda.eusc-de-east-1.amazonaws.eu/2015-03-31/functions/f/invocations"; got != want {
		t.Errorf("got a call of %s, want %s", got, want)
	}
}
