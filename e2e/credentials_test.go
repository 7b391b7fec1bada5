package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sharedCredentials = "[default]\naws_access_key_id = " + accessKeyID + "\naws_secret_access_key = " + secretAccessKey + "\n"

// awsHome makes a home directory with these files in ~/.aws.
func awsHome(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestCredentialsOfTheSharedFiles(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		const others = "[other]\naws_access_key_id = OTHER\naws_secret_access_key = other\n"
		for name, files := range map[string]map[string]string{
			"credentials":             {"credentials": others + sharedCredentials},
			"credentials in config":   {"config": sharedCredentials},
			"credentials besides one": {"credentials": sharedCredentials, "config": "[default]\nregion = ap-south-1\n"},
		} {
			t.Run(name, func(t *testing.T) {
				api := newLambda(t, map[string]any{"f": echo})
				gw := start(t, g, []object{endpoint("/f", lambdaBackend(fixed(api, "f")))},
					options{Home: awsHome(t, files), Env: []string{}})

				check(t, gw.get(t, "/f"), http.StatusOK, `{}`)
				if call := onlyCall(t, api, "f"); call.AccessKeyID != accessKeyID || call.Region != "us-east-1" {
					t.Errorf("got a call with %s for %s", call.AccessKeyID, call.Region)
				}
			})
		}
	})
}

func TestRegionOfTheSurroundings(t *testing.T) {
	key := []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=" + secretAccessKey}
	sharedRegion := map[string]string{"credentials": sharedCredentials, "config": "[default]\nregion = ap-south-1\n"}
	cases := []struct {
		name     string
		files    map[string]string
		env      []string
		settings object
		want     string
	}{
		{"shared config", sharedRegion, []string{}, nil, "ap-south-1"},
		{"AWS_REGION", nil, append(key, "AWS_REGION=eu-west-1"), nil, "eu-west-1"},
		{"AWS_DEFAULT_REGION", nil, append(key, "AWS_DEFAULT_REGION=eu-west-2"), nil, "eu-west-2"},
		{"AWS_REGION first", sharedRegion, []string{"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-2"}, nil, "eu-west-1"},
		{"the ARN's first", sharedRegion, []string{"AWS_REGION=eu-west-1"}, object{"function_name": "arn:aws:lambda:us-west-2:123456789012:function:f"}, "us-west-2"},
		{"the configuration's first", sharedRegion, []string{"AWS_REGION=eu-west-1"}, object{"region": "us-east-2"}, "us-east-2"},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				api := newLambda(t, map[string]any{"f": echo})
				settings := with(object{"function_name": "f", "endpoint": api.URL, "max_retries": 0}, tc.settings)
				gw := start(t, g, []object{endpoint("/f", lambdaBackend(settings))}, options{Home: awsHome(t, tc.files), Env: tc.env})

				check(t, gw.get(t, "/f"), http.StatusOK, `{}`)
				if call := onlyCall(t, api, "f"); call.Region != tc.want {
					t.Errorf("got a call signed for %q, want %q", call.Region, tc.want)
				}
			})
		}
	})
}

func TestCredentialsThatAreWrongOrMissing(t *testing.T) {
	const noMetadata = "AWS_EC2_METADATA_DISABLED=true"
	cases := []struct {
		name  string
		env   []string
		calls int
		want  string
	}{
		{"none", []string{noMetadata}, 0, "invocation failed: NoCredentialProviders: "},
		{"half", []string{noMetadata, "AWS_ACCESS_KEY_ID=" + accessKeyID}, 0, "invocation failed: NoCredentialProviders: "},
		{"unknown key", []string{"AWS_ACCESS_KEY_ID=OTHER", "AWS_SECRET_ACCESS_KEY=" + secretAccessKey}, 1, "invocation failed: UnrecognizedClientException (403): "},
		{"wrong secret", []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=hunter2"}, 1, "invocation failed: InvalidSignatureException (403): "},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				api := newLambda(t, map[string]any{"f": echo})
				gw := start(t, g, []object{
					endpoint("/f", lambdaBackend(with(fixed(api, "f"), object{"max_retries": 1}), at("/f"))),
				}, options{Env: tc.env})

				got := gw.get(t, "/f")
				check(t, got, http.StatusBadGateway, "")
				checkNothingLeaks(t, got)
				if calls := callsOf(api, "f"); len(calls) != tc.calls {
					t.Errorf("got %d calls, want %d", len(calls), tc.calls)
				}
				lines := gw.lines(t, "ERROR", "/f")
				if len(lines) != 1 || !strings.HasPrefix(lines[0], tc.want) {
					t.Errorf("got errors %q, want %q", lines, tc.want)
				}
				if log := gw.Log(t); strings.Contains(log, "hunter2") || strings.Contains(log, secretAccessKey) {
					t.Error("the log has the secret access key")
				}
			})
		}
	})
}

// Shared files that cannot be read are a bad configuration, of every Lambda
// backend, and of no other.
func TestSharedFilesThatAreBroken(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			endpoint("/one", lambdaBackend(fixed(api, "f"), at("/one"))),
			endpoint("/two", lambdaBackend(fixed(api, "f"), at("/two"))),
			endpoint("/http", httpBackend(jsonHost(t, `{}`), "/")),
		}, options{Home: awsHome(t, map[string]string{"config": "[default\nregion"}), Env: []string{}})

		for _, path := range []string{"/one", "/two"} {
			check(t, gw.get(t, path), http.StatusInternalServerError, "")
			lines := gw.lines(t, "ERROR", path)
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "bad configuration: the AWS SDK makes no session: ") {
				t.Errorf("%s: got errors %q", path, lines)
			}
		}
		check(t, gw.get(t, "/http"), http.StatusOK, `{}`)
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}
