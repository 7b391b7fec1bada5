package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// The tenant comes only from the places in the template, and goes out as a signed header. A client
// cannot set it in another way.
func TestTenant(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": lambdatest.Function{Handler: echo, TenantIsolation: true}})
		function := func(template string) object {
			return lambdaBackend(with(fixed(api, "f"), object{"tenant_id": template}), at("/"+strings.Trim(template, "{}")))
		}
		everything := object{"headers_to_pass": list{"*"}, "querystring_params": list{"*"}, "method": "POST"}
		gw := start(t, g, []object{
			with(endpoint("/fixed", function("blue")), everything),
			with(endpoint("/path/{tenant}", function("{tenant}")), everything),
			with(endpoint("/missing", function("{tenant}")), everything),
			with(endpoint("/header", function("{input_headers.x-tenant}")), object{"headers_to_pass": list{"X-Tenant"}, "method": "POST"}),
			with(endpoint("/closed", function("{input_headers.X-Tenant}")), object{"method": "POST"}),
			with(endpoint("/query", function("{input_query_strings.tenant}")), object{"querystring_params": list{"tenant"}, "method": "POST"}),
			with(endpoint("/mixed/{tenant}", function("shop:{tenant}/{input_headers.X-Tenant}")), everything),
			with(endpoint("/event", lambdaBackend(with(fixed(api, "f"), object{"tenant_id": "{input_headers.X-Tenant}", "invocation_type": "Event"}))), everything),
		}, options{})

		longest := strings.Repeat("t", 256)
		for _, tc := range []struct{ path, headers, want string }{ // want is empty for a 400
			{"/fixed", "X-Amz-Tenant-Id: red\r\n", "blue"},
			{"/path/blue?tenant=red&Tenant=red", "X-Tenant: red\r\nTenant: red\r\n", "blue"},
			{"/path/a%20%20b", "", "a  b"},
			{"/path/" + longest, "", longest},
			{"/path/" + longest + "t", "", ""},
			{"/path/blue%0D%0AX-Amz-Tenant-Id:red", "", ""},
			{"/path/blue%0A", "", ""},
			{"/path/blue%00", "", ""},
			{"/path/%20blue", "", ""},
			{"/path/bl%C3%BC", "", ""},
			{"/path/%FF", "", ""},
			{"/missing?tenant=blue&Tenant=blue", "Tenant: blue\r\nX-Tenant: blue\r\n", ""},
			{"/header", "x-tEnAnT: blue\r\n", "blue"},
			{"/header", "X-Tenant: blue\r\nX-Tenant: red\r\n", "blue"},
			{"/header", "X-Tenant: \r\nX-Tenant: red\r\n", ""},
			{"/header", "X-Tenant: blue, red\r\n", ""},
			{"/header", "X-Tenant: bl\xc3\xbc\r\n", ""},
			{"/header", "X-Tenant: blue\tred\r\n", ""},
			{"/header", "X-Tenant: " + longest + "t\r\n", ""},
			{"/header", "X-Tenant:\r\n", ""},
			{"/header?X-Tenant=blue&x-tenant=blue", "", ""},
			{"/closed", "X-Tenant: blue\r\n", ""},
			{"/query?tenant=blue&tenant=red", "", "blue"},
			{"/query?TENANT=blue", "", ""},
			{"/query?tenant=", "", ""},
			{"/query?tenant=&tenant=red", "", ""},
			{"/query?tenant=blue%0d%0ax:y", "", ""},
			{"/query", "", ""},
			{"/mixed/7", "X-Tenant: blue\r\n", "shop:7/blue"},
			{"/mixed/7", "", ""},
			{"/event", "X-Tenant: blue\r\n", "blue"},
			{"/event", "", ""},
		} {
			api.Reset()
			got := gw.raw(t, http.MethodPost, tc.path, tc.headers+"Content-Type: application/json\r\nContent-Length: 2\r\n", "{}")
			calls := callsOf(api, "f")
			if tc.want == "" {
				if got.status != http.StatusBadRequest || len(calls) != 0 {
					t.Errorf("%.60q, %.40q: got %d %q after %d calls, want a 400 and no call", tc.path, tc.headers, got.status, got.body, len(calls))
				}
				continue
			}
			if len(calls) != 1 || got.status != http.StatusOK {
				t.Errorf("%.60q, %.40q: got %d %q after %d calls", tc.path, tc.headers, got.status, got.body, len(calls))
				continue
			}
			h := calls[0].Header
			if tenants := h.Values("X-Amz-Tenant-Id"); len(tenants) != 1 || tenants[0] != tc.want || !strings.Contains(h.Get("Authorization"), "x-amz-tenant-id") {
				t.Errorf("%.60q, %.40q: got the tenants %q, signed by %s", tc.path, tc.headers, tenants, h.Get("Authorization"))
			}
		}
	})
}

// A tenant that AWS never takes is a bad configuration.
func TestBadTenant(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{endpoint("/f", lambdaBackend(with(fixed(api, "f"), object{"tenant_id": "a,b"}), at("/f")))}, options{})
		check(t, gw.get(t, "/f"), http.StatusInternalServerError, "")
		const want = `bad configuration: tenant_id: the string 'a,b' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces; each request to `
		if lines := gw.Lines(t, "ERROR", "/f"); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("got %q", lines)
		}
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got the calls %v", calls)
		}
	})
}
