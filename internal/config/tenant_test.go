package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// configOf parses settings for the function f:live and an endpoint with the placeholder {id}.
func configOf(t *testing.T, settings map[string]any) (Config, []string) {
	t.Helper()
	settings["function_name"] = "f:live"
	cfg, warnings, err := Parse(settings, PlaceholdersOf("/{id}"))
	if err != nil {
		t.Fatal(err)
	}
	return cfg, warnings
}

func TestTenant(t *testing.T) {
	longest := strings.Repeat("t", 256)
	for _, tc := range []struct{ template, value, want string }{
		{"blue", "", "blue"}, {longest, "", longest}, {"a b", "", "a b"},
		{"{id}", "blue", "blue"}, {"{id}", longest, longest}, {"{id}", "aZ09._:/=+@ -", "aZ09._:/=+@ -"}, {"{id}", "a  b", "a  b"}, {"{id}", "-", "-"},
		{"shop:{id}", "7", "shop:7"}, {"{id} {id}", "7", "7 7"}, {"{id}x", longest[1:], longest[1:] + "x"},
	} {
		cfg, warnings := configOf(t, map[string]any{"tenant_id": tc.template})
		got, err := cfg.TenantOf(RequestValues{Params: map[string]string{"Id": tc.value}})
		if err != nil || got != tc.want || warnings != nil {
			t.Errorf("%.20s: got %q, %v, warnings %q; want %q", tc.template, got, err, warnings, tc.want)
		}
	}
	if got, err := new(Config).TenantOf(RequestValues{}); err != nil || got != "" {
		t.Errorf("without tenant_id: got %q, %v", got, err)
	}
}

func TestInvalidTenant(t *testing.T) {
	for _, tc := range []struct{ template, value, want string }{
		{"{id}", "", `the request has no tenant: a placeholder of '{Id}' has no value`},
		{"shop:{id}", "", `the request has no tenant: a placeholder of 'shop:{Id}' has no value`},
		{"{input_headers.X-Tenant}", "", `the request has no tenant: a placeholder of '{input_headers.X-Tenant}' has no value`},
		{"{id}", "a,b", `'a,b' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces`},
	} {
		cfg, _ := configOf(t, map[string]any{"tenant_id": tc.template})
		got, err := cfg.TenantOf(RequestValues{Params: map[string]string{"Id": tc.value}, Headers: map[string][]string{"Id": {"x"}}, Query: map[string][]string{"Id": {"x"}}})
		var invalid *InvalidTenant
		if !errors.As(err, &invalid) || err.Error() != tc.want || got != "" {
			t.Errorf("%s: got %q, %v; want %s", tc.template, got, err, tc.want)
		}
	}
}

// TenantOf refuses a value that would break out of the header or reach AWS as another tenant.
func TestHostileTenants(t *testing.T) {
	cfg, _ := configOf(t, map[string]any{"tenant_id": "{input_headers.X-Tenant}"})
	for _, value := range []string{
		"blue\r\nX-Amz-Tenant-Id: red", "blue\n", "\rblue", "blue\x00", "blue\t", "blue\x7f", "blü", "ｂ", "\xff", "\u202eblue", "\u00a0blue",
		" ", "  ", " blue", "blue ", "blue,red", "blue;red", "{id}", "%62", "a*", "a\\b", `"blue"`, strings.Repeat("t", 257), strings.Repeat("t", 1<<20),
	} {
		got, err := cfg.TenantOf(RequestValues{Headers: map[string][]string{"X-Tenant": {value}}})
		var invalid *InvalidTenant
		if !errors.As(err, &invalid) || got != "" {
			t.Errorf("%.40q: got %q, %v", value, got, err)
			continue
		}
		if strings.ContainsAny(err.Error(), "\r\n\x00") || len(err.Error()) > 2*text.MaxDetail {
			t.Errorf("%.40q: got the error %q", value, err)
		}
	}
}

// Of several values of a header, the first counts. Of several spellings, the first in sorted order
// counts.
func TestSeveralTenants(t *testing.T) {
	cfg, _ := configOf(t, map[string]any{"tenant_id": "{input_headers.X-Tenant}"})
	for range 4 { // maps have no order
		got, err := cfg.TenantOf(RequestValues{Headers: map[string][]string{"x-tenant": {"red"}, "X-Tenant": {"blue", "green"}, "X-TENANT": {}}})
		if err != nil || got != "blue" {
			t.Errorf("got %q, %v; want blue", got, err)
		}
	}
}

func TestTemplateWarnings(t *testing.T) {
	const (
		noPlaceholder = `the endpoint has no placeholder for 'Other', so another component, such as a Lua script, must set it`
		repeated      = "durable_execution_name: with the payload_format 2.0 AWS answers a repeated request with a 409, because its event differs: set payload_format to 'simple'"
	)
	for _, tc := range []struct {
		settings map[string]any
		want     []string
	}{
		{map[string]any{"tenant_id": "{other}{id}"}, []string{"tenant_id: " + noPlaceholder}},
		{map[string]any{"durable_execution_name": "{id}{other}"}, []string{"durable_execution_name: " + noPlaceholder}},
		{map[string]any{"tenant_id": "{JWT.sub}{resp0_id}{input_headers.Other}{input_query_strings.Other}"}, nil},
		{map[string]any{"durable_execution_name": "{id}", "payload_format": "2.0"}, []string{repeated}},
		{map[string]any{"durable_execution_name": "{id}", "payload_format": "1.0"}, []string{strings.Replace(repeated, "2.0", "1.0", 1)}},
		{map[string]any{"durable_execution_name": "{id}", "payload_format": "alb"}, []string{strings.Replace(repeated, "2.0", "alb", 1)}},
		{map[string]any{"durable_execution_name": "{id}", "invocation_type": "Event"}, nil},
		{map[string]any{"durable_execution_name": "{id}", "retry_function_errors": true}, []string{"retry_function_errors: has no effect on calls with a durable_execution_name, because AWS answers each with the execution that failed"}},
		{map[string]any{"durable_execution_name": "{id}", "retry_function_errors": true, "invocation_type": "Event"}, []string{"retry_function_errors: has no effect with the invocation_type Event"}},
		{map[string]any{"durable_execution_name": "{id}", "invocation_type": "DryRun", "tenant_id": "blue"}, []string{"durable_execution_name: has no effect with the invocation_type DryRun"}},
		{map[string]any{"tenant_id": "{id}", "stream": true}, nil},
	} {
		cfg, warnings := configOf(t, tc.settings)
		if !slices.Equal(warnings, tc.want) {
			t.Errorf("%v: got %q, want %q", tc.settings, warnings, tc.want)
		}
		if cfg.InvocationType == InvocationDryRun && (cfg.DurableExecutionName != nil || cfg.TenantID == nil) {
			t.Errorf("%v: got %+v", tc.settings, cfg)
		}
	}

	const unqualified = "durable_execution_name: AWS refuses calls of durable functions without a version or an alias: set the qualifier"
	for _, settings := range []map[string]any{{"function_name": "f"}, {"function_param_name": "Id"}} {
		settings["durable_execution_name"] = "{input_headers.Idempotency-Key}"
		if _, warnings, err := Parse(settings, PlaceholdersOf("/{id}")); err != nil || !slices.Equal(warnings, []string{unqualified}) {
			t.Errorf("%v: got %q, %v; want %q", settings, warnings, err, unqualified)
		}
		settings["qualifier"] = "$LATEST"
		if _, warnings, err := Parse(settings, PlaceholdersOf("/{id}")); err != nil || warnings != nil {
			t.Errorf("%v: got %q, %v; want nothing", settings, warnings, err)
		}
	}
}

func TestClaimsOfTemplates(t *testing.T) {
	cfg, _ := configOf(t, map[string]any{"tenant_id": "{JWT.tenant}{id}", "durable_execution_name": "{JWT.sub}{JWT.tenant}{input_headers.JWT.role}"})
	if got, want := cfg.Claims(), []string{"JWT.tenant", "JWT.sub"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := new(Config).Claims(); got != nil {
		t.Errorf("got %q, want nil", got)
	}
}
