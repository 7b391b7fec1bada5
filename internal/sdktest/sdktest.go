package sdktest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// A New returns a function that makes clients with one SDK, which reads the environment. Their
// calls and lookups use transport; nil uses the SDK's own. With checkOnly the clients make no
// lookups.
type New func(t *testing.T, transport http.RoundTripper, checkOnly bool) func(invoke.Settings) (*invoke.Client, error)

// GatewayRole is the ARN of a role.
const GatewayRole = "arn:aws:iam::123456789012:role/gateway"

// HideEnvironment removes the machine's AWS settings from the environment of the process.
func HideEnvironment() {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

// WriteFile writes a file into a new directory and returns its path.
func WriteFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Environment sets environment variables, and writes the shared AWS files.
func Environment(t *testing.T, env map[string]string, config, credentials string) {
	t.Helper()
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_CONFIG_FILE", WriteFile(t, "config", config))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", WriteFile(t, "credentials", credentials))
}

// Call calls the function f once.
func Call(ctx context.Context, client *invoke.Client) error {
	return client.Invoke(ctx, &invoke.Request{Function: "f"}, &invoke.Policy{}, func(*invoke.Response) error { return nil })
}
