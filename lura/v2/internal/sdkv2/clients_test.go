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
	"github.com/devopsfaith/krakend-lambda/internal/config"
)

func TestTargetsAreShared(t *testing.T) {
	t.Setenv("AWS_REGION", "us-west-2")
	c := New(nil, false)
	first, _, err := c.Target(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		settings Settings
		shared   bool
	}{
		"the same":             {Settings{}, true},
		"the region, spelled":  {Settings{Region: "us-west-2"}, true},
		"another endpoint":     {Settings{Endpoint: "http://127.0.0.1:1"}, true},
		"another region":       {Settings{Region: "eu-west-1"}, false},
		"a role":               {Settings{Role: role}, false},
		"another external id":  {Settings{Role: config.Role{ARN: gatewayRole, ExternalID: "x", SessionName: "s"}}, false},
		"another session name": {Settings{Role: config.Role{ARN: gatewayRole, SessionName: "t"}}, false},
	} {
		got, _, err := c.Target(tc.settings)
		if err != nil || (got.Credentials == first.Credentials) != tc.shared || got.Transport != first.Transport {
			t.Errorf("%s: got %v, the same credentials: %t", name, err, got.Credentials == first.Credentials)
		}
		again, _, err := c.Target(tc.settings)
		if err != nil || again != got {
			t.Errorf("%s: got %+v the second time, want %+v", name, again, got)
		}
	}
}

func TestOnlyCheck(t *testing.T) {
	c := New(nil, true)
	if got := target(t, c, Settings{Role: role}); got.Credentials != nil {
		t.Errorf("got credentials in %s", got.Credentials.Where)
	}
}

func TestRegion(t *testing.T) {
	shared := writeFile(t, "config", "[default]\nregion = ap-south-1\n[profile shop]\nregion = sa-east-1\n")
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings Settings
		want     string
	}{
		{"configured", map[string]string{"AWS_REGION": "eu-west-1"}, Settings{Region: "us-west-2"}, "us-west-2"},
		{"AWS_REGION", map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, Settings{}, "eu-west-1"},
		{"AWS_DEFAULT_REGION", map[string]string{"AWS_DEFAULT_REGION": "eu-west-2", "AWS_CONFIG_FILE": shared}, Settings{}, "eu-west-2"},
		{"shared config", map[string]string{"AWS_CONFIG_FILE": shared}, Settings{}, "ap-south-1"},
		{"a profile's", map[string]string{"AWS_CONFIG_FILE": shared}, Settings{Profile: "shop"}, "sa-east-1"},
		{"AWS_PROFILE", map[string]string{"AWS_CONFIG_FILE": shared, "AWS_PROFILE": "shop"}, Settings{}, "sa-east-1"},
		{"no region of AWS", nil, Settings{Region: "us-west1"}, "us-west1"},
		{"a new one", nil, Settings{Region: "mx-central-1"}, "mx-central-1"},
		{"one that is still to come", nil, Settings{Region: "xy-nowhere-9"}, "xy-nowhere-9"},
		{"GovCloud", nil, Settings{Region: "us-gov-west-1"}, "us-gov-west-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got, warnings, err := New(nil, false).Target(tc.settings)
			if err != nil {
				t.Fatal(err)
			}
			if got.Region != tc.want || got.SigningRegion != tc.want || got.Endpoint != "https://lambda."+tc.want+".amazonaws.com" {
				t.Errorf("got %s, %s at %s, want %s", got.Region, got.SigningRegion, got.Endpoint, tc.want)
			}
			var want []string
			if tc.want == "us-west1" {
				want = []string{`region: "us-west1" does not look like a region such as us-west-2`}
			}
			if !slices.Equal(warnings, want) {
				t.Errorf("got warnings %q, want %q", warnings, want)
			}
		})
	}
}

func TestTargetErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		env      map[string]string
		settings Settings
		want     string
	}{
		{"no region", nil, Settings{}, "region: none is configured, and none is in AWS_REGION, AWS_DEFAULT_REGION or the shared config"},
		{"no region, but an endpoint", nil, Settings{Endpoint: "http://127.0.0.1:1"}, "region: none is configured"},
		{"a region that is no label", map[string]string{"AWS_REGION": "us west"}, Settings{}, `region: the AWS SDK finds no endpoint for "us west": `},
		{"a CA bundle that is not there", map[string]string{"AWS_REGION": "us-west-2", "AWS_CA_BUNDLE": "/does/not/exist"}, Settings{}, "the AWS SDK cannot read its configuration: "},
		{"attempts that are no number", map[string]string{"AWS_REGION": "us-west-2", "AWS_MAX_ATTEMPTS": "many"}, Settings{}, "the AWS SDK cannot read its configuration: "},
		{"a profile that is not there", nil, Settings{Profile: "shop", Region: "us-west-2"}, `profile: there is no "shop" in ` + os.DevNull + " or " + os.DevNull},
		{"an AWS_PROFILE that is not there", map[string]string{"AWS_PROFILE": "shop"}, Settings{Region: "us-west-2"}, `profile: there is no "shop" in `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			c := New(nil, false)
			for range 2 { // an error is an error for all backends
				if _, _, err := c.Target(tc.settings); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
					t.Errorf("got %v, want %s", err, tc.want)
				}
			}
		})
	}
}

// What cannot be read is not read again for the next backend.
func TestProfileIsReadOnce(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/does/not/exist")
	c := New(nil, false)
	c.Target(Settings{Region: "us-west-2"})
	t.Setenv("AWS_CA_BUNDLE", "")
	if _, _, err := c.Target(Settings{Region: "us-west-2"}); err == nil {
		t.Error("the second backend has a target")
	}
}

func TestTargetsConcurrently(t *testing.T) {
	c := New(nil, false)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, region := range []string{"us-west1", "us-west2"} {
				if _, warnings, err := c.Target(Settings{Region: region}); err != nil || len(warnings) != 1 {
					t.Errorf("got %q, %v, want a warning", warnings, err)
				}
			}
		})
	}
	wg.Wait()
	if len(c.targets) != 2 || len(c.sources) != 2 {
		t.Errorf("got %d targets and %d sources, want 2", len(c.targets), len(c.sources))
	}
}

// What a build's config has that calls do not use is said once.
func TestConfigWithMiddleware(t *testing.T) {
	given := givenConfig()
	given.APIOptions = append(given.APIOptions, func(*middleware.Stack) error { t.Error("run"); return nil })
	given.ClientLogMode = aws.LogRequest
	given.Interceptors.AddBeforeSigning(nil)
	c := New(given, false)
	_, warnings, err := c.Target(Settings{})
	if err != nil || len(warnings) != 3 || !strings.HasSuffix(warnings[0], "pass WithInvoker(lambda.NewFromConfig(cfg)) for it") {
		t.Errorf("got %q, %v", warnings, err)
	}
	if _, warnings, err := c.Target(Settings{Region: "eu-west-1"}); err != nil || warnings != nil {
		t.Errorf("got %q, %v for the second backend", warnings, err)
	}
	if _, warnings, err := New(givenConfig(), false).Target(Settings{}); err != nil || warnings != nil {
		t.Errorf("got %q, %v for a plain config", warnings, err)
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
