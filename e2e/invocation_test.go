package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestInvocationTypes(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"Event": replies(`{"a":1}`), "DryRun": replies(`{"a":1}`)})
		var endpoints []object
		for _, invocationType := range []string{"Event", "DryRun"} {
			settings := with(fixed(api, invocationType), object{"invocation_type": invocationType})
			endpoints = append(endpoints,
				with(endpoint("/json/"+invocationType, lambdaBackend(settings)), object{"method": "POST"}),
				with(noOpEndpoint("/no-op/"+invocationType, settings), object{"method": "POST"}),
			)
		}
		gw := start(t, g, endpoints, options{})
		for invocationType, status := range map[string]int{"Event": http.StatusAccepted, "DryRun": http.StatusNoContent} {
			check(t, gw.post(t, "/json/"+invocationType, `{"b":2}`), http.StatusOK, `{}`) // KrakenD's status for data
			r := gw.post(t, "/no-op/"+invocationType, `{"b":2}`)
			check(t, r, status, "")
			calls := callsOf(api, invocationType)
			if len(calls) != 2 || calls[1].InvocationType != invocationType || string(calls[1].Payload) != `{"b":2}` || calls[1].Executed != (invocationType == "Event") {
				t.Errorf("got %+v", calls)
			}
			if r.header.Get("X-Amzn-Requestid") != calls[1].RequestID || r.header.Get("Content-Type") != "" {
				t.Errorf("got %v", r.header)
			}
		}

		// An asynchronous invocation takes 1 MiB.
		check(t, gw.post(t, "/no-op/Event", `"`+strings.Repeat("x", 1<<20)+`"`), http.StatusRequestEntityTooLarge, "")
		if calls := callsOf(api, "Event"); len(calls) != 2 {
			t.Errorf("got %d calls, want 2", len(calls))
		}
	})
}

func TestQualifier(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo, "F": echo})
		gw := start(t, g, []object{
			endpoint("/fixed", lambdaBackend(with(fixed(api, "f"), object{"qualifier": "live"}))),
			endpoint("/named/{lambda}", lambdaBackend(with(fromPath(api), object{"qualifier": "live"}))),
		}, options{})
		check(t, gw.get(t, "/fixed"), http.StatusOK, `{}`)
		check(t, gw.get(t, "/named/f"), http.StatusOK, `{"lambda":"f"}`)
		for _, function := range []string{"f", "F"} {
			if c := onlyCall(t, api, function); c.Qualifier != "live" {
				t.Errorf("got %s:%s, want %s:live", c.Function, c.Qualifier, function)
			}
		}
		// Which version is executed is not for the client to say, then.
		check(t, gw.get(t, "/named/f:dev"), http.StatusNotFound, "")
	})
}

func TestClientContext(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{with(
			endpoint("/f/{id}", lambdaBackend(with(fixed(api, "f"), object{"client_context": true}), at("/f"))),
			object{"headers_to_pass": list{"X-Tea"}, "querystring_params": list{"q"}, "method": "POST"},
		)}, options{})
		check(t, gw.do(t, "POST", "/f/7?q=1&q=2", http.Header{"X-Tea": {"oolong"}, "X-Secret": {"x"}}, strings.NewReader(`{}`)), http.StatusOK, `{}`)

		var got struct{ Custom map[string]string }
		if err := json.Unmarshal(onlyCall(t, api, "f").ClientContext, &got); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"id": "7", "q": "1,2", "X-Tea": "oolong", "X-Forwarded-For": "127.0.0.1"} {
			if got.Custom[name] != want {
				t.Errorf("%s: got %q, want %q", name, got.Custom[name], want)
			}
		}
		if _, ok := got.Custom["X-Secret"]; ok {
			t.Error("got a header that the endpoint does not let through")
		}

		check(t, gw.do(t, "POST", "/f/7", http.Header{"X-Tea": {strings.Repeat("x", 4000)}}, strings.NewReader(`{}`)), http.StatusRequestHeaderFieldsTooLarge, "")
		if calls := callsOf(api, "f"); len(calls) != 1 {
			t.Errorf("got %d calls, want 1", len(calls))
		}
	})
}

func TestLogTail(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": func(ctx context.Context) (object, error) {
			fmt.Fprintln(lambdatest.LogWriter(ctx), "the kettle is on")
			return object{}, nil
		}})
		gw := start(t, g, []object{
			endpoint("/tail", lambdaBackend(with(fixed(api, "f"), object{"log_tail": true}), at("/tail"))),
			endpoint("/silent", lambdaBackend(fixed(api, "f"), at("/silent"))),
		}, options{})
		check(t, gw.get(t, "/tail"), http.StatusOK, `{}`)
		id := onlyCall(t, api, "f").RequestID
		if lines := gw.Lines(t, "DEBUG", "/tail"); !slices.Contains(lines, "log of f, request id "+id+": the kettle is on") {
			t.Errorf("got %q", lines)
		}
		check(t, gw.get(t, "/silent"), http.StatusOK, `{}`)
		if lines := gw.Lines(t, "DEBUG", "/silent"); len(lines) != 1 {
			t.Errorf("got %q, want no log that was not asked for", lines)
		}
	})
}
