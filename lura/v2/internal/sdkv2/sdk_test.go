package sdkv2

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Backends with equal settings share clients and credentials.
func TestSharing(t *testing.T) {
	environment(t, keysOfEnvironment, "", "")
	t.Setenv("AWS_REGION", "us-west-2")
	newSTS(t)
	for name, tc := range map[string]struct {
		settings        invoke.Settings
		clients, caches int // for these settings and the zero Settings
	}{
		"none":                 {invoke.Settings{}, 1, 1},
		"the region, explicit": {invoke.Settings{Region: "us-west-2"}, 1, 1},
		"another endpoint":     {invoke.Settings{Endpoint: "http://127.0.0.1:1"}, 2, 1},
		"another region":       {invoke.Settings{Region: "eu-west-1"}, 2, 2},
		"a role":               {invoke.Settings{Role: role}, 2, 2},
		"another external id":  {invoke.Settings{Role: invoke.Role{ARN: gatewayRole, ExternalID: "x", SessionName: "s"}}, 2, 2},
		"another session name": {invoke.Settings{Role: invoke.Role{ARN: gatewayRole, SessionName: "t"}}, 2, 2},
	} {
		s := newSDK(nil)
		for range 2 {
			for _, settings := range []invoke.Settings{{}, tc.settings} {
				if _, _, err := s.Client(settings); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(s.clients) != tc.clients || len(s.caches) != tc.caches {
			t.Errorf("%s: got %d clients and %d caches of credentials, want %d and %d", name, len(s.clients), len(s.caches), tc.clients, tc.caches)
		}
	}
}

func TestOnlyCheck(t *testing.T) {
	s := NewSDK(nil, silent{}, true)
	if _, _, err := s.Client(invoke.Settings{Region: "eu-west-1", Role: role}); err != nil || len(s.caches) != 0 {
		t.Errorf("got %v and %d caches of credentials", err, len(s.caches))
	}
}

func TestRegion(t *testing.T) {
	shared := writeFile(t, "config", "[default]\nregion = ap-south-1\n[profile shop]\nregion = sa-east-1\n")
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings invoke.Settings
		want     string
	}{
		{"configured", map[string]string{"AWS_REGION": "eu-west-1"}, invoke.Settings{Region: "us-west-2"}, "us-west-2"},
		{"AWS_REGION", map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, invoke.Settings{}, "eu-west-1"},
		{"AWS_DEFAULT_REGION", map[string]string{"AWS_DEFAULT_REGION": "eu-west-2", "AWS_CONFIG_FILE": shared}, invoke.Settings{}, "eu-west-2"},
		{"shared config", map[string]string{"AWS_CONFIG_FILE": shared}, invoke.Settings{}, "ap-south-1"},
		{"a profile's", map[string]string{"AWS_CONFIG_FILE": shared}, invoke.Settings{Profile: "shop"}, "sa-east-1"},
		{"AWS_PROFILE", map[string]string{"AWS_CONFIG_FILE": shared, "AWS_PROFILE": "shop"}, invoke.Settings{}, "sa-east-1"},
		{"a region that does not exist", nil, invoke.Settings{Region: "us-west1"}, "us-west1"},
		{"a new region", nil, invoke.Settings{Region: "mx-central-1"}, "mx-central-1"},
		{"a future region", nil, invoke.Settings{Region: "xy-nowhere-9"}, "xy-nowhere-9"},
		{"GovCloud", nil, invoke.Settings{Region: "us-gov-west-1"}, "us-gov-west-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got, found, err := newSDK(nil).target(tc.settings)
			if err != nil {
				t.Fatal(err)
			}
			if found.Region != tc.want || got.Region != tc.want || got.Endpoint != "https://lambda."+tc.want+".amazonaws.com" {
				t.Errorf("got %s, %s at %s, want %s", found.Region, got.Region, got.Endpoint, tc.want)
			}
			var want []string
			if tc.want == "us-west1" {
				want = []string{`region: 'us-west1' does not look like a region such as us-west-2`}
			}
			if !slices.Equal(found.Warnings, want) {
				t.Errorf("got warnings %q, want %q", found.Warnings, want)
			}
		})
	}
}

func TestTargetErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings invoke.Settings
		want     string
	}{
		{"no region", nil, invoke.Settings{}, "region: missing: set this key, AWS_REGION, AWS_DEFAULT_REGION or the region of the shared AWS config"},
		{"no region, but an endpoint", nil, invoke.Settings{Endpoint: "http://127.0.0.1:1"}, "region: missing"},
		{"an invalid region", map[string]string{"AWS_REGION": "us west"}, invoke.Settings{}, `region: the AWS SDK does not know an endpoint for 'us west', so correct the region or set endpoint: `},
		{"a missing CA bundle", map[string]string{"AWS_REGION": "us-west-2", "AWS_CA_BUNDLE": "/does/not/exist"}, invoke.Settings{}, "AWS_CA_BUNDLE: 'open /does/not/exist: no such file or directory'"},
		{"a CA bundle without certificates", map[string]string{"AWS_REGION": "us-west-2", "AWS_CA_BUNDLE": os.DevNull}, invoke.Settings{}, "the AWS SDK cannot read its configuration: 'failed to load custom CA bundle PEM file'"},
		{"attempts that are not a number", map[string]string{"AWS_REGION": "us-west-2", "AWS_MAX_ATTEMPTS": "many"}, invoke.Settings{}, "the AWS SDK cannot read its configuration: "},
		{"a missing profile", nil, invoke.Settings{Profile: "shop", Region: "us-west-2"}, `profile: 'shop' is not in ` + os.DevNull + " or " + os.DevNull},
		{"a missing AWS_PROFILE", map[string]string{"AWS_PROFILE": "shop"}, invoke.Settings{Region: "us-west-2"}, `profile: 'shop' is not in `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			c := newSDK(nil)
			for range 2 { // all backends get the error
				if _, _, err := c.target(tc.settings); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
					t.Errorf("got %v, want %s", err, tc.want)
				}
			}
		})
	}
}

// A profile that cannot be read is not read again for the next backend.
func TestProfileIsReadOnce(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	c := newSDK(nil)
	c.target(invoke.Settings{Region: "us-west-2"})
	t.Setenv("AWS_CA_BUNDLE", "")
	if _, _, err := c.target(invoke.Settings{Region: "us-west-2"}); err == nil {
		t.Error("the second backend has a target")
	}
}

func TestClientsConcurrently(t *testing.T) {
	s := NewSDK(nil, silent{}, true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, region := range []string{"us-west1", "us-west2"} {
				if _, found, err := s.Client(invoke.Settings{Region: region}); err != nil || len(found.Warnings) != 1 {
					t.Errorf("got %+v, %v, want a warning", found, err)
				}
			}
		})
	}
	wg.Wait()
	if len(s.clients) != 2 {
		t.Errorf("got %d clients, want 2", len(s.clients))
	}
}

// A warning says once which parts of a custom config calls do not use.
func TestConfigWithMiddleware(t *testing.T) {
	custom := customConfig()
	custom.APIOptions = append(custom.APIOptions, func(*middleware.Stack) error { t.Error("the middleware ran"); return nil })
	custom.ClientLogMode = aws.LogRequest
	custom.Interceptors.AddBeforeSigning(nil)
	c := newSDK(custom)
	_, found, err := c.Client(invoke.Settings{Region: "us-west-2"})
	if err != nil || len(found.Warnings) != 3 || !strings.HasSuffix(found.Warnings[0], "to change that, pass WithInvoker(lambda.NewFromConfig(cfg))") {
		t.Errorf("got %q, %v", found.Warnings, err)
	}
	for _, region := range []string{"eu-west-1", "us-west-2"} {
		if _, found, err := c.Client(invoke.Settings{Region: region}); err != nil || found.Warnings != nil {
			t.Errorf("got %q, %v for another backend", found.Warnings, err)
		}
	}
	if _, found, err := newSDK(customConfig()).Client(invoke.Settings{}); err != nil || found.Warnings != nil {
		t.Errorf("got %q, %v for a plain config", found.Warnings, err)
	}
}

// Calls go to the endpoint of the settings, signed with the config's credentials. Backends with equal
// settings share a client.
func TestSDK(t *testing.T) {
	environment(t, nil, "", "")
	s := api(t, map[string]any{"f": func() (string, error) { return "tea", nil }})
	s.RequireCredentials("AKIDEXAMPLE", "not-a-secret")
	sdk := newSDK(customConfig())
	settings := invoke.Settings{Region: "eu-west-1", Endpoint: s.URL}
	first, found, err := sdk.Client(settings)
	if err != nil || found.Region != "eu-west-1" || found.Endpoint != s.URL || found.Warnings != nil {
		t.Fatalf("got %+v, %v", found, err)
	}
	if second, _, _ := sdk.Client(settings); second != first {
		t.Error("the same settings have two clients")
	}
	if other, _, _ := sdk.Client(invoke.Settings{Region: "eu-west-2", Endpoint: s.URL}); other == first {
		t.Error("two regions have one client")
	}
	if err := call(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if call := s.Calls()[0]; call.Region != "eu-west-1" {
		t.Errorf("got %+v", call)
	}
	if _, _, err := sdk.Client(invoke.Settings{Profile: "absent"}); err == nil {
		t.Error("got a client for a profile that does not exist")
	}
	if got := safeText(&http.MaxBytesError{Limit: 1}); !strings.Contains(got, "too large") {
		t.Errorf("got %s", got)
	}
}

func certificateOf(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// get returns the status of a GET through the transport of a target.
func get(t *testing.T, rt http.RoundTripper, url string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
