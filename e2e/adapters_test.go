//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// An adapter hands events to an application as its framework's requests.
type adapter struct {
	name    string // of its handler in adapters/main.mjs
	direct  string // the server of the same application, or of an equal one
	formats []string
	stream  bool
}

// Load balancers do not stream, so adapters that stream have only the formats of APIs. Powertools and
// middy do not work with alb-multi: Powertools replies with headers, which do not count there, and
// middy's http-json-body-parser does not read multiValueHeaders.
var adapters = []adapter{
	{name: "serverless-express", direct: "express", formats: []string{"2.0", "1.0", "alb", "alb-multi"}},
	{name: "h4ad", direct: "express", formats: []string{"2.0", "1.0", "alb", "alb-multi"}},
	{name: "h4ad-stream", direct: "express", formats: []string{"2.0", "1.0"}, stream: true},
	{name: "fastify", direct: "fastify", formats: []string{"2.0", "1.0", "alb"}},
	{name: "fastify-multi", direct: "fastify", formats: []string{"alb-multi"}},
	{name: "fastify-stream", direct: "fastify", formats: []string{"2.0", "1.0"}, stream: true},
	{name: "hono", direct: "hono", formats: []string{"2.0", "1.0", "alb", "alb-multi"}},
	{name: "hono-stream", direct: "hono", formats: []string{"2.0", "1.0"}, stream: true},
	{name: "powertools", direct: "hono", formats: []string{"2.0", "1.0", "alb"}},
	{name: "powertools-stream", direct: "hono", formats: []string{"2.0", "1.0"}, stream: true},
	{name: "middy", direct: "hono", formats: []string{"2.0", "1.0", "alb"}},
}

// An eventFormat is a format of events.
type eventFormat struct {
	name       string
	api        string // its name in paths and in the names of functions
	settings   object // of the backend
	event      any    // its type in aws-lambda-go
	typeScript string // its type in @types/aws-lambda
}

var eventFormats = []eventFormat{
	{"2.0", "http", object{"payload_format": "2.0"}, events.APIGatewayV2HTTPRequest{}, "APIGatewayProxyEventV2"},
	{"1.0", "rest", object{"payload_format": "1.0"}, restEvent{}, "APIGatewayProxyEvent"},
	{"alb", "alb", ofLoadBalancer(false), events.ALBTargetGroupRequest{}, "ALBEvent"},
	{"alb-multi", "alb-multi", ofLoadBalancer(true), events.ALBTargetGroupRequest{}, "ALBEvent"},
}

// ofLoadBalancer returns the settings for events of a load balancer, which always sends the protocol.
func ofLoadBalancer(multi bool) object {
	return object{"payload_format": "alb", "event": object{
		"target_group_arn": targetGroup, "forwarded_proto": "http", "multi_value_headers": multi,
	}}
}

// eachAdapter yields each adapter with each of its formats.
func eachAdapter(yield func(adapter, eventFormat) bool) {
	for _, a := range adapters {
		for _, f := range eventFormats {
			if slices.Contains(a.formats, f.name) && !yield(a, f) {
				return
			}
		}
	}
}

// functionOf returns the name of the function that calls an adapter's handler with events of one
// format.
func functionOf(a adapter, f eventFormat) string { return a.name + "-" + f.api }

// pathOf returns the gateway's path for a path of an application. The application sees its own path.
func pathOf(a adapter, f eventFormat, path string) string { return "/" + a.name + "/" + f.api + path }

// An adapterStack is a gateway with every application behind it, through every adapter and in
// every format.
type adapterStack struct {
	gateway
	process
	api *lambdaAPI
	*node
}

func newAdapterStack(t *testing.T, g gateway, n *node) *adapterStack {
	t.Helper()
	functions := map[string]any{"throws": n.function("throws")}
	for a, f := range eachAdapter {
		functions[functionOf(a, f)] = n.function(a.name)
	}
	api := newLambda(t, functions)
	endpoints := []object{noOpEndpoint("/throws", inFormat(api, "throws", "2.0"))}
	for a, f := range eachAdapter {
		settings := with(fixed(api, functionOf(a, f)), f.settings, object{"stream": a.stream})
		for _, r := range adapterRoutes {
			endpoints = append(endpoints, with(
				endpoint(pathOf(a, f, r.path), lambdaBackend(settings, noOp, at(r.path))),
				all, object{"method": r.method, "output_encoding": "no-op"},
			))
		}
	}
	s := &adapterStack{g, start(t, g, endpoints, options{Quiet: true}), api, n}
	t.Cleanup(answertest.Client.CloseIdleConnections) // before the gateway ends
	return s
}

// Applications that were written for API Gateway answer behind the gateway as on their framework's own
// server, except for adapterExceptions.
func TestAdapters(t *testing.T) {
	s := newAdapterStack(t, newest, newNode(t))
	recorded := make(map[string][]json.RawMessage) // events by format
	for a, f := range eachAdapter {
		t.Run(a.name+"/"+f.name, func(t *testing.T) {
			for _, c := range adapterCases {
				t.Run(c.name, func(t *testing.T) {
					recorded[f.name] = append(recorded[f.name], s.compare(t, c, a, f))
				})
			}
		})
	}
	for _, f := range eventFormats {
		t.Run("schema/"+f.name, func(t *testing.T) { checkSchema(t, s.node, f, recorded[f.name]) })
	}
	t.Run("types", func(t *testing.T) { checkTypes(t, recorded) })
	t.Run("late", s.checkLateStreams)
	t.Run("hosts", s.checkOddHosts)
	t.Run("throws", func(t *testing.T) { check(t, s.get(t, "/throws"), http.StatusBadGateway, "") })
}

// One request of each kind works on the generations of KrakenD that TestAdapters leaves out.
func TestAdaptersOnOlderGateways(t *testing.T) {
	n := newNode(t)
	eachGatewayThat(t, func(g gateway) bool { return g.Name != newest.Name }, func(t *testing.T, g gateway) {
		s := newAdapterStack(t, g, n)
		for a, f := range eachAdapter {
			for _, c := range adapterCases {
				if c.class {
					t.Run(a.name+"/"+f.name+"/"+c.name, func(t *testing.T) { s.compare(t, c, a, f) })
				}
			}
		}
		t.Run("hosts", s.checkOddHosts)
	})
}

// compare sends a request to an application behind the gateway and to the application itself,
// and returns the event that the application got.
func (s *adapterStack) compare(t *testing.T, c adapterCase, a adapter, f eventFormat) (event json.RawMessage) {
	t.Helper()
	s.api.Reset()
	behind := c.Request
	behind.Target = pathOf(a, f, c.Target)
	got, err := answertest.Send(s.Addr, behind)
	if err != nil {
		t.Fatal("behind the gateway: ", err)
	}
	got = stripped(got)
	event = onlyCall(t, s.api, functionOf(a, f)).Payload
	checkEvent(t, c, f, event)

	known := adapterExceptionsOf(c, a, f, s.gateway)
	for _, line := range answertest.Differences(got, s.expected(t, a, c, known)) {
		t.Error(line)
	}
	// Each exception must make a difference.
	for i, e := range known {
		others := slices.Delete(slices.Clone(known), i, i+1)
		if len(answertest.Differences(got, s.expected(t, a, c, others))) == 0 {
			t.Errorf("this exception no longer makes a difference: %s: %s", e.of, e.reason)
		}
	}
	return event
}

// expected returns the answer that the gateway must give: the application's own answer, with the
// exceptions.
func (s *adapterStack) expected(t *testing.T, a adapter, c adapterCase, known []*adapterException) answertest.Response {
	t.Helper()
	r := c.Request
	for _, e := range known {
		if e.request != nil {
			e.request(&r)
		}
	}
	want, err := answertest.Send(s.addr[a.direct], r)
	if err != nil {
		t.Fatal("the application itself: ", err)
	}
	want = stripped(want)
	for _, e := range known {
		if e.response != nil {
			e.response(&want)
		}
	}
	return want
}

// stripped returns an answer without the headers that differ for each server, and without those that a
// gateway adds.
func stripped(r answertest.Response) answertest.Response {
	r.Header = r.Header.Clone()
	for _, name := range []string{
		"Date", "Content-Length", "Connection", "Keep-Alive",
		"X-Krakend", "X-Krakend-Completed", "X-Amz-Executed-Version", "X-Amzn-Requestid",
	} {
		r.Header.Del(name)
	}
	return r
}

// checkLateStreams checks that a client gets the beginning of a stream before the function writes the
// rest.
func (s *adapterStack) checkLateStreams(t *testing.T) {
	for a, f := range eachAdapter {
		if !a.stream {
			continue
		}
		t.Run(a.name+"/"+f.name, func(t *testing.T) {
			r := s.open(t, pathOf(a, f, "/late"))
			if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
				t.Errorf("got %s, %q", r.Status, got)
			}
			readChunk(t, r, "data: 1\n\n")
			s.release(t)
			rest, err := io.ReadAll(r.Body)
			if want := "data: é\n\ndata: 3\n\n"; err != nil || string(rest) != want {
				t.Errorf("got %q, %v; want %q", rest, err, want)
			}
		})
	}
}

// checkOddHosts checks that a client cannot change the application's path with a Host header. Adapters
// build a URL from both and parse it.
func (s *adapterStack) checkOddHosts(t *testing.T) {
	for _, host := range []string{"tea.example:8443", "[::1]:8080", "a:b", ":", ":8080", "[::1", "%zz", ""} {
		for a, f := range eachAdapter {
			t.Run(fmt.Sprintf("%q/%s/%s", host, a.name, f.name), func(t *testing.T) {
				r, err := answertest.Send(s.Addr, answertest.Request{
					Method: http.MethodGet, Target: pathOf(a, f, "/request"), Header: []answertest.Field{sent("Host", host)}, Raw: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				var seen struct{ Path string }
				if err := json.Unmarshal(r.Body, &seen); err != nil || r.Status != http.StatusOK || seen.Path != "/request" {
					t.Errorf("got %d %.200q, want the path /request", r.Status, r.Body)
				}
			})
		}
	}
}

// The table has enough requests that succeed, and answers of every kind.
func TestAdapterCases(t *testing.T) {
	if len(adapterCases) < 60 {
		t.Errorf("got %d cases, want at least 60", len(adapterCases))
	}
	names := make(map[string]bool)
	for _, c := range adapterCases {
		if names[c.name] {
			t.Errorf("there are two cases %q", c.name)
		}
		names[c.name] = true
	}
	n := newNode(t)
	for _, direct := range []string{"express", "fastify", "hono"} {
		answers := make(map[int]int) // by status
		for _, c := range adapterCases {
			r, err := answertest.Send(n.addr[direct], c.Request)
			if err != nil {
				t.Fatalf("%s: %s: %v", direct, c.name, err)
			}
			answers[r.Status]++
		}
		for _, want := range []int{200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 404, 418, 451, 500, 503} {
			if answers[want] == 0 {
				t.Errorf("%s: no case is answered with %d", direct, want)
			}
		}
		if answers[http.StatusOK] < 50 {
			t.Errorf("%s: %d cases are answered with 200, want 50 or more", direct, answers[http.StatusOK])
		}
	}
}

func TestAdapterExceptions(t *testing.T) {
	applied := make(map[*adapterException]map[string]bool) // to which cases
	for _, g := range gateways {
		for _, c := range adapterCases {
			for a, f := range eachAdapter {
				for _, e := range adapterExceptionsOf(c, a, f, g) {
					if applied[e] == nil {
						applied[e] = make(map[string]bool)
					}
					applied[e][c.name] = true
				}
			}
		}
	}
	packages := adapterPackages(t).Dependencies
	for i := range adapterExceptions {
		e := &adapterExceptions[i]
		for _, name := range e.cases {
			if !applied[e][name] {
				t.Errorf("%s: an exception is for %q, and does not apply", e.of, name)
			}
		}
		// Another version may not have it: look at the exception again.
		if at := strings.LastIndex(e.of, "@"); at > 0 && packages[e.of[:at]] != e.of[at+1:] {
			t.Errorf("an exception is of %s, and package.json has %q", e.of, packages[e.of[:at]])
		}
	}
}
