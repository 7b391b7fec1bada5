package components

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	cel "github.com/devopsfaith/krakend-cel"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/encoding"
	"github.com/luraproject/lura/proxy"
	"github.com/luraproject/lura/transport/http/client"
)

// A condition on the request is evaluated before the function is invoked.
func TestCELOnTheRequest(t *testing.T) {
	for _, tc := range []struct {
		condition, path string
		want            bool
	}{
		{"req_params.Id == '7'", "/x/7", true},
		{"req_params.Id == '7'", "/x/8", false},
		{"req_params.Id.matches('^[0-9]+$')", "/x/7", true},
		{"req_params.Id.matches('^[0-9]+$')", "/x/seven", false},
		{"'page' in req_querystring && req_querystring.page[0] == '2'", "/x/7?page=2", true},
		{"'page' in req_querystring && req_querystring.page[0] == '2'", "/x/7", false},
		{"'Authorization' in req_headers", "/x/7", false},
	} {
		e := endpoint("/x/{id}", fixed("f", conditions(tc.condition)))
		e["querystring_params"] = []string{"page"}
		e["headers_to_pass"] = []string{"Authorization"}
		g := start(t, map[string]any{"f": ok}, e)
		got := g.get(t, tc.path)
		want := answer{status: http.StatusInternalServerError}
		if tc.want {
			want = answer{status: http.StatusOK, calls: 1}
		}
		if got.status != want.status || got.calls != want.calls {
			t.Errorf("%s: %s: got %+v, want a %d after %d calls", tc.condition, tc.path, got, want.status, want.calls)
		}
	}
}

// A condition on the response sees the function's reply, except for numbers: KrakenD keeps all their
// digits as json.Number, a type that this CEL does not know. A condition on a number fails.
func TestCELOnTheResponse(t *testing.T) {
	for _, tc := range []struct {
		condition, reply string
		want             bool
	}{
		{"resp_data.name == 'teapot'", `{"name":"teapot"}`, true},
		{"resp_data.name == 'teapot'", `{"name":"kettle"}`, false},
		{"resp_data.available", `{"available":true}`, true},
		{"resp_data.available", `{"available":false}`, false},
		{"resp_data.stock > 2", `{"stock":3}`, false},
		{"int(resp_data.stock) > 2", `{"stock":3}`, false},
		{"resp_data.stock == '3'", `{"stock":3}`, false},
		{"has(resp_data.stock)", `{"stock":3}`, true},
		{"int(resp_data.stock) > 2", `{"stock":"3"}`, true},
		{"resp_data.customer.city == 'London'", `{"customer":{"city":"London"}}`, true},
		{"size(resp_data.items) > 0", `{"items":[1]}`, true},
		{"has(resp_data.name)", `{}`, false},
		{"has(resp_data.name)", `null`, false},
		{"size(resp_data) == 0", `null`, true},
		{"resp_completed", `{}`, true},
		{"resp_metadata_status == 200", `{}`, true},
		{"resp_metadata_headers['X-Amz-Executed-Version'][0] == '$LATEST'", `{}`, true},
	} {
		g := start(t, map[string]any{"f": func() (json.RawMessage, error) { return json.RawMessage(tc.reply), nil }},
			endpoint("/x", fixed("f", conditions(tc.condition))))
		want := http.StatusInternalServerError
		if tc.want {
			want = http.StatusOK
		}
		if got := g.get(t, "/x"); got.status != want || got.calls != 1 {
			t.Errorf("%s of %s: got %+v, want a %d after one call", tc.condition, tc.reply, got, want)
		}
	}
}

// The same happens with an HTTP backend, so Lambda is not the cause.
func TestCELOnNumbersOfAnHTTPBackend(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"stock":3}`))
	}))
	defer host.Close()
	log := &adaptertest.Recorder{}
	for condition, want := range map[string]bool{"int(resp_data.stock) > 2": false, "has(resp_data.stock)": true} {
		remote := &config.Backend{Decoder: encoding.NewJSONDecoder(false), ExtraConfig: conditions(condition)}
		p := cel.BackendFactory(log, proxy.CustomHTTPProxyFactory(client.NewHTTPClient))(remote)
		u, err := url.Parse(host.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = p(t.Context(), &proxy.Request{Method: http.MethodGet, URL: u}); (err == nil) != want {
			t.Errorf("%s: got error %v, want success: %t", condition, err, want)
		}
	}
}

// CEL can read a number that Lua has set. Lua is outside the backend's CEL and inside the endpoint's
// CEL.
func TestCELOnANumberOfLua(t *testing.T) {
	convert := script(object{"post": `local d = response.load():data(); d:set("stock", d:get("stock"))`})
	for stock, want := range map[int]int{3: http.StatusOK, 2: http.StatusInternalServerError} {
		e := endpoint("/x", fixed("f", convert))
		e["extra_config"] = conditions("resp_data.stock > 2.0")
		g := start(t, map[string]any{"f": func() (map[string]int, error) { return map[string]int{"stock": stock}, nil }}, e)
		if got := g.get(t, "/x"); got.status != want {
			t.Errorf("%d: got %+v, want a %d", stock, got, want)
		}
	}
}

// For CEL, a failure that return_error_details shows is a response with the status of the failure. A
// condition can turn it into an error again.
func TestCELOnDetails(t *testing.T) {
	for condition, want := range map[string]int{
		"resp_completed":               http.StatusInternalServerError,
		"resp_metadata_status == 200":  http.StatusInternalServerError,
		"resp_metadata_status == 502":  http.StatusOK,
		"!('error_x' in resp_data)":    http.StatusInternalServerError,
		"resp_metadata_status != 5000": http.StatusOK,
	} {
		g := start(t, map[string]any{"f": failing}, endpoint("/x", fixed("f", conditions(condition), details)))
		got := g.get(t, "/x")
		if got.status != want || got.fromAdapter != nil || (want == http.StatusOK) != strings.Contains(got.body, "out of stock") {
			t.Errorf("%s: got %+v, want a %d", condition, got, want)
		}
	}
}
