package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const (
	ownARN    = "arn:aws:lambda:us-west-2:123456789012:function:Orders"
	otherARN  = "arn:aws:lambda:us-west-2:999999999999:function:Orders"
	remoteARN = "arn:aws:lambda:eu-west-1:123456789012:function:Orders"
)

// The patterns apply to the name that AWS gets.
func TestAllowedFunctions(t *testing.T) {
	for _, tc := range []struct {
		patterns []string // nil means no allowed_functions
		settings map[string]any
		name     string
		want     string // name and qualifier; empty if the name is refused
	}{
		{nil, nil, "orders", "Orders"},
		{nil, nil, "orders:live", "Orders live"},
		{nil, nil, "123456789012:Orders", "123456789012 Orders"}, // sent separately, so AWS does not take the name for an account
		{nil, nil, ownARN, ""},
		{nil, nil, "123456789012:function:Orders", ""},

		{[]string{"Orders"}, nil, "orders", "Orders"},
		{[]string{"Orders"}, nil, "Orders", "Orders"},
		{[]string{"Orders"}, nil, "Orders:live", "Orders live"},
		{[]string{"Orders"}, nil, "Orders:$LATEST", "Orders $LATEST"},
		{[]string{"Orders"}, nil, "Orders:$LATEST.PUBLISHED", "Orders $LATEST.PUBLISHED"},
		{[]string{"Orders"}, nil, "Orders2", ""},
		{[]string{"Orders"}, nil, "Order", ""},
		{[]string{"Orders"}, nil, "xOrders", ""},
		{[]string{"Orders"}, nil, "ORDERS", ""},
		{[]string{"Orders"}, nil, "live:Orders", ""},
		{[]string{"orders"}, nil, "orders", ""}, // becomes Orders
		{[]string{"orders"}, map[string]any{"function_name_case": "verbatim"}, "orders", "orders"},
		{[]string{"orders"}, map[string]any{"function_name_case": "verbatim"}, "Orders", ""},

		{[]string{"Admin", "Order*"}, nil, "orders", "Orders"},
		{[]string{"Order*"}, nil, "order", "Order"},
		{[]string{"*"}, nil, "anything", "Anything"},
		{[]string{"*-prod"}, nil, "a-prod", "A-prod"},
		{[]string{"*-prod"}, nil, "a-prod-b", ""},
		{[]string{"A*b*c"}, nil, "a--b-b--c", "A--b-b--c"},
		{[]string{"A*b*c"}, nil, "a--c--b", ""},
		{[]string{"A**c"}, nil, "ac", "Ac"},

		// A star does not match a colon.
		{[]string{"*"}, nil, ownARN, ""},
		{[]string{"*Orders"}, nil, ownARN, ""},
		{[]string{"*:function:*"}, nil, ownARN, ""},
		{[]string{"*:function:*"}, nil, "123456789012:function:Orders", "123456789012:function:Orders"},
		{[]string{"123456789012:function:*"}, nil, "999999999999:function:Orders", ""},
		{[]string{"arn:aws:lambda:us-west-2:123456789012:function:*"}, nil, ownARN, ownARN},
		{[]string{"arn:aws:lambda:us-west-2:123456789012:function:*"}, nil, ownARN + ":7", ownARN + " 7"},
		{[]string{"arn:aws:lambda:us-west-2:123456789012:function:*"}, nil, otherARN, ""},
		{[]string{"arn:aws:lambda:us-west-2:123456789012:function:*"}, nil, "Orders", ""},
		{[]string{"arn:aws:lambda:us-west-2:*:function:Orders"}, nil, otherARN, otherARN},
		{[]string{"arn:*:lambda:*:*:function:*"}, nil, ownARN, ownARN},
		// The SDK would sign it for the backend's region.
		{[]string{"arn:aws:lambda:*:123456789012:function:*"}, nil, remoteARN, ""},
		// An ARN is never capitalized.
		{[]string{"arn:aws:lambda:us-west-2:123456789012:function:*"}, nil, strings.TrimSuffix(ownARN, "Orders") + "orders", strings.TrimSuffix(ownARN, "Orders") + "orders"},
		{[]string{"arn:*:lambda:*:*:function:*"}, nil, "A" + ownARN[1:], ""},

		{[]string{"Orders"}, map[string]any{"qualifier": "live"}, "orders", "Orders live"},
		{[]string{"Orders"}, map[string]any{"qualifier": "live"}, "orders:7", ""},
		{[]string{"*"}, nil, "a b", ""},
		{[]string{"*"}, nil, "..", ""},
		{[]string{"*"}, nil, "a/../b", ""},
		{[]string{"*"}, nil, "a\x00", ""},
		{[]string{"*"}, nil, "Ünder", ""},
		{[]string{"*"}, nil, strings.Repeat("a", 65), ""},
		{[]string{"*"}, nil, strings.Repeat("a", 10<<10), ""},
		{[]string{"*"}, nil, "*", ""},
	} {
		settings := map[string]any{"function_param_name": "Lambda"}
		if tc.patterns != nil {
			var list []any
			for _, p := range tc.patterns {
				list = append(list, p)
			}
			settings["allowed_functions"] = list
		}
		maps.Copy(settings, tc.settings)
		cfg, _, err := Parse(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Region = "us-west-2" // as if the AWS SDK had found it
		f, err := cfg.FunctionOf(map[string]string{"Lambda": tc.name})
		if got := strings.TrimSpace(f.Name + " " + f.Qualifier); got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%v %v, %.99q: got %q, %v; want %q", tc.patterns, tc.settings, tc.name, got, err, tc.want)
		}
	}
}

func TestWhyANameIsRefused(t *testing.T) {
	for _, tc := range []struct {
		settings   map[string]any
		name, want string
	}{
		{nil, "a b", `invalid function name 'a b': it is not a valid name`},
		{nil, ownARN, `invalid function name '` + ownARN + `': an ARN must be in allowed_functions`},
		{map[string]any{"allowed_functions": []any{"A"}}, "b", `invalid function name 'b': it is not in allowed_functions`},
		{map[string]any{"allowed_functions": []any{"arn:*:lambda:*:*:function:*"}}, remoteARN, `invalid function name '` + remoteARN + `': its region is not us-west-2, the backend's region`},
		{map[string]any{"qualifier": "live"}, "a:7", `invalid function name 'a:7': the configuration sets the qualifier, so the name must not have one`},
		{nil, "", `the request has no param 'Lambda' to name the function`},
	} {
		settings := map[string]any{"function_param_name": "Lambda", "region": "us-west-2"}
		maps.Copy(settings, tc.settings)
		cfg, _, err := Parse(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cfg.FunctionOf(map[string]string{"Lambda": tc.name}); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
}

// A pattern that no function can match causes a warning.
func TestUnmatchablePatterns(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		more    map[string]any
		want    string
	}{
		{"orders", nil, `allowed_functions: no function can match 'orders', because the gateway puts the first letter of each name into upper case: do so in the pattern, or set function_name_case to 'verbatim'`},
		{"orders", map[string]any{"function_name_case": "verbatim"}, ""},
		{"Orders", nil, ""},
		{"*rders", nil, ""},
		{"_orders", nil, ""},
		{"arn:aws:lambda:us-west-2:*:function:orders", nil, ""},
		{"arn:aws:lambda:*:123456789012:function:orders", nil, ""},
		{"arn:aws:lambda:us-*:123456789012:function:orders", nil, ""},
		{"arn:aws:lambda:eu-*:123456789012:function:orders", nil, `allowed_functions: no function can match 'arn:aws:lambda:eu-*:123456789012:function:orders', because the backend's region is 'us-west-2'`},
		{"arn:aws:lambda:eu-west-1:123456789012:function:orders", nil, `allowed_functions: no function can match 'arn:aws:lambda:eu-west-1:123456789012:function:orders', because the backend's region is 'us-west-2'`},
	} {
		settings := map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{tc.pattern}}
		maps.Copy(settings, tc.more)
		cfg, _, err := Parse(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Region = "us-west-2" // as if the AWS SDK had found it
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		if got := cfg.UnmatchablePatterns(); !slices.Equal(got, want) {
			t.Errorf("%s %v: got %q, want %q", tc.pattern, tc.more, got, want)
		}
	}
}

func ExampleParse() {
	_, _, err := Parse(map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Orders:live"}}, nil)
	fmt.Println(err)
	// Output: allowed_functions: 'Orders:live' has a qualifier: write the pattern without it
}

// A configuration lists its functions unless a request can name others.
func TestListedFunctions(t *testing.T) {
	for _, tc := range []struct {
		key     string
		value   string
		allowed []any
		listed  bool
	}{
		{"function_name", "f", nil, true},
		{"function_param_name", "Lambda", nil, false},
		{"function_param_name", "Lambda", []any{"A", "B"}, true},
		{"function_param_name", "Lambda", []any{"A", "B*"}, false},
	} {
		settings := map[string]any{tc.key: tc.value}
		if tc.allowed != nil {
			settings["allowed_functions"] = tc.allowed
		}
		cfg, _, err := Parse(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.ListsFunctions(); got != tc.listed {
			t.Errorf("%v: got %t", settings, got)
		}
		if got := cfg.AllowedFunctions(); fmt.Sprint(got) != fmt.Sprint(tc.allowed) || (got == nil) != (tc.allowed == nil) {
			t.Errorf("%v: got patterns %q", settings, got)
		}
	}
}
