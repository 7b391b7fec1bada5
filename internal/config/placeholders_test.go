package config

import (
	"maps"
	"strings"
	"testing"
)

func TestPlaceholdersOf(t *testing.T) {
	for endpoint, want := range map[string]Placeholders{
		"":                                 nil,
		"/":                                {},
		"/a/{userId}/b/{order-id}/{_x}":    {"UserId": "userId", "Order-id": "order-id", "_x": "_x"},
		"/{}/{id}":                         {"Id": "id"},
		"/a/:userId/b/:order-id/:_x":       {"UserId": "userId", "Order-id": "order-id", "_x": "_x"},
		"/files/:name.json/{other.name}/x": {"Name.json": "name.json", "Other.name": "other.name"}, // with disable_rest
	} {
		if got := PlaceholdersOf(endpoint); !maps.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: got %q, want %q", endpoint, got, want)
		}
	}
}

func TestEndpointName(t *testing.T) {
	params := []string{"UserId", "userId", "JWT.sub", "Resp0_id"}
	for endpoint, want := range map[string][]string{
		"":          {"userId", "userId", "JWT.sub", "resp0_id"},
		"/{userId}": {"userId", "userId", "JWT.sub", "resp0_id"},
		"/{UserId}": {"UserId", "userId", "JWT.sub", "resp0_id"},
	} {
		for i, param := range params {
			if got := PlaceholdersOf(endpoint).EndpointName(param); got != want[i] {
				t.Errorf("%s: %s: got %q, want %q", endpoint, param, got, want[i])
			}
		}
	}
}

// If the endpoint is not known, the names of params tell which ones KrakenD itself sets.
func TestPathParameters(t *testing.T) {
	params := map[string]string{"Id": "7", "Response": "a placeholder", "JWT.sub": "me", "Resp0_id": "8", "Resp12_a.b": "9", "Resp3": "10", "canary": "f"}
	for endpoint, want := range map[string]map[string]string{
		"":                 {"id": "7", "response": "a placeholder"},
		"/{id}":            {"id": "7"},
		"/{id}/{resp0_id}": {"id": "7", "resp0_id": "8"}, // the operator chose this name for a placeholder
		"/":                nil,
	} {
		if got := PlaceholdersOf(endpoint).PathParameters(params); !maps.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: got %q, want %q", endpoint, got, want)
		}
	}
}

func TestClaims(t *testing.T) {
	got := Claims(map[string]string{"JWT.sub": "me", "JWT.scope": "a b", "jwt.role": "admin", "Id": "7"})
	if want := map[string]string{"sub": "me", "scope": "a b"}; !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Claims(map[string]string{"Id": "7"}); got != nil {
		t.Errorf("got %q, want nil", got)
	}
}

// With disable_rest an endpoint may have placeholders with dots.
func TestPlaceholderWithTheNameOfAClaim(t *testing.T) {
	for endpoint, want := range map[string]string{
		"/:JWT.sub":                "the endpoint's placeholder {JWT.sub} has the name of a token's claim, so a client could set the claim: rename the placeholder",
		"/a/{jWT.role}":            "the endpoint's placeholder {jWT.role} has the name of a token's claim, so a client could set the claim: rename the placeholder",
		"/:jwt.sub":                "the endpoint's placeholder {jwt.sub} has the name of a token's claim, so a client could set the claim: rename the placeholder",
		"/{JWT.c}/{JWT.a}/{JWT.b}": "the endpoint's placeholder {JWT.a} has the name of a token's claim, so a client could set the claim: rename the placeholder",
		"/{JWT}":                   "",
	} {
		cfg, _, err := Parse(map[string]any{"function_name": "f"}, PlaceholdersOf(endpoint))
		if want == "" {
			if err != nil || cfg.Function.Name != "f" {
				t.Errorf("%s: got %+v, %v", endpoint, cfg, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", endpoint, err, want)
		}
	}
}

func TestParamThatIsNoPlaceholder(t *testing.T) {
	const warning = `function_param_name: the endpoint has no placeholder for 'lambda_handler', so another component, such as a Lua script, must set it`
	cfg, warnings, err := Parse(map[string]any{"function_param_name": "lambda_handler"}, PlaceholdersOf("/{lambda}"))
	if err != nil || !cfg.Verbatim || len(warnings) != 1 || warnings[0] != warning {
		t.Errorf("got %+v, %q, %v", cfg, warnings, err)
	}
	for _, param := range []string{"JWT.shop", "Resp0_function"} { // KrakenD's own parts set them
		for _, endpoint := range []string{"", "/{lambda}"} {
			cfg, warnings, err := Parse(map[string]any{"function_param_name": param}, PlaceholdersOf(endpoint))
			if err != nil || !cfg.Verbatim || warnings != nil {
				t.Errorf("%s, %s: got %+v, %q, %v", param, endpoint, cfg, warnings, err)
			}
		}
	}
	_, warnings, _ = Parse(map[string]any{"function_param_name": "lambda"}, PlaceholdersOf("/{lambda}"))
	if want := `function_param_name: the endpoint has no placeholder for 'lambda', so another component, such as a Lua script, must set it; did you mean 'Lambda'?`; len(warnings) != 1 || warnings[0] != want {
		t.Errorf("in lower case: got %q, want %q", warnings, want)
	}
	cfg, warnings, err = Parse(map[string]any{"function_param_name": "Lambda"}, PlaceholdersOf("/{lambda}"))
	if err != nil || cfg.Verbatim || warnings != nil {
		t.Errorf("a placeholder: got %+v, %q, %v", cfg, warnings, err)
	}
}

func TestFirstLetter(t *testing.T) {
	for _, tc := range []struct{ s, upper, lower string }{
		{"", "", ""}, {"a", "A", "a"}, {"zulu", "Zulu", "zulu"}, {"Zulu", "Zulu", "zulu"}, {"Abc", "Abc", "abc"}, {"_a", "_a", "_a"}, {"é", "é", "é"}, {"{", "{", "{"}, {"[", "[", "["}, {"`", "`", "`"}, {"@", "@", "@"},
	} {
		if u, l := upperFirst(tc.s), lowerFirst(tc.s); u != tc.upper || l != tc.lower {
			t.Errorf("%q: got %q and %q, want %q and %q", tc.s, u, l, tc.upper, tc.lower)
		}
	}
}
