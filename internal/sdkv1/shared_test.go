package sdkv1

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go/aws/session"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
)

// sessionOver returns a session of a build with this transport.
func sessionOver(t *testing.T, transport http.RoundTripper) *session.Session {
	t.Helper()
	custom := testSession(t, "")
	custom.Config.HTTPClient = &http.Client{Transport: transport}
	return custom
}

func clients(t *testing.T, transport http.RoundTripper, checkOnly bool) func(invoke.Settings) (*invoke.Client, error) {
	t.Helper()
	var custom *session.Session
	if transport != nil {
		custom = sessionOver(t, transport)
	}
	sdk := New(custom, &recorder{}, checkOnly)
	return func(settings invoke.Settings) (*invoke.Client, error) {
		client, _, err := sdk.Client(settings)
		return client, err
	}
}

func TestRotatedKeyUnderTraffic(t *testing.T) { sdktest.RotatedKeyUnderTraffic(t, clients) }

func TestExpiredTokensOfOneEndpoint(t *testing.T) { sdktest.ExpiredTokensOfOneEndpoint(t, clients) }

func TestRolesOfProfiles(t *testing.T) { sdktest.RolesOfProfiles(t, clients) }

func TestAnswersToLookups(t *testing.T) { sdktest.AnswersToLookups(t, clients, maxLookup) }

func TestLookupsRepeatNoSecrets(t *testing.T) {
	sdktest.LookupsRepeatNoSecrets(t, clients, secretMessage)
}

// For a source profile without credentials, the SDK would use the role of the instance.
func TestRoleOfASourceProfile(t *testing.T) {
	environment(t, nil, "[profile shop]\nrole_arn = r\nsource_profile = base\n[profile base]\nrole_arn = r\n", "")
	const want = "profile 'base': role_arn: there are no credentials to assume the role with: add source_profile or credential_source"
	if _, err := clients(t, nil, true)(invoke.Settings{Profile: "shop", Region: "eu-west-1"}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
