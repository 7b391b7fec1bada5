package sdkv2

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Without the check, null ends the process. The SDK handles the other files.
func TestCacheFileOfLogin(t *testing.T) {
	const config = "[default]\nlogin_session = tea\n" +
		"[profile role]\nrole_arn = " + gatewayRole + "\nlogin_session = tea\n"
	dir := t.TempDir()
	file := filepath.Join(dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte("tea"))))
	environment(t, nil, config, "")
	t.Setenv("AWS_LOGIN_CACHE_DIRECTORY", dir)
	t.Setenv("AWS_REGION", "eu-west-1")
	loaded := func() *aws.Config {
		cfg, err := sdkconfig.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return &cfg
	}
	null := file + ", the cache file of aws login, contains null: run aws login again"
	for content, want := range map[string]string{
		"null":                 null,
		" null\r\n":            null,
		"":                     "unexpected end of JSON input",
		"{}":                   "missing accessToken",
		"[]":                   "cannot unmarshal array",
		"nul":                  "invalid character",
		`{"accessToken":null}`: "missing accessToken",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			sdk      *SDK
			settings invoke.Settings
		}{
			"the default profile":     {newSDK(nil), invoke.Settings{}},
			"a role":                  {newSDK(nil), invoke.Settings{Role: role}},
			"a profile with a role":   {newSDK(nil), invoke.Settings{Profile: "role"}},
			"a custom config":         {newSDK(loaded()), invoke.Settings{}},
			"a custom config, a role": {newSDK(loaded()), invoke.Settings{Role: role}},
		} {
			if got := find(t, tc.sdk, tc.settings); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want) {
				t.Errorf("%q, %s: got %s, want %s", content, name, got, want)
			}
		}
	}
	os.Remove(file)
	if got := find(t, newSDK(nil), invoke.Settings{}); !strings.Contains(got, "token file not found") {
		t.Errorf("got %s", got)
	}
}

// A profile may have a login_session and credentials that the SDK prefers.
func TestLoginThatIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte("tea")))), []byte("null"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, nil, "[default]\nlogin_session = tea\n", defaultKeys)
	t.Setenv("AWS_LOGIN_CACHE_DIRECTORY", dir)
	if got := find(t, newSDK(nil), invoke.Settings{}); got != "AKIDDEFAULT" {
		t.Errorf("got %s", got)
	}
}
