package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
	const (
		noMetadata = "AWS_EC2_METADATA_DISABLED=true"
		places     = `the profile 'default' of the shared AWS files, and the metadata service of the container or the instance: `
		none       = `[Lambda] no AWS credentials in the environment, ` + places
		half       = `[Lambda] no AWS credentials in the environment (without AWS_SECRET_ACCESS_KEY), ` + places
	)
	cases := []struct {
		name  string
		env   []string
		calls int
		want  string
	}{
		{"none", []string{noMetadata}, 0, none},
		{"half", []string{noMetadata, "AWS_ACCESS_KEY_ID=" + accessKeyID}, 0, half},
		{"unknown key", []string{"AWS_ACCESS_KEY_ID=OTHER", "AWS_SECRET_ACCESS_KEY=" + secretAccessKey}, 1, "invocation failed: function f, code UnrecognizedClientException (403), request id "},
		{"wrong secret", []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=hunter2"}, 1, "invocation failed: function f, code InvalidSignatureException (403), request id "},
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
				lines := gw.Lines(t, "ERROR", "/f")
				want := tc.want
				if tc.calls == 0 {
					want = "invocation failed: function f, code NoCredentials: no AWS credentials in "
					if log := gw.Log(t); strings.Count(log, tc.want+g.noCredentials) != 1 {
						t.Errorf("the cause is not there once:\n%s", log)
					}
				}
				if len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
					t.Errorf("got errors %q, want %q", lines, want)
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
			lines := gw.Lines(t, "ERROR", path)
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "bad configuration: ") {
				t.Errorf("%s: got errors %q", path, lines)
			}
		}
		check(t, gw.get(t, "/http"), http.StatusOK, `{}`)
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

func TestProfile(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		home := awsHome(t, map[string]string{
			"credentials": "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n" + strings.Replace(sharedCredentials, "[default]", "[shop]", 1),
		})
		gw := start(t, g, []object{
			endpoint("/shop", lambdaBackend(with(fixed(api, "f"), object{"profile": "shop"}))),
			endpoint("/absent", lambdaBackend(with(fixed(api, "f"), object{"profile": "shops"}), at("/absent"))),
		}, options{Home: home, Env: []string{"AWS_ACCESS_KEY_ID=ANOTHER", "AWS_SECRET_ACCESS_KEY=another"}})

		check(t, gw.get(t, "/shop"), http.StatusOK, `{}`)
		check(t, gw.get(t, "/absent"), http.StatusInternalServerError, "")
		onlyCall(t, api, "f")
		want := fmt.Sprintf(`bad configuration: profile: 'shops' is not in %s or %[2]s; each request to `, home+"/.aws/config", home+"/.aws/credentials")
		if lines := gw.Lines(t, "ERROR", "/absent"); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("got %q, want %q", lines, want)
		}
	})
}

// A role is assumed when the gateway starts, once for all backends that have it, and its
// credentials are what calls are signed with.
func TestAssumeRole(t *testing.T) {
	const role, roleKey, roleSecret = "arn:aws:iam::123456789012:role/gateway", "AKIDROLE", "not-a-secret-of-the-role"
	eachGateway(t, func(t *testing.T, g gateway) {
		var mu sync.Mutex
		var calls []url.Values
		sts := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			r.ParseForm()
			mu.Lock()
			calls = append(calls, r.PostForm)
			mu.Unlock()
			if !strings.Contains(r.Header.Get("Authorization"), "Credential="+accessKeyID+"/") {
				w.WriteHeader(http.StatusForbidden)
			}
			if r.PostForm.Get("ExternalId") != "tea" {
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not this one</Message></Error></ErrorResponse>")
				return
			}
			fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>"+
				"<SessionToken>token-of-the-role</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
				roleKey, roleSecret, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		})
		api := newLambda(t, map[string]any{"f": echo})
		api.RequireCredentials(roleKey, roleSecret)
		assume := func(id string) object {
			return with(fixed(api, "f"), object{"assume_role": object{"role_arn": role, "external_id": id}})
		}
		gw := start(t, g, []object{
			endpoint("/one", lambdaBackend(assume("tea"))),
			endpoint("/two", lambdaBackend(assume("tea"))),
			endpoint("/denied", lambdaBackend(assume("coffee"), at("/denied"))),
		}, options{Env: []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=" + secretAccessKey, "AWS_ENDPOINT_URL_STS=" + sts}})

		check(t, gw.get(t, "/one"), http.StatusOK, `{}`)
		check(t, gw.get(t, "/two"), http.StatusOK, `{}`)
		denied := gw.get(t, "/denied")
		check(t, denied, http.StatusBadGateway, "")
		checkNothingLeaks(t, denied)
		want := `[Lambda] no AWS credentials in the role ` + role + `, assumed with credentials from the environment, the profile 'default' of the shared AWS files, and the metadata service of the container or the instance: AccessDenied (403): 'not this one'`
		if log := gw.Log(t); strings.Count(log, want) != 1 {
			t.Errorf("got the log\n%s\nwant %q once", log, want)
		}
		for _, call := range callsOf(api, "f") {
			if call.Header.Get("X-Amz-Security-Token") != "token-of-the-role" {
				t.Errorf("got a call without the role's session token")
			}
		}
		mu.Lock()
		defer mu.Unlock()
		assumed := 0
		for _, c := range calls {
			if c.Get("ExternalId") == "tea" {
				assumed++
			}
			if c.Get("RoleArn") != role || c.Get("RoleSessionName") != "krakend-lambda" {
				t.Errorf("got %v", c)
			}
		}
		if assumed != 1 {
			t.Errorf("the role was assumed %d times, want once", assumed)
		}
		for _, secret := range []string{roleSecret, "token-of-the-role", secretAccessKey} {
			if strings.Contains(gw.Log(t), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
}

// Without credentials, requests do not each look for them: each would wait until the metadata service
// times out.
func TestMissingCredentialsAreNotLookedForInEveryRequest(t *testing.T) {
	const requests = 50
	eachGateway(t, func(t *testing.T, g gateway) {
		var asked atomic.Int32
		metadata := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/latest/meta-data/iam/") { // once for each lookup, but for retries
				asked.Add(1)
			}
			w.WriteHeader(http.StatusNotFound)
		})
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(fixed(api, "f"), at("/f")))},
			options{Env: []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + metadata}})

		check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		lookup := asked.Load()
		if lookup == 0 {
			t.Error("the metadata service got no requests")
		}
		for range requests {
			check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		}
		// One for every five seconds there may be.
		if n := asked.Load(); n > lookup*requests/2 {
			t.Errorf("%d requests asked the metadata service %d times, the first one %d times", requests, n-lookup, lookup)
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
	})
}

// The gateway finds credentials that appear later without a restart.
func TestCredentialsThatComeLater(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		home := awsHome(t, nil)
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(fixed(api, "f"), at("/f")))},
			options{Home: home, Env: []string{"AWS_EC2_METADATA_DISABLED=true"}})

		check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		if err := os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte(sharedCredentials), 0o600); err != nil {
			t.Fatal(err)
		}
		const found = "[Lambda] using AWS credentials from "
		for deadline := time.Now().Add(clientTimeout); gw.get(t, "/f").status != http.StatusOK || !strings.Contains(gw.Log(t), found); {
			if time.Now().After(deadline) {
				t.Fatal("the gateway has not found them, or does not say so")
			}
			time.Sleep(100 * time.Millisecond) // between two questions; it looks every five seconds
		}
	})
}
