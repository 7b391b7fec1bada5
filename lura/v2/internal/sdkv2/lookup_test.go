package sdkv2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Each lookup reads the files and the environment.
func TestSharedFileIsReadAgain(t *testing.T) {
	environment(t, nil, "", "")
	c := newSDK(nil)
	if got := find(t, c, invoke.Settings{}); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "AWS_EC2_METADATA_DISABLED") {
		t.Errorf("got %s without keys", got)
	}
	for _, key := range []string{"AKIDLATER", "AKIDNEXT"} {
		content := "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n"
		if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, renew := range []bool{false, true} {
			if got := findWithin(t.Context(), t, c, invoke.Settings{}, renew); got != key {
				t.Errorf("got %s, want %s", got, key)
			}
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	if got := findWithin(t.Context(), t, c, invoke.Settings{}, true); got != "AKIDENV" {
		t.Errorf("got %s, want the key of the environment", got)
	}
}

// numbered is a provider of numbered credentials.
type numbered struct{ n int }

func (p *numbered) Retrieve(context.Context) (aws.Credentials, error) {
	p.n++
	return aws.Credentials{AccessKeyID: fmt.Sprint("AKID", p.n), SecretAccessKey: "s", Source: "numbered", CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
}

// The cache of a custom config keeps credentials until a lookup with renew.
func TestCustomCredentialsAreRenewed(t *testing.T) {
	custom := customConfig()
	custom.Credentials = aws.NewCredentialsCache(new(numbered))
	find := finder(t, newSDK(custom), invoke.Settings{})
	for i, tc := range []struct {
		renew bool
		want  string
	}{{false, "AKID1"}, {false, "AKID1"}, {true, "AKID2"}, {false, "AKID2"}} {
		if got, err := find(t.Context(), tc.renew); err != nil || got.AccessKeyID != tc.want || got.Expires.IsZero() || got.Source != "numbered" {
			t.Errorf("%d: got %+v, %v, want %s", i, got, err, tc.want)
		}
	}
	custom.Credentials = new(numbered) // without a cache
	find = finder(t, newSDK(custom), invoke.Settings{})
	if got, err := find(t.Context(), true); err != nil || got.AccessKeyID != "AKID1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfigWithoutCredentials(t *testing.T) {
	if got := find(t, newSDK(&aws.Config{}), invoke.Settings{}); got != "error: the config has no Credentials" {
		t.Errorf("got %s", got)
	}
	custom := customConfig()
	custom.Credentials = provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
	if got := find(t, newSDK(custom), invoke.Settings{}); got != "error: access key id and secret access key are empty" {
		t.Errorf("got %s", got)
	}
}

// provider is a custom provider.
type provider func(context.Context) (aws.Credentials, error)

func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) { return p(ctx) }

func TestPanicOfAProvider(t *testing.T) {
	custom := customConfig()
	custom.Credentials = provider(func(context.Context) (aws.Credentials, error) { panic("out of order") })
	sdk := newSDK(custom)
	if got := find(t, sdk, invoke.Settings{}); got != "error: panic: 'out of order'" {
		t.Errorf("got %s", got)
	}
	// With a role, the STS client calls the provider.
	if got := find(t, sdk, invoke.Settings{Role: role}); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "panic: ") || !strings.Contains(got, "out of order") {
		t.Errorf("got %s", got)
	}
}

// A lookup ends with its context. The next one returns the late result, and starts no other
// retrieval.
func TestLateCredentials(t *testing.T) {
	release, calls := make(chan aws.Credentials), 0
	custom := customConfig()
	custom.Credentials = provider(func(context.Context) (aws.Credentials, error) {
		calls++
		return <-release, nil
	})
	find := finder(t, newSDK(custom), invoke.Settings{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if _, err := find(ended, false); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	}
	release <- aws.Credentials{AccessKeyID: "AKIDLATE", SecretAccessKey: "s", Source: "late"}
	if got, err := find(t.Context(), false); err != nil || got.AccessKeyID != "AKIDLATE" || calls != 1 {
		t.Errorf("got %+v, %v after %d retrievals, want the late result", got, err, calls)
	}
}

// A late failure belongs to a lookup that has ended: the next lookup starts another retrieval.
func TestLateFailure(t *testing.T) {
	calls := 0
	custom := customConfig()
	custom.Credentials = provider(func(ctx context.Context) (aws.Credentials, error) {
		if calls++; calls == 1 {
			<-ctx.Done()
			return aws.Credentials{}, ctx.Err()
		}
		return aws.Credentials{AccessKeyID: "AKIDNEW", SecretAccessKey: "s", Source: "new"}, nil
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	find := finder(t, newSDK(custom), invoke.Settings{})
	if _, err := find(ended, false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, err := find(t.Context(), false); err != nil || got.AccessKeyID != "AKIDNEW" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The SDK's cache hides the end of a context from its providers. Their requests still end.
func TestRequestsEndWithTheLookup(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"AssumeRoleWithWebIdentity": {"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")},
		"a container":               {},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			gone := make(chan struct{})
			url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				cancel()
				<-r.Context().Done() // the connection is closed
				close(gone)
			})
			environment(t, env, "", "")
			t.Setenv("AWS_ENDPOINT_URL_STS", url)
			if len(env) == 0 {
				t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
			}
			if got := findWithin(ctx, t, newSDK(nil), invoke.Settings{}, false); !strings.HasPrefix(got, "error: ") {
				t.Errorf("got %s", got)
			}
			<-gone
		})
	}
}

// A profile does not use the role of the container or the instance.
func TestProfileWithoutCredentials(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	asked := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprintf(w, `{"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	})
	const want = "error: the profile has no credentials, and the gateway does not use those of the container or the instance for it"
	for name, env := range map[string]map[string]string{
		"container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url},
		"instance":  {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, env, "[profile shop]\nregion = eu-west-1\n", "")
			if name == "container" {
				if got := find(t, newSDK(nil), invoke.Settings{}); got != "AKIDROLE0" {
					t.Fatalf("got %s", got)
				}
			}
			asked = 0
			c := newSDK(nil)
			for _, settings := range []invoke.Settings{{Profile: "shop"}, {Profile: "shop", Role: role}} {
				newSTS(t)
				if got := find(t, c, settings); got != want || asked != 0 {
					t.Errorf("%+v: got %s after %d requests", settings, got, asked)
				}
				if where, _ := c.where(keyOf(settings)); !strings.HasSuffix(where, `the profile 'shop' of the shared AWS files`) {
					t.Errorf("got %s", where)
				}
			}
		})
	}
	// An incomplete key is a bad configuration.
	environment(t, nil, "", "[shop]\naws_acces_key_id = AKIDSHOP\naws_secret_access_key = s\n")
	if _, _, err := newSDK(nil).target(invoke.Settings{Profile: "shop", Region: "eu-west-1"}); err == nil || !strings.Contains(err.Error(), "partial credentials found for profile shop") {
		t.Errorf("got %v", err)
	}
}

// The SDK's chain would treat these credentials of a container as expired.
func TestCredentialsThatExpireSoon(t *testing.T) {
	want := time.Now().Add(2 * time.Minute).UTC().Truncate(time.Second)
	environment(t, map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, want.Format(time.RFC3339))
	})}, "", "")
	if got, err := finder(t, newSDK(nil), invoke.Settings{})(t.Context(), false); err != nil || !got.Expires.Equal(want) {
		t.Errorf("got %v, %v, want %v", got.Expires, err, want)
	}
}

// where describes the places for an operator.
func TestWhere(t *testing.T) {
	for _, half := range []bool{false, true} {
		environment(t, nil, "[profile shop]\n", "")
		if half {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDHALF")
		}
		sdk := newSDK(nil)
		if got := sdk.lookups(keyOf(invoke.Settings{})).HalfKey; got != half {
			t.Errorf("got %t for half of a key, want %t", got, half)
		}
		if sdk.lookups(keyOf(invoke.Settings{Profile: "shop"})).HalfKey || newSDK(customConfig()).lookups(keyOf(invoke.Settings{})).HalfKey {
			t.Error("half of a key counts where the environment is not searched")
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	for _, tc := range []struct {
		custom   *aws.Config
		settings invoke.Settings
		want     string
	}{
		{nil, invoke.Settings{}, `the environment, the profile 'default' of the shared AWS files, and the metadata service of the container or the instance`},
		{nil, invoke.Settings{Profile: "shop"}, `the profile 'shop' of the shared AWS files`},
		{customConfig(), invoke.Settings{}, "the AWS config of this build (WithConfig)"},
		{customConfig(), invoke.Settings{Role: role}, "the role " + gatewayRole + ", assumed with credentials from the AWS config of this build (WithConfig)"},
	} {
		if got, _ := newSDK(tc.custom).where(keyOf(tc.settings)); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// Lookups do not change a custom config.
func TestCustomConfigIsNotChanged(t *testing.T) {
	custom := customConfig()
	custom.APIOptions = append(custom.APIOptions, nil)[:0]
	custom.Credentials = sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "s", "")
	custom.HTTPClient = &http.Client{Timeout: 7}
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	custom.BaseEndpoint = aws.String(serve(t, func(http.ResponseWriter, *http.Request) {}))
	find(t, newSDK(custom), invoke.Settings{Region: "eu-west-1", Role: role})
	if custom.Region != "us-west-2" || len(custom.APIOptions) != 0 || custom.APIOptions[:1][0] != nil || custom.HTTPClient.(*http.Client).CheckRedirect != nil {
		t.Errorf("got %+v", custom)
	}
}
