package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestClientsGetTheirOwnAnswers(t *testing.T) {
	const clients, requests = 64, 4
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo, "Other": replies(`{"other":true}`)})
		gw := start(t, g, []object{
			endpoint("/get/{id}", lambdaBackend(fixed(api, "f"))),
			with(endpoint("/post", lambdaBackend(fixed(api, "f"))), object{"method": "POST"}),
			endpoint("/merge/{lambda}", lambdaBackend(fixed(api, "f")), lambdaBackend(fromPath(api), object{"group": "g"})),
			endpoint("/fail/{lambda}", lambdaBackend(fromPath(api))),
		}, options{})

		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				for request := range requests {
					id := fmt.Sprintf("%d-%d", client, request)
					for _, tc := range []struct {
						method, path, body string
						status             int
						want               string
					}{
						{"GET", "/get/" + id, "", http.StatusOK, `{"id":"` + id + `"}`},
						{"POST", "/post", `{"mine":"` + id + `"}`, http.StatusOK, `{"mine":"` + id + `"}`},
						{"GET", "/merge/other", "", http.StatusOK, `{"g":{"other":true},"lambda":"other"}`},
						{"GET", "/fail/none-" + id, "", http.StatusNotFound, ""},
					} {
						got, err := gw.send(tc.method, tc.path, nil, strings.NewReader(tc.body))
						if err != nil || got.status != tc.status || got.body != tc.want {
							t.Errorf("%s %s: got %d %q, %v, want %d %q", tc.method, tc.path, got.status, got.body, err, tc.status, tc.want)
						}
					}
				}
			})
		}
		wg.Wait()
		if calls := api.Calls(); len(calls) != clients*requests*5 {
			t.Errorf("got %d calls, want %d", len(calls), clients*requests*5)
		}
	})
}

func TestClientThatGoesAway(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		entered, release := make(chan struct{}, 2), make(chan struct{})
		waits := handler(func(ctx context.Context, _ []byte) ([]byte, error) {
			entered <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return []byte(`{"late":true}`), nil
		})
		api := newLambda(t, map[string]any{"waits": waits, "f": echo})
		gw := start(t, g, []object{
			endpoint("/waits", lambdaBackend(fixed(api, "waits"), at("/waits"))),
			endpoint("/merged", lambdaBackend(fixed(api, "waits"), at("/waits")), lambdaBackend(fixed(api, "f"))),
			endpoint("/f", lambdaBackend(fixed(api, "f"))),
		}, options{})

		for _, path := range []string{"/waits", "/merged"} {
			ctx, leave := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, gw.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				_, err := receive(gw.Client.Do(request))
				done <- err
			}()
			select {
			case <-entered: // the function executes
			case err := <-done:
				t.Fatalf("%s: the client has its answer too early (error %v)", path, err)
			}
			leave()
			if err := <-done; err == nil {
				t.Fatalf("%s: the client got an answer", path)
			}
			check(t, gw.get(t, "/f"), http.StatusOK, `{}`)
		}

		// What ends with its client does not wait for its function. The rest does, and
		// the gateway's end for either.
		var want []string
		if g.cancelsAbandoned {
			want = []string{"the client went away", "the client went away"}
		} else {
			close(release)
		}
		gw.Stop(t)
		if debug := gw.Lines(t, "DEBUG", "/waits"); len(debug) < 2 || !slices.Equal(debug[2:], want) {
			t.Errorf("got debug lines %q, want two components and %q", debug, want)
		}
		if errs := gw.Lines(t, "ERROR", "/waits"); len(errs) != 0 {
			t.Errorf("got errors %q, want none for a client that has gone", errs)
		}
	})
}

// A client that stalls in its body holds its request no longer than the endpoint's
// timeout.
func TestBodyThatStalls(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(fixed(api, "f"), at("/f"))), object{"method": "POST", "timeout": "200ms"}),
		}, options{})

		got := gw.raw(t, "POST", "/f", "Content-Length: 100\r\n", `{"a":`)
		check(t, got, http.StatusGatewayTimeout, "")
		if calls := api.Calls(); len(calls) != 0 {
			t.Errorf("got calls %+v, want none", calls)
		}
		if err := gw.Healthy(); err != nil {
			t.Error(err)
		}
	})
}

// Logs contain neither what a client sends nor the gateway's credentials.
// They contain the message of a function's error, which the operator needs.
func TestLogHasNoSecrets(t *testing.T) {
	const planted = "planted-message"
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"good": echo, "fails": fails(plantedError(planted)), "bad-reply": replies(`<html>`), "hangs": hangs})
		faults := map[string]lambdatest.Fault{
			"throttled": lambdatest.Throttle(0),
			"denied":    lambdatest.APIError(403, "AccessDeniedException", planted),
			"broken":    lambdatest.APIError(500, "ServiceException", planted),
			"cut":       lambdatest.Cut(lambdatest.WithinBody),
		}
		var endpoints []object
		names := []string{"good", "fails", "bad-reply", "hangs", "throttled", "denied", "broken", "cut", "absent"}
		for _, name := range names {
			if fault, ok := faults[name]; ok {
				api.Handle(name, echo)
				api.Fail(name, fault.Always())
			}
			e := with(endpoint("/"+name, lambdaBackend(with(fixed(api, name), object{"max_retries": 1}), at("/"+name))),
				object{"method": "POST", "headers_to_pass": list{"*"}})
			if name == "hangs" {
				e["timeout"] = "200ms"
			}
			endpoints = append(endpoints, e)
		}
		// KrakenD's own debug lines are KrakenD's, so this one runs without.
		gw := start(t, g, endpoints, options{Quiet: true})

		header := http.Header{"Authorization": {"Bearer hunter2"}, "Cookie": {"session=hunter2"}, "X-Api-Key": {"hunter2"}}
		for _, name := range names {
			for _, body := range []string{`{"card":"4111-1111"}`, `"card 4111-1111`} {
				got := gw.do(t, http.MethodPost, "/"+name, header, strings.NewReader(body))
				if (got.status == http.StatusOK) != (name == "good" && strings.HasPrefix(body, "{")) {
					t.Errorf("%s: got %d", name, got.status)
				}
				if strings.Contains(got.text(), "hunter2") {
					t.Errorf("%s: the answer has the client's headers", name)
				}
			}
			if lines := slices.Concat(gw.Lines(t, "ERROR", "/"+name), gw.Lines(t, "WARNING", "/"+name)); name != "good" && len(lines) == 0 {
				t.Errorf("%s: got no line", name)
			}
		}
		for _, call := range api.Calls() {
			for name, values := range call.Header {
				if strings.Contains(strings.Join(values, " "), "hunter2") {
					t.Errorf("AWS gets the client's header %s", name)
				}
			}
		}

		log := gw.Log(t)
		if !strings.Contains(log, planted) {
			t.Error("the log does not say why a function failed")
		}
		for _, secret := range []string{"hunter2", "Bearer", "4111-1111", "card", accessKeyID, secretAccessKey, "AWS4-HMAC-SHA256", "Signature="} {
			if strings.Contains(log, secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
}

// Of a payload that is not JSON, AWS quotes the first 500 bytes in its message, where
// lambdatest's has no more than the character that is wrong. Examples are in
// https://github.com/awsdocs/aws-lambda-developer-guide/issues/351
func TestLogHasNoPayloadThatAWSQuotes(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		gw := start(t, g, []object{
			with(endpoint("/f", lambdaBackend(fixed(api, "f"), at("/f"))), object{"method": "POST"}),
		}, options{Quiet: true})
		api.Fail("f", lambdatest.APIError(http.StatusBadRequest, "SerializationException",
			"Could not parse request body into json: Could not parse payload into json: Unrecognized token 'card': "+
				"was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n"+
				" at [Source: (byte[])\"card 4111-1111\"; line: 1, column: 5]"))

		check(t, gw.post(t, "/f", "card 4111-1111"), http.StatusBadGateway, "")
		lines := gw.Lines(t, "ERROR", "/f")
		if len(lines) != 1 {
			t.Errorf("got errors %q, want one", lines)
		}
		if strings.Contains(gw.Log(t), "4111-1111") {
			t.Errorf("the log has the payload: %q", lines)
		}
	})
}
