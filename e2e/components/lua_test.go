package components

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lua "github.com/devopsfaith/krakend-lua/proxy"
)

// canaryScript sends 20 % of the requests to version 3 of a function. It is the script of the
// documentation. Tests replace only its math.random.
const canaryScript = `
local r = request.load()
if math.random(100) <= 20 then
  r:params("canary", "my-function:3")
else
  r:params("canary", "my-function:2")
end`

// canary returns an endpoint with that script. math needs allow_open_libs.
func canary(t *testing.T, sources ...string) object {
	settings := object{"pre": canaryScript, "allow_open_libs": true}
	if len(sources) > 0 {
		file := filepath.Join(t.TempDir(), "source.lua")
		if err := os.WriteFile(file, []byte(strings.Join(sources, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		settings["sources"] = []string{file}
	}
	e := endpoint("/canary/{userId}", named("canary", script(settings)))
	e["headers_to_pass"] = []string{"X-Roll"}
	return e
}

// loaded replaces math.random by a number from the request.
const loaded = `function math.random(n) return tonumber(request.load():headers("X-Roll")) end`

// With each number from 1 to 100 once, 20 requests go to version 3 and 80 to version 2, each to the
// right one.
func TestLuaCanary(t *testing.T) {
	g := start(t, map[string]any{"my-function": ok}, canary(t, loaded))

	share := map[string]int{}
	for i := range 100 {
		roll := i*37%100 + 1 // every number once, not in order
		want := "2"
		if roll <= 20 {
			want = "3"
		}
		got := g.get(t, "/canary/ada", "X-Roll", fmt.Sprint(roll))
		if got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("roll %d: got %+v, want a 200 after one call", roll, got)
		}
		call := g.Calls()[i]
		if call.Function != "my-function" || call.Qualifier != want {
			t.Errorf("roll %d: got %s:%s, want my-function:%s", roll, call.Function, call.Qualifier, want)
		}
		// The param is a parameter of the request, so the function gets it too.
		if payload, want := string(call.Payload), `{"canary":"my-function:`+want+`","userId":"ada"}`; payload != want {
			t.Errorf("roll %d: got payload %s, want %s", roll, payload, want)
		}
		share[call.Qualifier]++
	}
	if want := (map[string]int{"2": 80, "3": 20}); !maps.Equal(share, want) {
		t.Errorf("got shares %v, want %v", share, want)
	}
}

// With real random numbers, requests go to both versions, and to no other.
func TestLuaCanaryByChance(t *testing.T) {
	g := start(t, map[string]any{"my-function": ok}, canary(t))
	seen := map[string]bool{}
	for range 1000 { // fewer than one of 10^96 runs lack one of the versions
		if got := g.get(t, "/canary/ada"); got.status != http.StatusOK {
			t.Fatalf("got %+v, want a 200", got)
		}
		calls := g.Calls()
		seen[calls[0].Qualifier] = true
		g.Reset()
		if len(seen) == 2 {
			break
		}
	}
	if got, want := slices.Sorted(maps.Keys(seen)), []string{"2", "3"}; !slices.Equal(got, want) {
		t.Errorf("got versions %q, want %q", got, want)
	}
}

// The backends of an endpoint run at the same time and share the request's params. So a script on one of
// several backends must not set params: the gateway would end with "concurrent map read and map
// write". A script on the endpoint runs before all backends.
func TestLuaCanaryInAMerge(t *testing.T) {
	backend := func(group string, extra object) object {
		return object{"url_pattern": "/" + group, "group": group, "extra_config": extra}
	}
	e := object{
		"endpoint":        "/x",
		"headers_to_pass": []string{"X-Roll"},
		"backend":         []any{backend("a", named("canary")), backend("b", named("canary")), backend("c", fixed("f"))},
		"extra_config":    object{lua.ProxyNamespace: object{"pre": strings.Join([]string{"math = {}", loaded, canaryScript}, "\n")}},
	}
	g := start(t, map[string]any{"my-function": ok, "f": ok}, e)
	for roll, version := range map[string]string{"20": "3", "21": "2"} {
		g.Reset()
		got := g.get(t, "/x", "X-Roll", roll)
		var functions []string
		for _, call := range g.Calls() {
			functions = append(functions, call.Function+":"+call.Qualifier)
		}
		slices.Sort(functions)
		want := []string{"f:", "my-function:" + version, "my-function:" + version}
		if got.status != http.StatusOK || !slices.Equal(functions, want) {
			t.Errorf("roll %s: got %+v and %q, want %q", roll, got, functions, want)
		}
	}
}

// Without allow_open_libs, a script cannot use math.
func TestLuaCanaryNeedsOpenLibs(t *testing.T) {
	e := endpoint("/canary/{userId}", named("canary", script(object{"pre": canaryScript})))
	g := start(t, map[string]any{"my-function": ok}, e)
	if got := g.get(t, "/canary/ada"); got.status != http.StatusInternalServerError || got.calls != 0 {
		t.Errorf("got %+v, want a 500 and no call", got)
	}
}

// Unlike KrakenD's router, Lua does not change the name of a param. function_param_name must be exactly
// the name in the script. Its first letter decides whether the gateway capitalizes the function's
// name.
func TestLuaParamNames(t *testing.T) {
	for _, tc := range []struct {
		set, param, nameCase string
		function             string // empty for a 404
	}{
		{set: "canary", param: "canary", function: "my-function"},
		{set: "Canary", param: "Canary", function: "My-function"},
		{set: "Canary", param: "Canary", nameCase: "verbatim", function: "my-function"},
		{set: "canary", param: "canary", nameCase: "capitalized", function: "My-function"},
		{set: "Canary", param: "canary"},
		{set: "canary", param: "Canary"},
	} {
		settings := object{"function_param_name": tc.param}
		if tc.nameCase != "" {
			settings["function_name_case"] = tc.nameCase
		}
		pre := script(object{"pre": fmt.Sprintf(`request.load():params(%q, "my-function:3")`, tc.set)})
		g := start(t, map[string]any{"my-function": ok, "My-function": ok}, endpoint("/x", extraConfig(settings, []object{pre})))

		got := g.get(t, "/x")
		if tc.function == "" {
			if got.status != http.StatusNotFound || got.calls != 0 {
				t.Errorf("%+v: got %+v, want a 404 and no call", tc, got)
			}
			continue
		}
		if calls := g.Calls(); got.status != http.StatusOK || len(calls) != 1 || calls[0].Function != tc.function || calls[0].Qualifier != "3" {
			t.Errorf("%+v: got %+v and calls %+v, want %s:3", tc, got, calls, tc.function)
		}
	}
}

// A client cannot set a param in lower case: KrakenD capitalizes placeholders, and query strings are
// not params.
func TestClientCannotSetTheLuaParam(t *testing.T) {
	e := endpoint("/x/{canary}", named("canary"))
	e["querystring_params"] = []string{"canary"}
	g := start(t, map[string]any{"my-function": ok, "My-function": ok}, e)
	if got := g.get(t, "/x/my-function?canary=my-function"); got.status != http.StatusNotFound || got.calls != 0 {
		t.Errorf("got %+v, want a 404 and no call", got)
	}
}

// A name from a script counts as a name from the request, so the gateway refuses an ARN.
func TestLuaMayNotNameAnARN(t *testing.T) {
	g := start(t, map[string]any{"f": ok}, endpoint("/x", named("canary", script(object{
		"pre": `request.load():params("canary", "` + arn + `")`}))))
	if got := g.get(t, "/x"); got.status != http.StatusNotFound || got.calls != 0 {
		t.Errorf("got %+v, want a 404 and no call", got)
	}
}

// Functions see the method, query string and body that a script sets. A script can change the path only
// through params: url and path have no effect.
func TestLuaOnTheRequest(t *testing.T) {
	event := func(pre string) object {
		return extraConfig(object{"function_name": "f", "max_retries": 0, "payload_format": "2.0", "response_format": "plain"}, []object{script(object{"pre": pre})})
	}
	simple := func(pre string) object { return fixed("f", script(object{"pre": pre})) }
	withQuery := func(e object) object { return merged(e, object{"querystring_params": []string{"*"}}) }
	g := start(t, map[string]any{"f": ok},
		withQuery(endpoint("/method/{id}", simple(`local r = request.load(); r:method('PUT'); r:body('{"cups":2}')`))),
		withQuery(endpoint("/lower/{id}", simple(`local r = request.load(); r:method('put'); r:body('{"cups":3}')`))),
		withQuery(endpoint("/query/{id}", simple(`local r = request.load(); r:query('cup=2&cup=3&id=9')`))),
		withQuery(endpoint("/more/{id}", simple(`local r = request.load(); r:query(r:query() .. '&cup=2')`))),
		withQuery(endpoint("/url/{id}", simple(`local r = request.load(); r:url('http://evil.example.com/other?cup=2'); r:path('/other')`))),
		withQuery(endpoint("/event/{id}", event(`local r = request.load(); r:method('put'); r:query('cup=2&cup=3'); r:body('{}'); r:headers('Content-Type', 'application/json')`))),
		withQuery(endpoint("/event-url/{id}", event(`local r = request.load(); r:url('http://evil.example.com/other?cup=2'); r:path('/other')`))),
	)
	for path, want := range map[string]string{
		"/method/7?tea=1": `{"cups":2}`,
		"/lower/7?tea=1":  `{"cups":3}`,
		"/query/7?tea=1":  `{"cup":["2","3"],"id":"7"}`,
		"/more/7?tea=1":   `{"cup":"2","id":"7","tea":"1"}`,
		"/url/7?tea=1":    `{"id":"7","tea":"1"}`,
	} {
		g.Reset()
		if got := g.get(t, path); got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s: got %+v, want a 200 after one call", path, got)
		}
		if got := string(g.Calls()[0].Payload); got != want {
			t.Errorf("%s: got the payload %s, want %s", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"/event/7?tea=1":     `PUT /event/7 cup=2&cup=3 {}`,
		"/event-url/7?tea=1": `GET /event-url/7 tea=1 `,
	} {
		g.Reset()
		if got := g.get(t, path); got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s: got %+v, want a 200 after one call", path, got)
		}
		var event struct {
			RawPath, RawQueryString, Body string
			RequestContext                struct{ HTTP struct{ Method, Path string } }
		}
		if err := json.Unmarshal(g.Calls()[0].Payload, &event); err != nil {
			t.Fatal(err)
		}
		c := event.RequestContext.HTTP
		if got := strings.Join([]string{c.Method, event.RawPath, event.RawQueryString, event.Body}, " "); got != want || c.Path != event.RawPath {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// Params are text. gopher-lua calculates with a text that starts with 0 as with an octal number, unless
// it has a digit 8 or 9 (https://github.com/yuin/gopher-lua/issues/478). tonumber is always decimal.
func TestLuaCalculatesWithParams(t *testing.T) {
	next := func(page string) object {
		return fixed("f", script(object{"pre": `local r = request.load(); r:params("Next", "" .. (` + page + ` + 1))`}))
	}
	g := start(t, map[string]any{"f": ok},
		endpoint("/text/{page}", next(`r:params("Page")`)), endpoint("/number/{page}", next(`tonumber(r:params("Page"))`)))
	for path, want := range map[string]string{
		"/text/123": "124", "/text/000128": "129", "/text/000123": "84", "/number/000123": "124",
	} {
		g.Reset()
		if got := g.get(t, path); got.status != http.StatusOK || got.calls != 1 {
			t.Fatalf("%s: got %+v, want a 200 after one call", path, got)
		}
		var payload struct{ Next string }
		if err := json.Unmarshal(g.Calls()[0].Payload, &payload); err != nil {
			t.Fatal(err)
		}
		if payload.Next != want {
			t.Errorf("%s: got %q, want %q", path, payload.Next, want)
		}
	}
}

// A request can have a header in several spellings: the configuration's, and those of a script. Always
// the same one counts, for the call and in the event.
func TestLuaAndSpellingsOfAHeader(t *testing.T) {
	const client, canonical, upper = "Root=1-00000001-client", "Root=1-00000002-canonical", "Root=1-00000003-upper"
	traced := func(path, pre string) object {
		settings := object{"function_name": "f", "max_retries": 0, "payload_format": "2.0", "response_format": "plain"}
		return merged(endpoint(path, extraConfig(settings, []object{script(object{"pre": pre})})), object{"headers_to_pass": []string{"x-amzn-trace-id"}})
	}
	g := start(t, map[string]any{"f": ok},
		traced("/two", `request.load():headers("X-Amzn-Trace-Id", "`+canonical+`")`),
		traced("/three", `local r = request.load(); r:headers("X-Amzn-Trace-Id", "`+canonical+`"); r:headers("X-AMZN-TRACE-ID", "`+upper+`")`),
	)
	for path, want := range map[string]string{"/two": client, "/three": upper} {
		for range 20 { // the order of a map is random
			g.Reset()
			if got := g.get(t, path, "X-Amzn-Trace-Id", client); got.status != http.StatusOK || got.calls != 1 {
				t.Fatalf("%s: got %+v, want a 200 after one call", path, got)
			}
			call := g.Calls()[0]
			var event struct{ Headers map[string]string }
			if err := json.Unmarshal(call.Payload, &event); err != nil {
				t.Fatal(err)
			}
			if got := call.Header.Get("X-Amzn-Trace-Id"); got != want || event.Headers["x-amzn-trace-id"] != want {
				t.Fatalf("%s: got the trace %q, and %q in the event, want %q", path, got, event.Headers["x-amzn-trace-id"], want)
			}
		}
	}
}

// CEL is inside Lua, so a condition sees the param that the script has set.
func TestCELSeesTheLuaParam(t *testing.T) {
	for version, want := range map[string]int{"2": http.StatusOK, "4": http.StatusInternalServerError} {
		g := start(t, map[string]any{"my-function": ok}, endpoint("/x", named("canary",
			script(object{"pre": `request.load():params("canary", "my-function:` + version + `")`}),
			conditions("req_params.canary in ['my-function:2', 'my-function:3']"))))
		if got := g.get(t, "/x"); got.status != want {
			t.Errorf("version %s: got %+v, want a %d", version, got, want)
		}
	}
}

// A script can read and change the response of a function, including its metadata.
func TestLuaOnTheResponse(t *testing.T) {
	reply := func() (json.RawMessage, error) {
		return json.RawMessage(`{"name":"teapot","stock":3,"id":12345678901234567890,"secret":"x","parts":["lid","pot"],"maker":{"city":"London"}}`), nil
	}
	g := start(t, map[string]any{"f": reply}, endpoint("/x", fixed("f", script(object{"post": `
local r = response.load()
local data = r:data()
data:set("left", data:get("stock") - 1)
data:set("city", data:get("maker"):get("city"))
data:set("second", data:get("parts"):get(1))
data:set("version", r:headers("X-Amz-Executed-Version"))
data:set("status", r:statusCode())
data:set("complete", r:isComplete())
data:del("secret")
r:headers("X-From-Lua", "yes")`}))))

	got := g.get(t, "/x")
	// Numbers that the script does not change keep their digits.
	want := `{"city":"London","complete":true,"id":12345678901234567890,"left":2,"maker":{"city":"London"},"name":"teapot",` +
		`"parts":["lid","pot"],"second":"pot","status":200,"stock":3,"version":"$LATEST"}`
	if strings.TrimSpace(got.body) != want || got.status != http.StatusOK {
		t.Errorf("got %d %s\nwant 200 %s", got.status, got.body, want)
	}
}

// A script after a failed call does not run.
func TestLuaPostDoesNotSeeErrors(t *testing.T) {
	post := script(object{"post": `response.load():data():set("ran", true)`})
	g := start(t, map[string]any{"f": failing}, endpoint("/x", fixed("f", post)), endpoint("/shown", fixed("f", post, details)))
	if got := g.get(t, "/x"); got.status != http.StatusBadGateway || got.body != "" {
		t.Errorf("got %+v, want a 502", got)
	}
	// With return_error_details, the call counts as successful.
	if got := g.get(t, "/shown"); got.status != http.StatusOK || !strings.Contains(got.body, `"ran":true`) || !strings.Contains(got.body, "out of stock") {
		t.Errorf("got %+v, want the details and the script's member", got)
	}
}
