package config

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestErrorStatuses(t *testing.T) {
	for _, tc := range []struct {
		name     string
		statuses map[string]any
		want     map[string]int // by errorType
	}{
		{
			"names",
			map[string]any{"ValidationError": 422.0, "com.shop.NoSuchOrder": 404.0},
			map[string]int{"ValidationError": 422, "com.shop.NoSuchOrder": 404, "validationerror": 0, "ValidationErrors": 0, "xValidationError": 0, "NoSuchOrder": 0, "": 0},
		},
		{
			"patterns",
			map[string]any{"*NotFound": 404.0, "Bad*": 400.0, "com.*.Late": 410.0, "*Quota*": 429.0},
			map[string]int{
				"NotFound": 404, "Exceptions.NotFound": 404, "a:b/NotFound": 404, "NotFoundError": 0,
				"Bad": 400, "BadOrder": 400, "TooBad": 0,
				"com.shop.tea.Late": 410, "com.Late": 0, "com..Late": 410, "com.shop.Lately": 0,
				"Quota": 429, "MyQuotaError": 429,
				"Function<NotFound>": 0,
			},
		},
		{
			"the longest pattern counts, and * for nothing in it",
			map[string]any{"*": 500.0, "*NotFound": 404.0, "Order*NotFound": 410.0, "OrderNotFound": 409.0, "O*r*NotFound": 422.0},
			map[string]int{"x": 500, "TeaNotFound": 404, "OrderLineNotFound": 410, "OrderNotFound": 409, "OxrNotFound": 422, "": 500},
		},
		{
			"of two that are alike, the one with fewer *",
			map[string]any{"*ab*": 400.0, "ab*": 401.0, "a*b*": 402.0, "ab": 403.0},
			map[string]int{"ab": 403, "abc": 401, "xab": 400, "axb": 402},
		},
		{
			"and then by the alphabet",
			map[string]any{"*cd": 400.0, "ab*": 401.0},
			map[string]int{"abcd": 400, "abx": 401},
		},
		{
			"a type of more than 1 KiB is for * alone",
			map[string]any{"*a": 400.0, "*": 500.0, strings.Repeat("b", 2000): 404.0},
			map[string]int{strings.Repeat("a", 1024): 400, strings.Repeat("a", 1025): 500, strings.Repeat("b", 2000): 500},
		},
		{
			"Lambda's own",
			map[string]any{"*Found": 404.0, "*Error": 422.0, "*.*": 400.0, "Runtime*": 423.0, "Sandbox.Timedout": 504.0, "Runtime.Exit*": 503.0},
			map[string]int{
				"Runtime.HandlerNotFound": 0, "Runtime.ImportModuleError": 0, "Function.ResponseSizeTooLarge": 0, "Extension.Crash": 0,
				"Sandbox.Timedout": 504, "Runtime.ExitError": 503, "Sandbox.Failure": 0,
				"Init<LoadError>": 0, "Runtime<LoadError>": 0, "Function<IOError": 422, "java.lang.ClassNotFound": 404,
				"RuntimeError": 423, "Functions.NotFound": 404, "": 0,
			},
		},
		{
			"all errors",
			map[string]any{"*": 422.0},
			map[string]int{"": 422, "x": 422, "Sandbox.Timedout": 422, "Runtime.ExitError": 422},
		},
		{"two * are one", map[string]any{"**": 422.0}, map[string]int{"": 422, "Runtime.ExitError": 422}},
		{
			"no pattern is a comment",
			map[string]any{"_Late": json.Number("410"), "@Tea": 411, "#": int64(412), "$x": 413.0},
			map[string]int{"_Late": 410, "@Tea": 411, "#": 412, "$x": 413},
		},
		{"the lowest and the highest", map[string]any{"a": 400.0, "b": 599.0}, map[string]int{"a": 400, "b": 599}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, warnings, err := Parse(map[string]any{"function_name": "f", "function_error_status": tc.statuses}, nil)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("got %v, warnings %q", err, warnings)
			}
			for errorType, want := range tc.want {
				if got := cfg.ErrorStatuses.Of(errorType); got != want {
					t.Errorf("%q: got %d, want %d", errorType, got, want)
				}
			}
		})
	}
	if got := (*ErrorStatuses)(nil).Of("x"); got != 0 {
		t.Errorf("nil: got %d, want 0", got)
	}
}

// FuzzErrorStatuses compares the matching of patterns with a second implementation.
func FuzzErrorStatuses(f *testing.F) {
	for _, seed := range [][2]string{{"*NotFound", "Exceptions.NotFound"}, {"a*b*c", "abbc"}, {"*", ""}, {"**a", "aa"}, {"Runtime.*", "Runtime.ExitError"}, {"ab*b", "ab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, errorType string) {
		statuses, err := asErrorStatuses(map[string]any{pattern: 422})
		if err != nil {
			if pattern != "" {
				t.Error(err)
			}
			return
		}
		want := matchesSlowly(pattern, errorType)
		for _, own := range ownTypes {
			if strings.HasPrefix(errorType, own) && !strings.HasPrefix(pattern, own) {
				want = strings.Trim(pattern, "*") == ""
			}
		}
		if len(errorType) > maxErrorType {
			want = strings.Trim(pattern, "*") == ""
		}
		if got := statuses.Of(errorType) == 422; got != want {
			t.Errorf("%q matches %q: got %t, want %t", pattern, errorType, got, want)
		}
	})
}

// matchesSlowly is the second implementation: it tells whether a pattern in which * stands for any
// bytes matches s.
func matchesSlowly(pattern, s string) bool {
	matched := make([]bool, len(s)+1) // by the length of the matched part of s
	matched[0] = true
	for i := range len(pattern) {
		if pattern[i] == '*' {
			for n := range len(s) {
				matched[n+1] = matched[n+1] || matched[n]
			}
			continue
		}
		for n := len(s); n > 0; n-- {
			matched[n] = matched[n-1] && s[n-1] == pattern[i]
		}
		matched[0] = false
	}
	return matched[len(s)]
}
