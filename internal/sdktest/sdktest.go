package sdktest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// A New returns a function that makes clients with one SDK, which reads the environment. Their
// calls and lookups use transport; nil uses the SDK's own. With checkOnly the clients make no
// lookups.
type New func(t *testing.T, transport http.RoundTripper, checkOnly bool) func(invoke.Settings) (*invoke.Client, error)

const gatewayRole = "arn:aws:iam::123456789012:role/gateway"

// write writes a file and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// environment sets environment variables, and writes the shared AWS files: one with config, and
// an empty one for credentials.
func environment(t *testing.T, env map[string]string, config string) {
	t.Helper()
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_CONFIG_FILE", write(t, "config", config))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, "credentials", ""))
}

// call calls the function f once.
func call(ctx context.Context, client *invoke.Client) error {
	return client.Invoke(ctx, &invoke.Request{Function: "f"}, &invoke.Policy{}, func(*invoke.Response) error { return nil })
}
