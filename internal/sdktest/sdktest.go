package sdktest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// A New returns what makes clients by one SDK, which reads the environment. Their calls, and those
// of lookups, go over transport; nil is the SDK's own. checkOnly makes clients that look nothing up.
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

// environment sets variables of the environment, and the shared AWS files: one with config, and one
// for credentials that is empty.
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
