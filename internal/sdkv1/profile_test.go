package sdkv1

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"

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

// The SDK would go on to the role of the instance.
func TestProfileThatIsNotThere(t *testing.T) {
	environment(t, keysOfEnvironment, "[profile shops]\n[profile  shop]\n#[profile shop]\n", defaultKeys+"[a.shop]\n")
	for _, profile := range []string{"shop", "a*shop"} {
		want := fmt.Sprintf(`profile: there is no %q in %s or %s`, profile, os.Getenv("AWS_CONFIG_FILE"), os.Getenv("AWS_SHARED_CREDENTIALS_FILE"))
		if _, _, err := New(nil, &recorder{}, false).Client(invoke.Settings{Profile: profile, Region: "eu-west-1"}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// What is found in the shared files is what the SDK finds there.
func TestSections(t *testing.T) {
	for head, want := range map[string]bool{
		"[profile two words]":       true,
		"[two words]":               true,
		"[ profile two words ]":     true,
		"  [profile two words]":     true,
		"[profile two words] # c":   true,
		"[profile  two words]":      false,
		"[profile\ttwo words]":      false,
		"[profile two  words]":      false,
		"[Profile two words]":       false,
		"[profile 'two words']":     false,
		`[profile "two words"]`:     false,
		"['two words']":             false,
		"#[profile two words]":      false,
		"[x]\n[profile two words]":  true,
		"[x]\na=b\n[two words]":     true,
		"[profile two]\n[words]":    false,
		"[two words]\n[two words]":  true,
		";[two words]\n[two words]": true,
		"[x]\r\n[two words]":        true,
	} {
		environment(t, nil, head+"\nregion = eu-west-1\n", "")
		s, err := session.NewSessionWithOptions(session.Options{Profile: "two words", SharedConfigState: session.SharedConfigEnable})
		if err != nil {
			t.Fatal(err)
		}
		if sdk := aws.StringValue(s.Config.Region) == "eu-west-1"; sdk != want {
			t.Errorf("%q: the SDK finds it: %t, want %t", head, sdk, want)
		}
		if err := checkProfile("two words"); (err == nil) != want {
			t.Errorf("%q: got %v, want found: %t", head, err, want)
		}
	}
}

// The AWS CLI writes sections that this SDK does not find.
func TestQuotedSection(t *testing.T) {
	for _, tc := range []struct{ config, credentials, section string }{
		{"[profile 'two words']\nregion = eu-west-1\n", "", "[profile 'two words']"},
		{"[profile \"two words\"]\n", "", `[profile "two words"]`},
		{"[profile  'two words']\n", "", "[profile  'two words']"},
		// The keys alone would be half of it.
		{"[profile 'two words']\nrole_arn = x\n", "[two words]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s\n", "[profile 'two words']"},
		{"[profile 'two words']\n[profile two words]\n", "", ""},
		{"[profile 'two word']\n[profile \"three words\"]\n", "[two words]\n", ""},
		{"", "[two words]\n", ""},
	} {
		environment(t, nil, tc.config, tc.credentials)
		want := ""
		if tc.section != "" {
			want = `profile: the AWS SDK does not find "two words" under ` + tc.section + " in " + os.Getenv("AWS_CONFIG_FILE") + ": write [profile two words], without quotes"
		}
		settings := invoke.Settings{Profile: "two words", Region: "eu-west-1"}
		for range 2 { // the second time the profile is the environment's
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

// program writes a program that prints keys with its arguments in their id.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	script := "#!/bin/sh\nprintf '{\"Version\": 1, \"AccessKeyId\": \"AKID%s\", \"SecretAccessKey\": \"s\"}' \"$*\"\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCredentialProcess(t *testing.T) {
	path := program(t)
	for value, want := range map[string]string{
		"P":               "AKID eu-west-1",
		"P x":             "AKIDx eu-west-1",
		`"P"`:             "AKID eu-west-1",
		`"P" # x`:         "AKID eu-west-1",
		`"P x"`:           "AKIDx eu-west-1",
		"'P' x":           "AKIDx eu-west-1",
		`P "x"`:           "AKIDx eu-west-1",
		`"P" x`:           "refused",
		`"P"x`:            "refused",
		"\"P\"\tx":        "refused",
		`"P" "x"`:         "refused",
		`"P" --role=x #y`: "refused",
	} {
		if want == "refused" {
			want = `profile "shop": credential_process: the AWS SDK runs "` + path + `" without the arguments behind it, because of the double quotes: write the path without quotes, or in single ones`
		}
		config := "[profile shop]\ncredential_process = " + strings.ReplaceAll(value, "P", path) + "\n"
		environment(t, nil, config, "")
		if got := sign(t, invoke.Settings{Profile: "shop"}); got != want {
			t.Errorf("%s: got  %s\nwant %s", value, got, want)
		}
		t.Setenv("AWS_PROFILE", "shop")
		if got := sign(t, invoke.Settings{}); got != want {
			t.Errorf("%s, of the environment: got  %s\nwant %s", value, got, want)
		}
		os.Unsetenv("AWS_PROFILE")
	}
}

// A credential_process counts where the SDK would use it.
func TestCredentialProcessInUse(t *testing.T) {
	process := "credential_process = \"" + program(t) + "\" x\n"
	const shop, base = "[profile shop]\n", "[profile base]\n"
	for _, tc := range []struct {
		name        string
		profile     string
		env         map[string]string
		config      string
		credentials string
		want        string // the profile of the error, empty for none
	}{
		{"the default profile's", "", nil, "[default]\n" + process, "", "default"},
		{"under another name", "", nil, "[profile default]\n" + process, "", "default"},
		{"in the credentials file", "shop", nil, shop, "[shop]\n" + process, "shop"},
		{"with spaces around", "shop", nil, shop + "  " + strings.Replace(process, " = ", "\t=\t", 1), "", "shop"},
		{"with a colon", "shop", nil, shop + strings.Replace(process, " =", ":", 1), "", "shop"},
		{"of a source profile", "shop", nil, shop + "role_arn = r\nsource_profile = base\n" + base + process, "", "base"},
		{"of a quoted source profile", "shop", nil, shop + "role_arn = r\nsource_profile = \"base\" # b\n" + base + process, "", "base"},
		{"of a commented source profile", "shop", nil, shop + "role_arn = r\nsource_profile = base # b\n" + base + process, "", "base"},
		{"of the profile that is its own source", "shop", nil, shop + "role_arn = r\nsource_profile = shop\n" + process, "", "shop"},
		{"of another profile", "shop", nil, shop + "region = r\n" + base + process, "", ""},
		{"replaced in the credentials file", "shop", nil, shop + process, "[shop]\ncredential_process = cat x\n", ""},
		{"a comment", "shop", nil, shop + "# " + process, "", ""},
		{"beside keys", "shop", nil, shop + process, shopKeys, ""},
		{"beside half of the keys", "shop", nil, shop + process, "[shop]\naws_access_key_id = a\n", "shop"},
		{"beside SSO", "shop", nil, shop + process + "sso_account_id = 1\nsso_region = r\nsso_start_url = u\nsso_role_name = n\n", "", ""},
		{"beside keys of the environment", "", keysOfEnvironment, "[default]\n" + process, "", ""},
		{"beside a web identity of the environment", "", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "x", "AWS_ROLE_ARN": "r"}, "[default]\n" + process, "", ""},
		{"of a profile beside keys of the environment", "shop", keysOfEnvironment, shop + process, "", "shop"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, tc.credentials)
			_, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Profile: tc.profile, Region: "eu-west-1"})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("profile %q: credential_process: ", tc.want))) {
				t.Errorf("got %v, want an error of the profile %q", err, tc.want)
			}
		})
	}
}

// The role of a container or an instance is not a profile's.
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
		if got := sign(t, settings); !strings.Contains(got, `the profile "shop" of the shared AWS files: "it has none, and those of the container or the instance are not its own"`) {
			t.Errorf("%v: got %s", settings, got)
		}
	}
}
