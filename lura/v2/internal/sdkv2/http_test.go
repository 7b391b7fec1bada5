package sdkv2

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

var errUsed = errors.New("used")

// KrakenD replaces http.DefaultTransport after the pipes are built.
func TestDefaultTransportIsReadForEachCall(t *testing.T) {
	with := func(c aws.HTTPClient) *aws.Config { custom := customConfig(); custom.HTTPClient = c; return custom }
	for name, tc := range map[string]struct {
		custom  *aws.Config
		timeout time.Duration
	}{
		"no config":                        {nil, 0},
		"a config":                         {customConfig(), 0},
		"a config with http.DefaultClient": {with(http.DefaultClient), 0},
		"a config with a timeout":          {with(&http.Client{Timeout: 7}), 7},
	} {
		t.Run(name, func(t *testing.T) {
			got := target(t, newSDK(tc.custom), invoke.Settings{})
			replaceDefaultTransport(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, errUsed }))
			if _, err := get(t, got.Transport, "http://127.0.0.1:1"); !errors.Is(err, errUsed) || got.Timeout != tc.timeout {
				t.Errorf("got %v and a timeout of %v, want the transport that was set later and %v", err, got.Timeout, tc.timeout)
			}
		})
	}
}

// All calls use a custom transport, also those with a profile.
func TestCustomTransport(t *testing.T) {
	environment(t, nil, "", shopKeys)
	used := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errUsed })
	for name, c := range map[string]aws.HTTPClient{
		"a client":      &http.Client{Transport: used},
		"a custom type": smithyhttp.ClientDoFunc(used),
	} {
		custom := customConfig()
		custom.HTTPClient = c
		clients := newSDK(custom)
		for _, settings := range []invoke.Settings{{}, {Profile: "shop"}} {
			if _, err := get(t, target(t, clients, settings).Transport, "http://127.0.0.1:1"); !errors.Is(err, errUsed) {
				t.Errorf("%s, %+v: got %v, want the custom transport", name, settings, err)
			}
		}
	}
}

func TestBuildableClient(t *testing.T) {
	custom := customConfig()
	custom.HTTPClient = awshttp.NewBuildableClient().WithTimeout(7).WithTransportOptions(func(tr *http.Transport) { tr.MaxIdleConnsPerHost = 77 })
	got := target(t, newSDK(custom), invoke.Settings{})
	if tr, ok := got.Transport.(*http.Transport); !ok || tr.MaxIdleConnsPerHost != 77 || got.Timeout != 7 {
		t.Errorf("got %T and a timeout of %v", got.Transport, got.Timeout)
	}
}

// With AWS_CA_BUNDLE, calls and lookups trust only its certificates. KrakenD still configures their
// connections.
func TestBundle(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"+
			"<SessionToken>role-token</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	t.Setenv("AWS_CA_BUNDLE", writeFile(t, "ca.pem", certificateOf(s)))
	t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
	environment(t, keysOfEnvironment, "", "")
	replaceDefaultTransport(t, &http.Transport{MaxIdleConnsPerHost: 77})

	c := newSDK(nil)
	got := target(t, c, invoke.Settings{Role: role})
	if status, err := get(t, got.Transport, s.URL); status != http.StatusOK || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
	if got := find(t, c, invoke.Settings{Role: role}); got != "AKIDROLE1" {
		t.Errorf("got %s", got)
	}
	if _, found, err := c.Client(invoke.Settings{Region: "eu-west-1"}); err != nil || !found.CABundle {
		t.Errorf("got %+v, %v; want the bundle to be found", found, err)
	}
	if d := http.DefaultTransport.(*http.Transport); d.TLSClientConfig != nil && d.TLSClientConfig.RootCAs != nil {
		t.Error("http.DefaultTransport was changed")
	}
	got.Transport.(interface{ CloseIdleConnections() }).CloseIdleConnections()

	t.Setenv("AWS_CA_BUNDLE", "")
	if _, err := get(t, target(t, newSDK(nil), invoke.Settings{}).Transport, s.URL); err == nil {
		t.Error("got no error without the bundle")
	}
}

// A config that a build loads has the SDK's client with the bundle.
func TestBundleOfACustomConfig(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	t.Setenv("AWS_CA_BUNDLE", writeFile(t, "ca.pem", certificateOf(s)))
	custom, err := sdkconfig.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := target(t, newSDK(&custom), invoke.Settings{})
	if status, err := get(t, got.Transport, s.URL); status != http.StatusNotFound || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
	got.Transport.(*http.Transport).CloseIdleConnections()
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	s := serve(t, http.RedirectHandler("http://127.0.0.1:1", http.StatusTemporaryRedirect).ServeHTTP)
	custom := customConfig()
	custom.HTTPClient = http.DefaultClient
	for _, custom := range []*aws.Config{nil, custom} {
		if status, err := get(t, target(t, newSDK(custom), invoke.Settings{}).Transport, s); status != http.StatusTemporaryRedirect || err != nil {
			t.Errorf("got %d, %v, want the redirect itself", status, err)
		}
	}
}

// AWS_DEFAULTS_MODE=auto asks the metadata service at start. The gateway starts even if that hangs.
func TestStartWithoutMetadataService(t *testing.T) {
	t.Setenv("AWS_DEFAULTS_MODE", "auto")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://metadata.test")
	ended := false
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		deadline, ok := r.Context().Deadline()
		if ended = ok && time.Until(deadline) <= metadataTimeout; !ended {
			t.Error("the request has no deadline")
		}
		return nil, badAnswer("not sent") // so that the SDK does not wait for a retry
	}))
	if got := target(t, newSDK(nil), invoke.Settings{}); !ended || !strings.HasPrefix(got.Endpoint, "https://lambda.") {
		t.Errorf("asked: %t, got %s", ended, got.Endpoint)
	}
}
