package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// everything returns a gateway after invocations with every result that metrics distinguish.
func everything(t *testing.T) *gateway {
	g := start(t, map[string]map[string]any{
		"bad":         {"function_name": "bad"},
		"cold":        {"function_name": "cold", "log_tail": true, "max_retries": 0},
		"any/{fn}":    {"function_param_name": "Fn", "function_name_case": "verbatim"},
		"star/{fn}":   {"function_param_name": "Fn", "function_name_case": "verbatim", "allowed_functions": []string{"go*"}},
		"listed/{fn}": {"function_param_name": "Fn", "function_name_case": "verbatim", "allowed_functions": []string{"listed"}},
	})
	for _, path := range []string{"/bad", "/cold", "/any/good", "/any/" + strings.Repeat("x", 60), "/star/good", "/listed/listed"} {
		g.call(path, nil)
	}
	g.api.Fail("cold", lambdatest.Throttle(0))
	g.call("/cold", nil)
	return g
}

// scopeLabels are labels of the instrumentation library. They depend on the exporter.
var scopeLabels = regexp.MustCompile(`otel_scope_[a-z_]+="[^"]*",?`)

// samples returns the lines of /metrics about this module, without buckets and sums.
func samples(scrape string) []string {
	var all []string
	for line := range strings.Lines(scrape) {
		name, _, _ := strings.Cut(line, "{")
		if strings.HasPrefix(name, "krakend_lambda_") && !strings.HasSuffix(name, "_bucket") && !strings.HasSuffix(name, "_sum") {
			line = strings.Replace(scopeLabels.ReplaceAllString(line, ""), ",}", "}", 1)
			all = append(all, strings.TrimSpace(strings.TrimPrefix(line, "krakend_lambda_")))
		}
	}
	slices.Sort(all)
	return all
}

// Prometheus gets these names and labels. A function that a client names is _OTHER, unless
// allowed_functions lists it.
func TestMetrics(t *testing.T) {
	const region = `,faas_invoked_region="eu-west-1"`
	of := func(name string) string { return `faas_invoked_name="` + name + `"` + region }
	want := []string{
		`attempts_total{` + of("_OTHER") + `} 3`,
		`attempts_total{` + of("bad") + `} 1`,
		`attempts_total{` + of("cold") + `} 2`,
		`attempts_total{` + of("listed") + `} 1`,
		`cold_starts_total{` + of("cold") + `} 1`,
		`credentials_lookups_total{error_type="_OTHER"} 0`,
		`credentials_lookups_total{} 1`,
		`function_errors_total{` + of("_OTHER") + `} 0`,
		`function_errors_total{` + of("bad") + `} 1`,
		`function_errors_total{` + of("cold") + `} 0`,
		`function_errors_total{` + of("listed") + `} 0`,
		`invocation_duration_seconds_count{error_type="ResourceNotFoundException",` + of("_OTHER") + `} 1`,
		`invocation_duration_seconds_count{error_type="TooManyRequestsException",` + of("cold") + `} 1`,
		`invocation_duration_seconds_count{error_type="function_error",` + of("bad") + `} 1`,
		`invocation_duration_seconds_count{` + of("_OTHER") + `} 2`,
		`invocation_duration_seconds_count{` + of("cold") + `} 1`,
		`invocation_duration_seconds_count{` + of("listed") + `} 1`,
		`payload_size_bytes_count{` + of("_OTHER") + `} 3`,
		`payload_size_bytes_count{` + of("bad") + `} 1`,
		`payload_size_bytes_count{` + of("cold") + `} 2`,
		`payload_size_bytes_count{` + of("listed") + `} 1`,
		`reply_size_bytes_count{` + of("_OTHER") + `} 3`,
		`reply_size_bytes_count{` + of("bad") + `} 1`,
		`reply_size_bytes_count{` + of("cold") + `} 2`,
		`reply_size_bytes_count{` + of("listed") + `} 1`,
		`throttles_total{` + of("_OTHER") + `} 0`,
		`throttles_total{` + of("bad") + `} 0`,
		`throttles_total{` + of("cold") + `} 1`,
		`throttles_total{` + of("listed") + `} 0`,
	}
	if got := samples(everything(t).scrape()); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// /metrics is served until the context ends.
func TestServeMetrics(t *testing.T) {
	g := start(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.telemetry.serveMetrics(ctx, l) }()
	response, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || !strings.Contains(string(body), "target_info") {
		t.Errorf("got %q, %v", body, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// run returns the error if the gateway cannot start.
func TestRunFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	file := filepath.Join(t.TempDir(), "krakend.json")
	if err := run(t.Context(), file, "127.0.0.1:0"); err == nil {
		t.Error("got no error without a configuration")
	}
	if err := os.WriteFile(file, []byte(`{"version": 3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), file, taken.Addr().String()); err == nil {
		t.Error("got no error without metrics")
	}
}
