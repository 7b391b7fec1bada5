package sdkv2

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
)

// TestMain hides the machine's AWS configuration from the tests.
func TestMain(m *testing.M) {
	if url := os.Getenv(processURL); url != "" {
		http.Get(url)
		return
	}
	sdktest.HideEnvironment()
	leaktest.Main(m)
}

const gatewayRole = sdktest.GatewayRole

var (
	role              = invoke.Role{ARN: gatewayRole, SessionName: "krakend-lambda"}
	keysOfEnvironment = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}
)

const (
	defaultKeys = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n"
	shopKeys    = "[shop]\naws_access_key_id = AKIDSHOP\naws_secret_access_key = s\n"
)

// What sdkv1 uses as well.
var (
	writeFile               = sdktest.WriteFile
	environment             = sdktest.Environment
	call                    = sdktest.Call
	replaceDefaultTransport = sdktest.ReplaceDefaultTransport
	redirectHost            = sdktest.RedirectHost
	newSTS                  = sdktest.NewSTS
)

type roundTripper = sdktest.RoundTripper

// customConfig returns a config like that of a build.
func customConfig() *aws.Config {
	return &aws.Config{
		Region:      "us-west-2",
		Credentials: sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}
}

// serve starts a server on loopback and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// silent is a logger that drops all lines.
type silent struct{}

func (silent) Debug(...any)   {}
func (silent) Info(...any)    {}
func (silent) Warning(...any) {}
func (silent) Error(...any)   {}

// newSDK returns an SDK that logs nothing. Without a custom config it reads the environment.
func newSDK(custom *aws.Config) *SDK { return NewSDK(custom, silent{}, false) }

// clientOf returns the client for settings.
func clientOf(t *testing.T, sdk *SDK, settings invoke.Settings) *invoke.Client {
	t.Helper()
	client, _, err := sdk.Client(settings)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// target returns the target for settings, in eu-west-1 if they name no region.
func target(t *testing.T, sdk *SDK, s invoke.Settings) invoke.Target {
	t.Helper()
	s.Region = cmp.Or(s.Region, "eu-west-1")
	got, _, err := sdk.target(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// finder returns the Finder for valid settings.
func finder(t *testing.T, sdk *SDK, s invoke.Settings) credentials.Finder {
	t.Helper()
	target(t, sdk, s)
	return sdk.lookups(keyOf(s)).Find
}

func keyOf(s invoke.Settings) cacheKey {
	return cacheKey{s.Profile, cmp.Or(s.Region, "eu-west-1"), s.Role}
}

// find looks up the credentials for settings. It returns the id of the key, or the error.
func find(t *testing.T, c *SDK, s invoke.Settings) string {
	t.Helper()
	return findWithin(t.Context(), t, c, s, false)
}

func findWithin(ctx context.Context, t *testing.T, c *SDK, s invoke.Settings, renew bool) string {
	t.Helper()
	found, err := finder(t, c, s)(ctx, renew)
	if err != nil {
		return "error: " + err.Error()
	}
	if temporary := strings.HasPrefix(found.AccessKeyID, "AKIDROLE"); temporary != (found.SessionToken == "role-token") || temporary == found.Expires.IsZero() {
		t.Errorf("%s: got the session token %q, which expires at %v", found.AccessKeyID, found.SessionToken, found.Expires)
	}
	if found.Source == "" {
		t.Errorf("%s: got no source", found.AccessKeyID)
	}
	return found.AccessKeyID
}

// message returns an event of an event stream.
func message(t *testing.T, event, payload string) []byte {
	t.Helper()
	return encode(t, map[string]string{":message-type": "event", ":event-type": event}, payload)
}

// exception returns an exception of an event stream.
func exception(t *testing.T, kind, payload string) []byte {
	t.Helper()
	return encode(t, map[string]string{":message-type": "exception", ":exception-type": kind}, payload)
}

func encode(t *testing.T, headers map[string]string, payload string) []byte {
	t.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for k, v := range headers {
		m.Headers.Set(k, eventstream.StringValue(v))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
