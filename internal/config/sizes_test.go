package config

import (
	"fmt"
	"strings"
	"testing"
)

// sizes are the sizes of the compared configurations. The second is ten times the first.
var sizes = [2]int{1000, 10000}

// largeConfigs make configurations with n of something, and a request that uses all of it.
var largeConfigs = map[string]func(n int) (settings map[string]any, request func(*Config) error){
	"names in allowed_functions": func(n int) (map[string]any, func(*Config) error) {
		return allowing(n, "Orders-%06d"), naming(fmt.Sprintf("Orders-%06d", n-1))
	},
	"patterns in allowed_functions": func(n int) (map[string]any, func(*Config) error) {
		return allowing(n, "*-%06d"), naming(fmt.Sprintf("Orders-%06d", n-1))
	},
	"errorTypes in function_error_status": func(n int) (map[string]any, func(*Config) error) {
		return withStatuses(n, "Error%06d"), failing(fmt.Sprintf("Error%06d", n-1))
	},
	"patterns in function_error_status": func(n int) (map[string]any, func(*Config) error) {
		return withStatuses(n, "*Error*%06d"), failing(fmt.Sprintf("AnError%06d", n-1))
	},
	"params in a template": func(n int) (map[string]any, func(*Config) error) {
		params := make(map[string]string, n)
		for i := range n {
			params[fmt.Sprintf("JWT.c%06d", i)] = "x"
		}
		return map[string]any{"function_name": "f", "tenant_id": repeated(n, "{JWT.c%06d}")}, func(cfg *Config) error {
			if len(cfg.Claims()) != n {
				return fmt.Errorf("got %d claims", len(cfg.Claims()))
			}
			return expanding(n, RequestValues{Params: params})(cfg)
		}
	},
	"headers in a template": func(n int) (map[string]any, func(*Config) error) {
		headers := make(map[string][]string, n)
		for i := range n {
			headers[fmt.Sprintf("X-H%06d", i)] = []string{"x"}
		}
		return map[string]any{"function_name": "f", "tenant_id": repeated(n, "{input_headers.x-h%06d}")}, expanding(n, RequestValues{Headers: headers})
	},
	"unknown keys": func(n int) (map[string]any, func(*Config) error) {
		settings := map[string]any{"function_name": "f"}
		for i := range n {
			settings[fmt.Sprintf("functions_%06d", i)] = true
		}
		return settings, func(*Config) error { return nil }
	},
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func allowing(n int, format string) map[string]any {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return map[string]any{"function_param_name": "Lambda", "allowed_functions": list}
}

func naming(name string) func(*Config) error {
	params := map[string]string{"Lambda": name}
	return func(cfg *Config) error {
		_, err := cfg.FunctionOf(params)
		return err
	}
}

func withStatuses(n int, format string) map[string]any {
	statuses := make(map[string]any, n)
	for i := range n {
		statuses[fmt.Sprintf(format, i)] = 422.0
	}
	return map[string]any{"function_name": "f", "function_error_status": statuses}
}

func failing(errorType string) func(*Config) error {
	return func(cfg *Config) error {
		if status := cfg.ErrorStatuses.Of(errorType); status != 422 {
			return fmt.Errorf("got %d", status)
		}
		return nil
	}
}

func expanding(n int, r RequestValues) func(*Config) error {
	return func(cfg *Config) error {
		if s, ok := cfg.TenantID.Expand(r); !ok || len(s) != n {
			return fmt.Errorf("got %d bytes, %t", len(s), ok)
		}
		return nil
	}
}

// BenchmarkSizes measures start and request with large configurations of two sizes. Ten times as much
// configuration should take ten times as long, not a hundred times.
func BenchmarkSizes(b *testing.B) {
	for name, large := range largeConfigs {
		for _, n := range sizes {
			settings, request := large(n)
			b.Run(fmt.Sprintf("%s/start/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := Parse(settings, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/request/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				cfg, _, err := Parse(settings, nil)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := request(&cfg); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Requests look up exact names. They compare only patterns with a *, each one once.
func TestPatternsThatRequestsCompare(t *testing.T) {
	settings := allowing(100, "Orders-%06d")
	settings["allowed_functions"] = append(settings["allowed_functions"].([]any), "*-prod", "arn:aws:lambda:*:123456789012:function:f", "123456789012:function:g")
	settings["function_error_status"] = map[string]any{"A": 400.0, "B": 401.0, "*C": 402.0}
	cfg, _, err := Parse(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Allowed.globs; len(got) != 2 || len(got[0]) != 1 || len(got[1]) != 7 {
		t.Errorf("allowed_functions: got %q, want the two patterns with *", got)
	}
	if got := cfg.ErrorStatuses.globs; len(got) != 1 || got[0].pattern != "*C" {
		t.Errorf("function_error_status: got %v, want *C", got)
	}
}
