package soak

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
)

// A request is what a client sends, and the answer that docs/errors.md requires.
type request struct {
	method string // if empty, GET
	path   string
	header http.Header
	body   string

	// lane is the function if its calls have no id, because the endpoint passes on nothing of the
	// request. Requests of one lane run one after the other.
	lane string
	// calls are the functions that the gateway calls for the request, in the order of the backends.
	calls []string
	// asynchronous: Lambda executes the function later, and the client does not wait for it.
	asynchronous bool
	// want returns the required answer for the outcomes of the calls.
	want func(g *gateway, calls []outcome) answer
}

// An answer is what a client gets, or what it must get.
type answer struct {
	status int
	header http.Header // of a required answer: only the headers that matter
	body   string
	// err is set if the answer breaks off.
	err error
	// check checks the body of a required answer, if body is not the exact one.
	check func(body string) error
}

// errBreaksOff is the err of a required answer that breaks off. The body that arrives must be a
// prefix of the required one.
var errBreaksOff = errors.New("breaks off")

// traffic has requests for each endpoint.
var traffic = merged(exampleTraffic, invocationTraffic)

func merged[M ~map[K]V, K comparable, V any](parts ...M) M {
	all := make(M)
	for _, m := range parts {
		maps.Copy(all, m)
	}
	return all
}

// exampleTraffic has requests for the endpoints of all examples.
var exampleTraffic = map[string][]func(id string, r *rand.Rand) request{
	"GET /hello/{name}": {func(id string, _ *rand.Rand) request {
		return data("hello", "/hello/"+id, `{"message":"Hello, `+id+`!"}`)
	}},
	"GET /call-a-lambda/{lambda}": {
		func(id string, _ *rand.Rand) request {
			return data("My-lambda", "/call-a-lambda/my-lambda:"+id, `{"lambda":"my-lambda:`+id+`"}`)
		},
		func(id string, _ *rand.Rand) request { return fails("Absent-"+id, "/call-a-lambda/absent-"+id, 404) },
		// The name is invalid, so the gateway makes no call.
		func(id string, _ *rand.Rand) request {
			return request{path: "/call-a-lambda/no.function." + id, want: func(*gateway, []outcome) answer {
				return failed(http.StatusNotFound)
			}}
		},
	},
	"GET /functions/{function}": {
		func(id string, _ *rand.Rand) request {
			return data("hello", "/functions/hello?name="+id, `{"message":"Hello, `+id+`!"}`)
		},
		func(id string, _ *rand.Rand) request {
			return data("echo", "/functions/echo?name=a&name="+id, `{"function":"echo","name":["a","`+id+`"]}`)
		},
		func(id string, _ *rand.Rand) request { return fails("fail", "/functions/fail?name="+id, 502) },
		func(id string, _ *rand.Rand) request { return fails("panic", "/functions/panic?name="+id, 502) },
		// allowed_functions does not contain this name.
		func(id string, _ *rand.Rand) request {
			return request{path: "/functions/other-" + id, want: func(*gateway, []outcome) answer {
				return failed(http.StatusNotFound)
			}}
		},
	},
	"GET /echo": {func(id string, _ *rand.Rand) request {
		return data("echo", "/echo?size=S&size=M&color="+id+"&ignored=yes", `{"color":"`+id+`","size":["S","M"]}`)
	}},
	"POST /echo": {func(id string, r *rand.Rand) request {
		body := `{"id":` + id + `,"pad":"` + strings.Repeat("x", r.IntN(20<<10)) + `"}`
		q := data("echo", "/echo", body)
		q.method, q.body, q.header = http.MethodPost, body, http.Header{"Content-Type": {"application/json"}}
		return q
	}},
	"GET /orders/{id}": {func(id string, _ *rand.Rand) request {
		return data("order", "/orders/"+id, order(id))
	}},
	"GET /orders/{id}/summary": {summary},
	"GET /orders/{id}/raw": {func(id string, _ *rand.Rand) request {
		return request{path: "/orders/" + id + "/raw", calls: []string{"order"}, want: func(g *gateway, calls []outcome) answer {
			good := of(calls[0], answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: order(id)})
			if o := calls[0]; o.fault.raw {
				if good.body = o.sent; o.fault.broken {
					good.err = errBreaksOff
				}
				return good
			}
			return single(g, calls, good)
		}}
	}},
	"GET /fail": {func(string, *rand.Rand) request {
		q := fails("fail", "/fail", 502)
		q.lane = "fail"
		return q
	}},
	"GET /fail/details": {details},
	"GET /panic": {func(string, *rand.Rand) request {
		q := fails("panic", "/panic", 502)
		q.lane = "panic"
		return q
	}},
	"GET /slow": {func(string, *rand.Rand) request {
		return request{path: "/slow", lane: slowFunction}
	}},
	"GET /countdown/{from}": {
		func(id string, _ *rand.Rand) request { return stream("lifts-off", id) },
		func(id string, _ *rand.Rand) request { return stream("breaks", id) },
		func(id string, _ *rand.Rand) request { return stream("fails", id) },
	},
	"GET /":              {func(id string, _ *rand.Rand) request { return page(id, "/?a="+id) }},
	"GET /assets/{file}": {func(id string, _ *rand.Rand) request { return page(id, "/assets/style.css") }},
	"GET /teas/{id}": {
		func(id string, _ *rand.Rand) request { return page(id, "/teas/assam") },
		func(id string, _ *rand.Rand) request { return page(id, "/teas/"+id) }, // a 404
	},
	"POST /teas/{id}": {
		func(id string, _ *rand.Rand) request { return purchase(id, "grams=100&name=Ada+"+id) },
		func(id string, _ *rand.Rand) request { return purchase(id, "name="+id) }, // a 422 that contains the id
	},
	"GET /purchases/{number}": {func(id string, _ *rand.Rand) request { return page(id, "/purchases/"+id) }},
	"GET /kettle":             {kettle},
}

// slowFunction is the function of /slow, and slowStatus its usual status. The calls have no id, and
// either a fault or the deadline can come first. So the test only counts them: the answers with
// another status must not be more than the faults with that status.
const (
	slowFunction = "slow"
	slowStatus   = http.StatusGatewayTimeout
)

// data returns a request whose answer is the reply of one function.
func data(function, path, body string) request {
	return request{path: path, calls: []string{function}, want: func(g *gateway, calls []outcome) answer {
		return single(g, calls, of(calls[0], answer{status: http.StatusOK, header: http.Header{"X-Krakend-Completed": {"true"}}, body: body}))
	}}
}

// fails returns a request to a function that fails with this status, unless a fault comes first.
func fails(function, path string, status int) request {
	return request{path: path, calls: []string{function}, want: func(g *gateway, calls []outcome) answer {
		return single(g, calls, failed(status))
	}}
}

// single returns the answer of an endpoint that calls one function.
func single(g *gateway, calls []outcome, served answer) answer {
	o := calls[0]
	if o.served() {
		return served
	}
	a := failed(o.fault.status)
	if g.sendsErrorHeaders && o.fault.retryAfter != "" {
		a.header.Set("Retry-After", o.fault.retryAfter)
	}
	return a
}

// of adds the request id of an execution to an answer.
func of(o outcome, a answer) answer {
	if a.header == nil {
		a.header = make(http.Header)
	}
	a.header.Set("X-Amzn-Requestid", o.requestID)
	return a
}

func failed(status int) answer {
	return answer{status: status, header: http.Header{"X-Krakend-Completed": {"false"}}}
}

// summary returns a request for a merge. The answer leaves out backends that fail.
func summary(id string, _ *rand.Rand) request {
	return request{path: "/orders/" + id + "/summary", calls: []string{"order", "customer"}, want: func(g *gateway, calls []outcome) answer {
		var parts []string
		if calls[1].served() {
			parts = append(parts, `"customer":{"address":{"city":"London"},"name":"Ada `+id+`"}`)
		}
		if calls[0].served() {
			parts = append(parts, `"order":{"id":`+id+`,"status":"shipped"}`)
		}
		if len(parts) == 0 && g.failsEmptyMerges {
			return failed(http.StatusInternalServerError)
		}
		completed := fmt.Sprint(len(parts) == 2)
		return answer{status: http.StatusOK, header: http.Header{"X-Krakend-Completed": {completed}}, body: "{" + strings.Join(parts, ",") + "}"}
	}}
}

// details returns a request to an endpoint with return_error_details.
func details(string, *rand.Rand) request {
	return request{path: "/fail/details", lane: "fail", calls: []string{"fail"}, want: func(g *gateway, calls []outcome) answer {
		o := calls[0]
		return answer{status: http.StatusOK, check: func(body string) error {
			var got struct {
				Error struct {
					Status int    `json:"http_status_code"`
					Body   string `json:"http_body"`
				} `json:"error_fail"`
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				return err
			}
			switch {
			case o.served():
				if got.Error.Status != http.StatusBadGateway || got.Error.Body != outOfStock {
					return fmt.Errorf("want a 502 with %s", outOfStock)
				}
			case got.Error.Status != o.fault.status || !strings.Contains(got.Error.Body, `"errorType":"`+o.fault.code):
				return fmt.Errorf("want a %d with the code %s", o.fault.status, o.fault.code)
			}
			return nil
		}}
	}}
}

// stream returns a request for a countdown. If it breaks off, the client has status and headers
// already.
func stream(how, id string) request {
	return request{path: "/countdown/" + how + "-" + id, calls: []string{"countdown"}, want: func(g *gateway, calls []outcome) answer {
		o := calls[0]
		good := of(o, answer{status: http.StatusOK, body: strings.Join(countdownLines(id), "")})
		for name, value := range countdownHeaders {
			good.header.Set(name, value)
		}
		broken := good
		broken.err = errBreaksOff
		switch {
		case how == "fails" && (o.served() || o.fault.broken):
			return failed(http.StatusBadGateway)
		case o.fault.broken, how == "breaks" && o.served():
			return broken
		default:
			return single(g, calls, good)
		}
	}}
}

// page returns a request to the web application.
func page(id, path string) request { return webapp(id, http.MethodGet, path, "") }

// purchase returns a request with a form for the web application.
func purchase(id, body string) request {
	return webapp(id, http.MethodPost, "/teas/assam", body, "Content-Type", "application/x-www-form-urlencoded")
}

func webapp(id, method, path, body string, header ...string) request {
	h := http.Header{
		"X-Request-Id":    {"request-" + id},
		"X-Amzn-Trace-Id": {"Root=1-" + id},
		"Cookie":          {"session=" + id + "; theme=dark"},
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return request{method: method, path: path, header: h, body: body, calls: []string{"webapp"}, want: func(g *gateway, calls []outcome) answer {
		return single(g, calls, direct(calls[0], method, path, h, body))
	}}
}

// kettle returns a request for the stream of the web application.
func kettle(id string, _ *rand.Rand) request {
	q := page(id, "/kettle")
	q.calls = []string{"webapp-stream"}
	q.want = func(g *gateway, calls []outcome) answer {
		a := direct(calls[0], http.MethodGet, q.path, q.header, "")
		if calls[0].fault.broken {
			a.err = errBreaksOff
			return a
		}
		return single(g, calls, a)
	}
	return q
}

var app = shop.New(0)

// direct returns the answer of the web application without a gateway, for the execution of o.
func direct(o outcome, method, path string, header http.Header, body string) answer {
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	q.Header = header.Clone()
	q = q.WithContext(lambdacontext.NewContext(q.Context(), &lambdacontext.LambdaContext{AwsRequestID: o.requestID}))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, q)
	r := w.Result()
	text, _ := io.ReadAll(r.Body)  // from a buffer
	r.Header.Del("Content-Length") // each server decides whether to send the length
	return of(o, answer{status: r.StatusCode, header: r.Header, body: string(text)})
}

// differences returns an error for each difference between an answer and the required one.
func differences(got, want answer, id string) error {
	var errs []error
	if got.status != want.status {
		errs = append(errs, fmt.Errorf("got status %d, want %d", got.status, want.status))
	}
	for name, values := range want.header {
		if g, w := fmt.Sprintf("%q", got.header[name]), fmt.Sprintf("%q", values); g != w {
			errs = append(errs, fmt.Errorf("%s: got %s, want %s", name, g, w))
		}
	}
	switch {
	case got.err != nil && want.err == nil:
		errs = append(errs, fmt.Errorf("the answer breaks off: %w", got.err))
	case got.err == nil && want.err != nil:
		errs = append(errs, errors.New("the answer looks complete, but is not"))
	case want.check != nil:
		if err := want.check(got.body); err != nil {
			errs = append(errs, fmt.Errorf("got %s: %w", excerpt(got.body), err))
		}
	case want.err != nil && !strings.HasPrefix(want.body, got.body), want.err == nil && got.body != want.body:
		errs = append(errs, fmt.Errorf("got %s, want %s", excerpt(got.body), excerpt(want.body)))
	}
	var all strings.Builder
	got.header.Write(&all)
	for _, other := range idsIn(all.String(), got.body) {
		if other != id {
			errs = append(errs, fmt.Errorf("the answer has the data of request %s", other))
		}
	}
	return errors.Join(errs...)
}

func excerpt(s string) string {
	if len(s) > 300 {
		return fmt.Sprintf("%q… (%d bytes)", s[:300], len(s))
	}
	return fmt.Sprintf("%q", s)
}
