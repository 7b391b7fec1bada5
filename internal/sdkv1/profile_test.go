package sdkv1

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestProfile(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shop]\nregion = ap-south-1\n[profile bare]\nregion = sa-east-1\n[profile two words]\nregion = eu-west-3\n", defaultKeys+shopKeys+"[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n")
	for profile, want := range map[string]string{
		"":          "AKIDENV eu-west-1",
		"shop":      "AKIDSHOP eu-west-1", // before the environment
		"default":   "AKIDDEFAULT eu-west-1",
		"two words": "AKIDTWO eu-west-1",
	} {
		if got := sign(t, invoke.Settings{Profile: profile}); got != want {
			t.Errorf("%q: got %s, want %s", profile, got, want)
		}
	}
	for profile, want := range map[string]string{"shop": "ap-south-1", "two words": "eu-west-3"} {
		if _, found, err := New(nil, &recorder{}, true).Client(invoke.Settings{Profile: profile}); err != nil || found.Region != want {
			t.Errorf("%q: got the region %s, %v, want the profile's", profile, found.Region, err)
		}
	}
}

// For a missing profile, the SDK would use the role of the instance.
func TestMissingProfile(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shops]\n[profile  shop]\n#[profile shop]\n", defaultKeys+"[a.shop]\n")
	for _, profile := range []string{"shop", "a*shop"} {
		want := fmt.Sprintf(`profile: '%s' is not in %s or %s`, profile, os.Getenv("AWS_CONFIG_FILE"), os.Getenv("AWS_SHARED_CREDENTIALS_FILE"))
		if _, _, err := New(nil, &recorder{}, false).Client(invoke.Settings{Profile: profile, Region: "eu-west-1"}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The AWS CLI quotes names in sections. This SDK does not find such sections.
func TestQuotedSection(t *testing.T) {
	for _, tc := range []struct{ config, credentials, section string }{
		{"[profile 'two words']\nregion = eu-west-1\n", "", "[profile 'two words']"},
		{"[profile \"two words\"]\n", "", `[profile "two words"]`},
		{"[profile  'two words']\n", "", "[profile  'two words']"},
		// The SDK would use the keys without the role.
		{"[profile 'two words']\nrole_arn = x\n", "[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n", "[profile 'two words']"},
		{"[profile 'two words']\n[profile two words]\n", "", ""},
		{"[profile 'two word']\n[profile \"three words\"]\n", "[two words]\n", ""},
		{"", "[two words]\n", ""},
	} {
		environment(t, nil, tc.config, tc.credentials)
		want := ""
		if tc.section != "" {
			want = `profile: the AWS SDK does not find 'two words' under ` + tc.section + " in " + os.Getenv("AWS_CONFIG_FILE") + ": write [profile two words], without quotes"
			want = strings.ReplaceAll(want, `"`, "'")
		}
		settings := invoke.Settings{Profile: "two words", Region: "eu-west-1"}
		for range 2 { // the second time, AWS_PROFILE names the profile
			got := ""
			if _, _, err := New(nil, &recorder{}, true).Client(settings); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%+v: got  %s\nwant %s", settings, got, want)
			}
			settings.Profile = ""
			t.Setenv("AWS_PROFILE", "two words")
		}
		os.Unsetenv("AWS_PROFILE")
	}
}

// The same holds for a source_profile.
func TestQuotedSectionOfASource(t *testing.T) {
	const quoted, shop = "[profile 'two words']\n", "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = "
	const keys = "aws_access_key_id = AKIDTWO\naws_secret_access_key = s\n"
	for _, tc := range []struct {
		name, config string
		env          map[string]string
		found        bool
	}{
		{"alone", quoted + shop + "two words\n", nil, false},
		{"of a source", quoted + shop + "base\n[profile base]\nrole_arn = r\nsource_profile = two words\n", nil, false},
		{"with keys of the environment", quoted + shop + "two words\n", keysOfEnvironment, false},
		{"both, for the AWS CLI and the SDK", quoted + "[profile two words]\n" + keys + shop + "two words\n", nil, true},
		{"configured with the quotes", "['two words']\n" + keys + shop + "'two words'\n", nil, true},
	} {
		environment(t, tc.env, tc.config, "")
		want := `profile: the AWS SDK does not find 'two words' under [profile 'two words'] in ` + os.Getenv("AWS_CONFIG_FILE") + ": write [profile two words], without quotes"
		_, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Profile: "shop", Region: "eu-west-1"})
		if tc.found && err != nil || !tc.found && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want found: %t", tc.name, err, tc.found)
		}
	}
}

// A profile does not use the role of the container or the instance.
func TestProfileWithoutCredentials(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	}))
	t.Cleanup(s.Close)
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": s.URL}, "[profile shop]\nregion = eu-west-1\n", "[shop]\naws_acces_key_id = AKIDSHOP\naws_secret_access_key = s\n")
	if got := sign(t, invoke.Settings{}); got != "AKIDROLE0 eu-west-1" {
		t.Fatalf("got %s", got)
	}
	for _, settings := range []invoke.Settings{{Profile: "shop"}, {Profile: "shop", Role: role}} {
		newSTS(t)
		if got := sign(t, settings); !strings.Contains(got, `the profile 'shop' of the shared AWS files: 'the profile has no credentials, and the gateway does not use those of the container or the instance for it'`) {
			t.Errorf("%v: got %s", settings, got)
		}
	}
}

// The SDK does not support aws login, and would sign with the role of the instance.
func TestLoginSession(t *testing.T) {
	const login, shop, base = "login_session = arn:aws:iam::123456789012:user/ada\n", "[profile shop]\n", "[profile base]\n"
	for _, tc := range []struct {
		name, profile, config, credentials string
		env                                map[string]string
		want                               string // the profile in the error; empty for no error
	}{
		{"alone", "shop", shop + login, "", nil, "shop"},
		{"of the default profile", "", "[default]\n" + login, "", nil, "default"},
		{"of a source profile", "shop", shop + "role_arn = r\nsource_profile = base\n" + base + login, "", nil, "base"},
		{"of a profile with a role and a source", "shop", shop + login + "role_arn = r\nsource_profile = base\n" + base, "[base]\naws_access_key_id = a\naws_secret_access_key = s\n", nil, ""},
		{"of a profile with a role", "shop", shop + login + "role_arn = r\n", "", nil, "shop"},
		{"with keys of the environment", "", "[default]\n" + login, "", keysOfEnvironment, ""},
		{"with keys", "shop", shop + login, shopKeys, nil, ""},
		{"with a process", "shop", shop + login + "credential_process = true\n", "", nil, ""},
		{"with SSO", "shop", shop + login + "sso_account_id = 1\nsso_region = r\nsso_start_url = u\nsso_role_name = n\n", "", nil, ""},
		{"with a credential_source", "shop", shop + login + "role_arn = r\ncredential_source = Ec2InstanceMetadata\n", "", nil, ""},
		{"with a web identity", "shop", shop + login + "role_arn = r\nweb_identity_token_file = x\n", "", nil, ""},
		{"of another profile", "shop", shop + "region = r\n" + base + login, "", nil, ""},
		{"a comment", "shop", shop + "# " + login, "", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, tc.credentials)
			want := fmt.Sprintf("profile '%s': login_session: the AWS SDK for KrakenD 1.x cannot use the credentials of aws login: use a profile with credential_process = aws configure export-credentials --profile %[1]s, or build for KrakenD 2", tc.want)
			_, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Profile: tc.profile, Region: "eu-west-1"})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || err.Error() != want) {
				t.Errorf("got %v, want an error of the profile %q", err, tc.want)
			}
		})
	}
}

// The SDK does not read endpoints of profiles, and would call AWS.
func TestEndpointsOfAProfile(t *testing.T) {
	const (
		lambda   = `profile 'default': the AWS SDK for KrakenD 1.x ignores endpoint_url: set endpoint or AWS_ENDPOINT_URL_LAMBDA`
		services = `profile 'default': the AWS SDK for KrakenD 1.x ignores the endpoint_url of lambda in [services local]: set endpoint or AWS_ENDPOINT_URL_LAMBDA`
		sts      = `profile 'default': the AWS SDK for KrakenD 1.x ignores endpoint_url: set AWS_ENDPOINT_URL_STS`
		section  = "services = local\n[services local]\n"
		url      = "endpoint_url = http://127.0.0.1:1\n"
	)
	for _, tc := range []struct {
		name     string
		env      map[string]string
		config   string // of the default profile
		settings invoke.Settings
		want     string
	}{
		{"endpoint_url", nil, url, invoke.Settings{}, lambda},
		{"of the backend's profile", nil, url, invoke.Settings{Profile: "default"}, lambda},
		{"of another profile", nil, "[profile shop]\n" + url, invoke.Settings{}, ""},
		{"of another service", nil, section + "s3 =\n  " + url, invoke.Settings{}, ""},
		{"of a service with another key", nil, section + "lambda =\n  max = 1\n", invoke.Settings{}, ""},
		{"in services", nil, section + "lambda =\n  " + url, invoke.Settings{}, services},
		{"in services of another name", nil, strings.Replace(section, "services = local", "services = x", 1) + "lambda =\n  " + url, invoke.Settings{}, ""},
		{"nested", nil, "s3 =\n  " + url, invoke.Settings{}, ""},
		{"with credentials of the environment", keysOfEnvironment, url, invoke.Settings{}, lambda},
		{"with endpoint", nil, url, invoke.Settings{Endpoint: "http://127.0.0.1:2"}, ""},
		{"with AWS_ENDPOINT_URL_LAMBDA", map[string]string{"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:2"}, url, invoke.Settings{}, ""},
		{"with AWS_ENDPOINT_URL", map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:2"}, url, invoke.Settings{Role: role}, ""},
		{"turned off", map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, url, invoke.Settings{Role: role}, ""},
		{"turned off by the profile", nil, url + "ignore_configured_endpoint_urls = true\n", invoke.Settings{}, ""},
		{"turned on by the environment", map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, url + "ignore_configured_endpoint_urls = true\n", invoke.Settings{}, lambda},
		{"of STS, for a role", nil, url, invoke.Settings{Endpoint: "http://127.0.0.1:2", Role: role}, sts},
		{"of STS, for a role of the profile", nil, url + "role_arn = r\ncredential_source = Environment\n", invoke.Settings{Endpoint: "http://127.0.0.1:2"}, sts},
		{"of STS, for a web identity", map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}, url, invoke.Settings{Endpoint: "http://127.0.0.1:2"}, sts},
		{"of STS, for a role that is not assumed", keysOfEnvironment, url + "role_arn = r\ncredential_source = Environment\n", invoke.Settings{Endpoint: "http://127.0.0.1:2"}, ""},
		{"of STS, with AWS_ENDPOINT_URL_STS", map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:2"}, url, invoke.Settings{Endpoint: "http://127.0.0.1:2", Role: role}, ""},
		{"of STS in services", nil, section + "sts =\n  " + url, invoke.Settings{Role: role}, `profile 'default': the AWS SDK for KrakenD 1.x ignores the endpoint_url of sts in [services local]: set AWS_ENDPOINT_URL_STS`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, "[default]\n"+tc.config, "")
			tc.settings.Region = "eu-west-1"
			got := ""
			if _, _, err := New(nil, &recorder{}, true).Client(tc.settings); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			// The session of a build has the build's endpoints.
			if _, _, err := New(testSession(t, ""), &recorder{}, true).Client(invoke.Settings{Role: role}); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}
