package sdkv2

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
)

func clients(t *testing.T, transport http.RoundTripper, checkOnly bool) func(invoke.Settings) (*invoke.Client, error) {
	t.Helper()
	var custom *aws.Config
	if transport != nil {
		custom = &aws.Config{HTTPClient: &http.Client{Transport: transport}}
	}
	sdk := NewSDK(custom, silent{}, checkOnly)
	return func(settings invoke.Settings) (*invoke.Client, error) {
		client, _, err := sdk.Client(settings)
		return client, err
	}
}

func TestRotatedKeyUnderTraffic(t *testing.T) { sdktest.RotatedKeyUnderTraffic(t, clients) }

func TestExpiredTokensOfOneEndpoint(t *testing.T) { sdktest.ExpiredTokensOfOneEndpoint(t, clients) }

func TestRolesOfProfiles(t *testing.T) { sdktest.RolesOfProfiles(t, clients) }

func TestAnswersToLookups(t *testing.T) { sdktest.AnswersToLookups(t, clients, maxAnswer) }

func TestLookupsRepeatNoSecrets(t *testing.T) {
	sdktest.LookupsRepeatNoSecrets(t, clients, secretMessage)
}

// A profile with aws login needs no other source for its role.
func TestRoleOfALogin(t *testing.T) {
	environment(t, nil, "[profile shop]\nrole_arn = r\nlogin_session = x\n", "")
	if _, err := clients(t, nil, true)(invoke.Settings{Profile: "shop", Region: "eu-west-1"}); err != nil {
		t.Error(err)
	}
}
