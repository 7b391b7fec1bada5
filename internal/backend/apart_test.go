package backend

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// variants are settings. Each differs from the first one in one key.
func variants(endpoint string) map[string]map[string]any {
	base := map[string]any{"function_param_name": "Lambda", "region": "us-west-2"}
	all := map[string]map[string]any{"": base}
	for key, value := range map[string]any{
		"allowed_functions":      []any{"Ok"},
		"assume_role":            map[string]any{"role_arn": "arn:aws:iam::123456789012:role/gateway"},
		"client_context":         true,
		"durable_execution_name": "{lambda}",
		"endpoint":               endpoint,
		"event":                  map[string]any{"stage": "prod"},
		"function_error_status":  map[string]any{"*": 422},
		"function_name_case":     "verbatim",
		"invocation_type":        "Event",
		"log_tail":               true,
		"max_reply_bytes":        10,
		"max_retries":            1,
		"payload_format":         "2.0",
		"profile":                "shop",
		"qualifier":              "7",
		"region":                 "eu-west-1",
		"response_format":        "proxy",
		"retry_function_errors":  true,
		"tenant_id":              "blue",
	} {
		all[key] = maps.Clone(base)
		all[key][key] = value
	}
	return all
}

// calls is an Invoke API that records what each call was made with. Functions with "fail" in their
// name fail, those with "throttle" are throttled, and all others reply with 20 bytes.
func calls(t *testing.T, name string) (url string, take func() []string) {
	var mu sync.Mutex
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, fmt.Sprint(name, r.Method, r.URL, r.Header["X-Amz-Invocation-Type"], r.Header["X-Amz-Log-Type"], r.Header["X-Amz-Tenant-Id"],
			r.Header["X-Amz-Durable-Execution-Name"], r.Header["X-Amz-Client-Context"], strings.Split(r.Header.Get("Authorization"), "/")[2], len(body) > 100))
		mu.Unlock()
		switch {
		case strings.Contains(strings.ToLower(r.URL.Path), "fail"):
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, `{"errorType":"Late","errorMessage":"m"}`)
		case strings.Contains(strings.ToLower(r.URL.Path), "throttle"):
			w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			io.WriteString(w, `{"statusCode":200.0}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { seen = nil }()
		return slices.Clone(seen)
	}
}

// Backends of one factory share much. Each must still behave like the only backend of a factory, even
// if their settings differ only in one key, or in the encoding or the method.
func TestBackendsStayApart(t *testing.T) {
	url, take := calls(t, "first")
	other, takeOther := calls(t, "other")
	newFactory := func() *Factory { return NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}) }
	specs := make(map[string]Spec)
	for key, settings := range variants(other) {
		specs[key] = Spec{Settings: ns(settings)}
	}
	specs["encoding"] = Spec{Settings: specs[""].Settings, Encoding: "no-op"}
	specs["method"] = Spec{Settings: specs[""].Settings, Method: http.MethodPost}
	specs["endpoint's method"] = Spec{Settings: specs[""].Settings, Endpoint: "/{lambda}", EndpointMethod: http.MethodGet}

	behaviour := func(b *Backend) string {
		var all []any
		for _, function := range []string{"Ok", "fail", "throttle"} {
			response, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": function}, Query: map[string][]string{"a": {"1"}}})
			if response != nil {
				body, _ := io.ReadAll(response.Body)
				all = append(all, response.StatusCode, string(body))
			}
			all = append(all, err, take(), takeOther())
		}
		return fmt.Sprint(all...)
	}
	f := newFactory()
	shared := make(map[string]*Backend)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for key, spec := range specs {
		wg.Go(func() { // for the race detector
			b := f.New(spec)
			mu.Lock()
			defer mu.Unlock()
			shared[key] = b
		})
	}
	wg.Wait()

	seen := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(specs)) {
		got, want := behaviour(shared[key]), behaviour(newFactory().New(specs[key]))
		if got != want {
			t.Errorf("%q: got  %s\nwant %s", key, got, want)
		}
		seen[key] = got
	}
	// These keys have an effect that the test sees.
	for _, key := range []string{"allowed_functions", "client_context", "durable_execution_name", "endpoint", "function_error_status", "function_name_case", "invocation_type", "log_tail", "max_reply_bytes", "max_retries", "payload_format", "qualifier", "region", "retry_function_errors", "tenant_id"} {
		if seen[key] == seen[""] {
			t.Errorf("%s: has no effect: %s", key, seen[key])
		}
	}
}

// Backends with equal policies share one. A transport of the build belongs to one backend.
func TestPoliciesAreShared(t *testing.T) {
	f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1"}})
	backend := func(settings map[string]any, encoding string, transport func() http.RoundTripper) *Backend {
		settings["function_name"] = "f"
		return f.New(Spec{Settings: ns(settings), Encoding: encoding, Transport: transport})
	}
	own := func() http.RoundTripper { return http.NewFileTransport(http.Dir(".")) }
	base := backend(map[string]any{}, "json", nil)
	if same := backend(map[string]any{"region": "eu-west-1"}, "json", nil); same.policies != base.policies {
		t.Error("two backends with equal policies do not share one")
	}
	for name, b := range map[string]*Backend{
		"max_retries":           backend(map[string]any{"max_retries": 0}, "json", nil),
		"retry_function_errors": backend(map[string]any{"retry_function_errors": true}, "json", nil),
		"max_reply_bytes":       backend(map[string]any{"max_reply_bytes": 10}, "json", nil),
		"no-op":                 backend(map[string]any{}, "no-op", nil),
		"a transport":           backend(map[string]any{}, "json", own),
	} {
		if b.policies == base.policies {
			t.Errorf("%s: shares the policy of a backend without it", name)
		}
	}
	if a, b := backend(map[string]any{}, "json", own), backend(map[string]any{}, "json", own); a.policies == b.policies {
		t.Error("two backends with transports share them")
	}
	if base.policy.Transport != nil {
		t.Error("a backend has the transport of another")
	}
}
