package components

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	jose "github.com/devopsfaith/krakend-jose"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const jwtSecret = "not-a-secret"

// validated returns an endpoint that requires a token.
func validated(t *testing.T, e object) object {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := fmt.Sprintf(`{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":%q}]}`, base64.RawURLEncoding.EncodeToString([]byte(jwtSecret)))
	if err := os.WriteFile(keys, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return merged(e, object{"extra_config": object{
		jose.ValidatorNamespace: object{"alg": "HS256", "jwk-url": "https://127.0.0.1/unused", "jwk_local_path": keys},
	}})
}

// token returns the Authorization header for a token with these claims, as JSON.
func token(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","kid":"k","typ":"JWT"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(jwtSecret))
	mac.Write([]byte(signed))
	return "Bearer " + signed + "." + encode(mac.Sum(nil))
}

// KrakenD's validator sets the claims that a url_pattern names. Events have them in the authorizer, and
// the simple payload has them as members. A client cannot set claims.
func TestClaims(t *testing.T) {
	const pattern = "/{id}/{JWT.sub}/{JWT.scope}?role={JWT.role}&admin={JWT.admin}"
	function := func(path, urlPattern, format string) object {
		return object{"endpoint": path, "querystring_params": []string{"*"}, "backend": []any{object{
			"url_pattern":  urlPattern,
			"extra_config": extraConfig(object{"function_name": "f", "payload_format": format, "response_format": "plain", "max_retries": 0}, nil),
		}}}
	}
	g := start(t, map[string]any{"f": ok},
		validated(t, function("/2.0/{id}", pattern, "2.0")),
		validated(t, function("/1.0/{id}", pattern, "1.0")),
		validated(t, function("/simple/{id}", pattern, "simple")),
		validated(t, function("/unnamed/{id}", "/{id}", "2.0")),
		function("/open/{id}", pattern, "2.0"),
	)
	const (
		full = `{"sub":"me","scope":"read  write","role":"clerk","admin":true,"tier":"gold"}`
		bare = `{"sub":"me"}`
		// A client tries to set claims.
		forged = "/7?JWT.role=admin&jwt.scope=all&JWT.sub=you"
	)
	type authorizer struct {
		Claims map[string]string
		Scopes []string
	}
	for _, tc := range []struct {
		path, claims string
		want         *authorizer
	}{
		{"/2.0", full, &authorizer{map[string]string{"sub": "me", "scope": "read  write", "role": "clerk", "admin": "true"}, []string{"read", "write"}}},
		{"/1.0", full, &authorizer{map[string]string{"sub": "me", "scope": "read  write", "role": "clerk", "admin": "true"}, []string{"read", "write"}}},
		{"/2.0", bare, &authorizer{map[string]string{"sub": "me"}, nil}},
		{"/1.0", bare, &authorizer{map[string]string{"sub": "me"}, nil}},
		{"/2.0", `{"scope":"","tier":"gold"}`, &authorizer{map[string]string{"scope": ""}, nil}},
		{"/2.0", `{"tier":"gold"}`, nil},
		{"/unnamed", full, nil},
		{"/open", full, nil},
	} {
		g.Reset()
		got := g.get(t, tc.path+forged, "Authorization", token(tc.claims))
		if got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s, %s: got %+v, want a 200 after one call", tc.path, tc.claims, got)
		}
		var event struct {
			PathParameters map[string]string
			RequestContext struct{ Authorizer json.RawMessage }
		}
		if err := json.Unmarshal(g.Calls()[0].Payload, &event); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"id": "7"}; !reflect.DeepEqual(event.PathParameters, want) {
			t.Errorf("%s, %s: got the path parameters %q, want %q", tc.path, tc.claims, event.PathParameters, want)
		}
		if tc.want == nil {
			if event.RequestContext.Authorizer != nil {
				t.Errorf("%s, %s: got the authorizer %s, want no authorizer", tc.path, tc.claims, event.RequestContext.Authorizer)
			}
			continue
		}
		var read struct {
			authorizer
			JWT *authorizer
		}
		if err := json.Unmarshal(event.RequestContext.Authorizer, &read); err != nil {
			t.Fatal(err)
		}
		if tc.path == "/2.0" && read.JWT != nil {
			read.authorizer = *read.JWT
		}
		if !reflect.DeepEqual(read.authorizer, *tc.want) {
			t.Errorf("%s, %s: got the authorizer %s, want %+v", tc.path, tc.claims, event.RequestContext.Authorizer, *tc.want)
		}
	}

	for claims, want := range map[string]string{
		full: `{"JWT.admin":"true","JWT.role":"clerk","JWT.scope":"read  write","JWT.sub":"me","id":"7"}`,
		bare: `{"JWT.sub":"me","id":"7"}`,
	} {
		g.Reset()
		if got := g.get(t, "/simple"+forged, "Authorization", token(claims)); got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s: got %+v, want a 200 after one call", claims, got)
		}
		if got := string(g.Calls()[0].Payload); got != want {
			t.Errorf("%s: got the payload %s, want %s", claims, got, want)
		}
	}
	for name, authorization := range map[string]string{"none": "", "forged": token(full) + "x"} {
		if got := g.get(t, "/2.0/7", "Authorization", authorization); got.status != http.StatusUnauthorized || got.calls != 0 {
			t.Errorf("token %s: got %+v, want a 401 and no call", name, got)
		}
	}
}

// A claim can be the tenant and, together with a key, the name of an execution. A client cannot set it,
// and without it the gateway makes no call.
func TestTenantOfAClaim(t *testing.T) {
	function := func(path, urlPattern, name string, settings object) object {
		return merged(object{"endpoint": path, "headers_to_pass": []string{"*"}, "querystring_params": []string{"*"}}, object{"backend": []any{object{
			"url_pattern": urlPattern, "extra_config": extraConfig(merged(object{"function_name": name, "qualifier": "7", "max_retries": 0}, settings), nil),
		}}})
	}
	g := start(t, map[string]any{
		"of-tenants": lambdatest.Function{Handler: ok, TenantIsolation: true}, "durable": lambdatest.Function{Handler: ok, Durable: true},
	},
		validated(t, function("/tenant", "/?a={JWT.tenant}", "of-tenants", object{"tenant_id": "{JWT.tenant}"})),
		validated(t, function("/unnamed", "/", "of-tenants", object{"tenant_id": "{JWT.tenant}"})),
		validated(t, function("/order", "/?a={JWT.sub}", "durable", object{"durable_execution_name": "order:{JWT.sub}:{input_headers.Idempotency-Key}"})),
	)
	const forged = "?JWT.tenant=red&tenant=red&JWT.sub=you"
	for _, tc := range []struct {
		path, claims string
		want         string // empty for a 400
	}{
		{"/tenant", `{"sub":"me","tenant":"blue"}`, "blue"},
		{"/tenant", `{"sub":"me"}`, ""},
		{"/tenant", `{"sub":"me","tenant":""}`, ""},
		{"/tenant", `{"sub":"me","tenant":"blue\r\nX-Amz-Tenant-Id: red"}`, ""},
		{"/tenant", `{"sub":"me","tenant":"blü"}`, ""},
		{"/unnamed", `{"sub":"me","tenant":"blue"}`, ""},
	} {
		g.Reset()
		got := g.get(t, tc.path+forged, "Authorization", token(tc.claims), "JWT.tenant", "red", "X-Amz-Tenant-Id", "red")
		if tc.want == "" {
			if got.status == http.StatusOK || got.calls != 0 {
				t.Errorf("%s, %s: got %+v, want no call", tc.path, tc.claims, got)
			}
			continue
		}
		if got.status != http.StatusOK || got.calls != 1 {
			t.Errorf("%s, %s: got %+v", tc.path, tc.claims, got)
			continue
		}
		if tenant := g.Calls()[0].Header.Get("X-Amz-Tenant-Id"); tenant != tc.want {
			t.Errorf("%s, %s: got the tenant %q", tc.path, tc.claims, tenant)
		}
	}

	// Two callers with the same key have different names.
	names := make(map[string]bool)
	for _, claims := range []string{`{"sub":"me"}`, `{"sub":"you"}`, `{"sub":"me"}`} {
		g.Reset()
		if got := g.get(t, "/order"+forged, "Authorization", token(claims), "Idempotency-Key", "k"); got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s: got %+v", claims, got)
		}
		name := g.Calls()[0].Header.Get("X-Amz-Durable-Execution-Name")
		if len(name) != 64 {
			t.Errorf("%s: got the name %q", claims, name)
		}
		names[name] = true
	}
	if len(names) != 2 {
		t.Errorf("got %d names for two callers, want 2", len(names))
	}
}
