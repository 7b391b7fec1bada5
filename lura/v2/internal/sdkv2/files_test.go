package sdkv2

import (
	"os"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestProfile(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shop]\nregion = ap-south-1\n[profile two words]\n", defaultKeys+shopKeys+"[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n")
	for _, tc := range []struct{ profile, want string }{
		{"", "AKIDENV"},
		{"shop", "AKIDSHOP"}, // before the environment
		{"default", "AKIDDEFAULT"},
		{"two words", "AKIDTWO"},
	} {
		if got := find(t, newSDK(nil), invoke.Settings{Profile: tc.profile}); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.profile, got, tc.want)
		}
	}
}

// For a missing profile, the SDK would use the role of the instance.
func TestMissingProfile(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shops]\n[profile  sho]\n#[profile shop]\n", defaultKeys+"[a.shop]\n")
	for _, profile := range []string{"shop", "a*shop", "two words"} {
		want := `profile: '` + profile + `' is not in ` + os.Getenv("AWS_CONFIG_FILE") + " or " + os.Getenv("AWS_SHARED_CREDENTIALS_FILE")
		if _, _, err := newSDK(nil).target(invoke.Settings{Profile: profile, Region: "eu-west-1"}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The SDK treats quotes as a part of the name.
func TestProfileInQuotes(t *testing.T) {
	const twoKeys = "[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n"
	const advice = `: write [profile two words], without quotes`
	for _, tc := range []struct {
		name, config, credentials string
		env                       map[string]string
		profile                   string
		want                      string // in the error; empty for no error
	}{
		{"as the AWS CLI writes it", "[profile 'two words']\n", "", nil, "two words", `profile: the AWS SDK does not find 'two words' under [profile 'two words'] in `},
		{"with its keys", " [ profile  'two words' ] # x\n", twoKeys, nil, "two words", advice},
		{"double quotes", "[profile \"two words\"]\n", twoKeys, nil, "two words", `under [profile 'two words'] in `},
		{"AWS_PROFILE", "[profile 'two words']\n", "", map[string]string{"AWS_PROFILE": "two words"}, "", advice},
		{"the source of a role", "[profile 'two words']\n[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = two words\n", "", nil, "shop", advice},
		{"the source of a role, with its keys", "[profile 'two words']\n[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = two words\n", twoKeys, nil, "shop", advice},
		{"both, for the AWS CLI and the SDK", "[profile 'two words']\n[profile two words]\n", twoKeys, nil, "two words", ""},
		{"configured with quotes", "[profile 'two words']\n", "", nil, "'two words'", ""},
		{"another profile", "[profile 'two words']\n[profile shop]\n", "", nil, "shop", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, tc.credentials)
			_, _, err := newSDK(nil).target(invoke.Settings{Profile: tc.profile, Region: "eu-west-1"})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
