package e2e

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func jsonHost(t *testing.T, body string) string {
	return newHTTP(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) })
}

// checkMerged checks a response that KrakenD has made of several.
func checkMerged(t *testing.T, got response, status int, body, completed string) {
	t.Helper()
	check(t, got, status, body)
	if got.completed() != completed {
		t.Errorf("got X-Krakend-Completed %q, want %s", got.completed(), completed)
	}
}

func TestMerge(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"one": echo,
			"two": replies(`{"two":12345678901234567890}`),
		})
		host := jsonHost(t, `{"http":9007199254740993}`)
		gw := start(t, g, []object{
			endpoint("/two-functions/{id}", lambdaBackend(fixed(api, "one")), lambdaBackend(fixed(api, "two"))),
			endpoint("/same-function/{id}",
				lambdaBackend(fixed(api, "one"), object{"group": "a"}),
				lambdaBackend(fixed(api, "one"), object{"group": "b"})),
			endpoint("/function-and-host/{id}", lambdaBackend(fixed(api, "one")), httpBackend(host, "/")),
			endpoint("/host-and-function/{id}", httpBackend(host, "/"), lambdaBackend(fixed(api, "one"))),
			with(endpoint("/endpoint-flatmap/{id}", lambdaBackend(fixed(api, "one"), object{"group": "a"}), httpBackend(host, "/")),
				flatmap(object{"type": "move", "args": list{"a.id", "id"}}, object{"type": "del", "args": list{"a"}})),
			endpoint("/named/{lambda}", lambdaBackend(fromPath(api)), lambdaBackend(fixed(api, "two"))),
		}, options{})
		api.Handle("Named", replies(`{"named":true}`))

		for path, want := range map[string]string{
			"/two-functions/1":     `{"id":"1","two":12345678901234567890}`,
			"/same-function/1":     `{"a":{"id":"1"},"b":{"id":"1"}}`,
			"/function-and-host/1": `{"http":9007199254740993,"id":"1"}`,
			"/host-and-function/1": `{"http":9007199254740993,"id":"1"}`,
			"/endpoint-flatmap/1":  `{"http":9007199254740993,"id":"1"}`,
			"/named/named":         `{"named":true,"two":12345678901234567890}`,
		} {
			t.Run(path, func(t *testing.T) {
				checkMerged(t, gw.get(t, path), http.StatusOK, want, "true")
			})
		}
	})
}

func TestMergeOfPartsThatFail(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"good":  replies(`{"good":true}`),
			"fails": fails(errors.New("planted message")),
			"hangs": hangs,
		})
		host := jsonHost(t, `{"http":true}`)
		broken := newHTTP(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		good, bad := lambdaBackend(fixed(api, "good")), lambdaBackend(fixed(api, "fails"), at("/bad"))
		gw := start(t, g, []object{
			endpoint("/second", good, bad),
			endpoint("/first", bad, good),
			endpoint("/host-good", bad, httpBackend(host, "/")),
			endpoint("/host-broken", good, httpBackend(broken, "/")),
			endpoint("/refused", good, lambdaBackend(object{}, at("/refused"))),
			with(endpoint("/late", good, lambdaBackend(fixed(api, "hangs"), at("/late"))), object{"timeout": "3s"}), // long enough for the other part
			endpoint("/details", good, lambdaBackend(fixed(api, "fails"), detailsAsX, at("/details"))),
			endpoint("/all", bad, bad),
			endpoint("/all-unlike", bad, httpBackend(broken, "/")),
		}, options{})

		status := func(path string) int {
			if strings.HasPrefix(path, "/all") && g.failsEmptyMerges {
				return http.StatusInternalServerError // newMergeError's error has no StatusCode
			}
			return http.StatusOK
		}
		// KrakenD 1.x merges nothing with nothing into an empty response, which it
		// returns along with the error, and its gin router looks at no error where there
		// is a response to render.
		nothing := `{}`
		if g.failsEmptyMerges {
			nothing = ``
		}
		for path, want := range map[string]string{
			"/second":      `{"good":true}`,
			"/first":       `{"good":true}`,
			"/host-good":   `{"http":true}`,
			"/host-broken": `{"good":true}`,
			"/refused":     `{"good":true}`,
			"/late":        `{"good":true}`,
			"/details":     `{` + g.errorX(502, `{"errorType":"errorString","errorMessage":"planted message"}`) + `,"good":true}`,
			"/all":         nothing,
			"/all-unlike":  nothing,
		} {
			t.Run(path, func(t *testing.T) {
				checkMerged(t, gw.get(t, path), status(path), want, "false")
			})
		}
		if got := len(gw.Lines(t, "ERROR", "/bad")); got != 6 {
			t.Errorf("got %d errors, want one for each of the 6 parts that failed", got)
		}
		if errs := gw.Lines(t, "ERROR", "/late"); len(errs) != 1 {
			t.Errorf("got errors %q, want one", errs)
		}
	})
}

func TestSequentialBackends(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"order":    replies(order),
			"followed": echo,
			"fails":    fails(errors.New("planted message")),
		})
		host := newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"path":"`+r.URL.Path+`"}`)
		})
		first := lambdaBackend(fixed(api, "order"), object{"allow": list{"id", "customer", "paid"}, "mapping": object{"id": "order_id"}})
		follow := func(urlPattern string) object {
			return lambdaBackend(fixed(api, "followed"), at(urlPattern), object{"group": "second"})
		}
		inOrder := func(path string, backends ...object) object { return with(endpoint(path, backends...), sequential) }
		gw := start(t, g, []object{
			inOrder("/number/{id}", first, follow("/{resp0_order_id}")),
			inOrder("/nested/{id}", first, follow("/{resp0_customer.name}")),
			inOrder("/boolean/{id}", first, follow("/{resp0_paid}")),
			inOrder("/to-host/{id}", first, httpBackend(host, "/orders/{resp0_order_id}")),
			inOrder("/from-host/{id}", httpBackend(host, "/from"), follow("/{resp0_path}")),
			inOrder("/first-fails/{id}", lambdaBackend(fixed(api, "fails"), at("/first-fails")), follow("/{resp0_order_id}")),
			inOrder("/second-fails/{id}", first, lambdaBackend(fixed(api, "fails"), at("/{resp0_order_id}"))),
		}, options{})

		const data = `"customer":{"city":"London","name":"Ada"},"order_id":9007199254740993,"paid":true`
		for _, tc := range []struct {
			name, path      string
			status          int
			body, completed string
		}{
			// KrakenD hands the value of the first reply on as the param Resp0_…, with
			// the digits that the function has written.
			{"number", "/number/7", http.StatusOK, `{` + data + `,"second":{"id":"7","resp0_order_id":"9007199254740993"}}`, "true"},
			{"nested", "/nested/7", http.StatusOK, `{` + data + `,"second":{"id":"7","resp0_customer.name":"Ada"}}`, "true"},
			{"boolean", "/boolean/7", http.StatusOK, `{` + data + `,"second":{"id":"7","resp0_paid":"true"}}`, "true"},
			{"to an HTTP backend", "/to-host/7", http.StatusOK, `{` + data + `,"path":"/orders/9007199254740993"}`, "true"},
			{"from an HTTP backend", "/from-host/7", http.StatusOK, `{"path":"/from","second":{"id":"7","resp0_path":"/from"}}`, "true"},
			{"the second fails", "/second-fails/7", http.StatusOK, `{` + data + `}`, "false"},
			// Nothing has been merged yet, so the first one's error is the endpoint's.
			{"the first fails", "/first-fails/7", http.StatusBadGateway, ``, "false"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				checkMerged(t, gw.get(t, tc.path), tc.status, tc.body, tc.completed)
			})
		}
		for _, call := range callsOf(api, "followed") {
			if string(call.Payload) == `{"id":"7"}` {
				t.Error("a function was called after the one before it had failed")
			}
		}
	})
}

// The last of sequential backends may have a body, KrakenD allows no other.
func TestSequentialPOST(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"first": replies(`{"id":"7"}`), "last": echo})
		gw := start(t, g, []object{
			with(endpoint("/f/{id}",
				lambdaBackend(fixed(api, "first"), object{"method": "GET"}),
				lambdaBackend(fixed(api, "last"), at("/{resp0_id}"))), sequential, object{"method": "POST"}),
		}, options{})

		checkMerged(t, gw.post(t, "/f/1", `{"n":1}`), http.StatusOK, `{"id":"7","n":1}`, "true")
		if call := onlyCall(t, api, "first"); string(call.Payload) != `{"id":"1"}` {
			t.Errorf("first: got payload %s", call.Payload)
		}
	})
}

// Each function of a merge is called once for a request, and tries again on its own.
func TestMergeRetriesPartsOnTheirOwn(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"one": replies(`{"one":1}`), "two": replies(`{"two":2}`)})
		retried := object{"max_retries": 1}
		gw := start(t, g, []object{
			endpoint("/f", lambdaBackend(with(fixed(api, "one"), retried)), lambdaBackend(with(fixed(api, "two"), retried))),
		}, options{})
		api.Fail("two", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", ""))

		checkMerged(t, gw.get(t, "/f"), http.StatusOK, `{"one":1,"two":2}`, "true")
		if one, two := len(callsOf(api, "one")), len(callsOf(api, "two")); one != 1 || two != 2 {
			t.Errorf("got %d and %d calls, want 1 and 2", one, two)
		}
	})
}
