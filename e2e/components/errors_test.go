package components

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	krakendlua "github.com/devopsfaith/krakend-lua"
	krakendrate "github.com/devopsfaith/krakend-ratelimit"
	gometrics "github.com/rcrowley/go-metrics"
	"github.com/sony/gobreaker"
)

// Components do not wrap or replace the error of a Lambda backend: KrakenD's router gets the backend's
// own error, with its status, Retry-After and cause. (Metrics are in every stack.)
func TestErrorsPassThroughEachComponent(t *testing.T) {
	celAll := conditions("req_method == 'GET'", "resp_completed")
	luaAll := script(object{"pre": `request.load()`, "post": `response.load()`})
	for _, stack := range []struct {
		name      string
		component object
	}{
		{"metrics alone", nil}, {"CEL", celAll}, {"Lua", luaAll}, {"rate limit", rateLimit(1000)}, {"breaker", breaker(1000)}, {"all", merged(celAll, luaAll, rateLimit(1000), breaker(1000))},
	} {
		g := startWithErrors(t, stack.component)
		for _, tc := range errorCases {
			t.Run(stack.name+", "+tc.name, func(t *testing.T) {
				g.Fail("*", tc.fault)
				defer g.Reset()
				path := tc.path
				if path == "" {
					path = "/fixed"
				}
				got := g.get(t, path)
				if got.fromAdapter == nil || got.fromPipe != got.fromAdapter {
					t.Fatalf("got %v from the pipe, want the backend's own %v", got.fromPipe, got.fromAdapter)
				}
				if got.status != tc.status || statusOf(got.fromPipe) != tc.status || got.body != "" {
					t.Errorf("got %d %q, want an empty %d", got.status, got.body, tc.status)
				}
				if !strings.HasPrefix(got.fromPipe.Error(), "lambda: ") {
					t.Errorf("got message %q", got.fromPipe)
				}
				switch tc.status {
				case http.StatusTooManyRequests:
					h, ok := got.fromPipe.(interface{ Headers() map[string][]string })
					if !ok || fmt.Sprint(h.Headers()) != "map[Retry-After:[3]]" {
						t.Errorf("got %#v, want a Retry-After of 3 in its headers", got.fromPipe)
					}
				case http.StatusGatewayTimeout:
					if !errors.Is(got.fromPipe, context.DeadlineExceeded) {
						t.Errorf("got %#v, want the end of the deadline", got.fromPipe)
					}
				}
			})
		}
	}
}

// KrakenD answers 500 to the errors of components, because they have no status. Only Lua's
// custom_error can have one.
func TestErrorsOfTheComponents(t *testing.T) {
	internalError := func(err error) bool {
		_, ok := err.(krakendlua.ErrInternal)
		return ok && err.Error() == "closed on Sundays"
	}
	withStatus := func(err error) bool {
		_, ok := err.(krakendlua.ErrInternalHTTP)
		return ok && err.Error() == "closed on Sundays"
	}
	is := func(target error) func(error) bool { return func(err error) bool { return err == target } }
	aborted := func(err error) bool { return strings.HasPrefix(err.Error(), "CEL: request aborted by ") }

	luaPost := script(object{"post": `custom_error("closed on Sundays", 451)`})

	for _, tc := range []struct {
		name      string
		component object
		before    int // number of requests before
		status    int
		calls     int
		want      func(error) bool
	}{
		{"rate limit", rateLimit(1), 1, 500, 0, is(krakendrate.ErrLimited)},
		{"breaker", breaker(1), 2, 500, 0, is(gobreaker.ErrOpenState)},
		{"CEL, request", conditions("req_method == 'POST'"), 0, 500, 0, aborted},
		{"CEL, response", conditions("'missing' in resp_data"), 0, 500, 1, aborted},
		{"Lua, pre", script(object{"pre": `custom_error("closed on Sundays")`}), 0, 500, 0, internalError},
		{"Lua, pre, with a status", script(object{"pre": `custom_error("closed on Sundays", 451)`}), 0, 451, 0, withStatus},
		// Lua returns the response together with the error, and the router sends the response. The
		// breaker drops it.
		{"Lua, post, with a status", luaPost, 0, 200, 1, withStatus},
		{"Lua, post, with a status, and a breaker", merged(luaPost, breaker(1)), 0, 451, 1, withStatus},
	} {
		t.Run(tc.name, func(t *testing.T) {
			function := any(ok)
			if tc.name == "breaker" {
				function = failing
			}
			g := start(t, map[string]any{"f": function}, endpoint("/x", fixed("f", tc.component)))
			for range tc.before {
				g.get(t, "/x")
			}
			got := g.get(t, "/x")
			if got.status != tc.status || got.calls != tc.calls || got.fromPipe == nil || !tc.want(got.fromPipe) {
				t.Errorf("got %+v, want a %d after %d calls", got, tc.status, tc.calls)
			}
		})
	}
}

// The metrics count an error of the backend as an error. With return_error_details it is an incomplete
// response, which another counter counts.
func TestMetricsOfErrors(t *testing.T) {
	for _, tc := range []struct {
		function  string
		component object
		want      string
	}{
		{"f", nil, "complete.true.error.false"},
		{"failing", nil, "complete.false.error.true"},
		{"failing", details, "complete.false.error.false"},
	} {
		g := start(t, map[string]any{"f": ok, "failing": failing}, endpoint("/x", fixed(tc.function, tc.component)))
		g.get(t, "/x")
		counter := "proxy.requests.layer.backend.name./x." + tc.want
		await(t, counter, func() bool { // the metrics count after the response
			c, ok := (*g.metrics.Registry).Get(counter).(gometrics.Counter)
			return ok && c.Count() == 1
		})
	}
}

// A Lambda backend does not need a url_pattern. But KrakenD's parser then sets "/", so all such backends
// share their metrics.
func TestMetricsWithoutURLPattern(t *testing.T) {
	bare := func(path, function string) object {
		return object{"endpoint": path, "backend": []any{object{"extra_config": fixed(function)}}}
	}
	g := start(t, map[string]any{"f": ok, "g": ok}, bare("/f", "f"), bare("/g", "g"))
	g.get(t, "/f")
	g.get(t, "/g")
	await(t, "both requests in one counter", func() bool {
		c, ok := (*g.metrics.Registry).Get("proxy.requests.layer.backend.name./.complete.true.error.false").(gometrics.Counter)
		return ok && c.Count() == 2
	})
}
