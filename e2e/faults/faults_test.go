package faults

import (
	"flag"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// A generation is where KrakenD itself differs from the generation before, and a fault
// ends differently for it.
type generation struct {
	// cancelsAbandoned: a request ends when its client goes away. Without, it goes on
	// to its end.
	cancelsAbandoned bool
	// failsEmptyMerges: a merge that has nothing to merge is an error, with 500.
	// Without, it is {} with 200.
	failsEmptyMerges bool
	// sendsErrorHeaders: the routers write the headers that an error brings along.
	sendsErrorHeaders bool
	// scalarKey is where encoding safejson puts what is neither object nor list.
	scalarKey string
	// http2: the table is for HTTP/2 as well.
	http2 bool
	// allSizes: with -short, all heavy rows still run over HTTP/1.1. Elsewhere they only repeat the
	// same code and take minutes. There is one such gateway
	// for each AWS SDK.
	allSizes bool
}

var gateways = []struct {
	*gatewaytest.Gateway
	generation
}{
	{gatewaytest.New("1", "../../examples/krakend", 2), generation{scalarKey: "result", allSizes: true}},
	{gatewaytest.New("1.4", "../../examples/krakend14", 2), generation{scalarKey: "result"}},
	{gatewaytest.New("2", "../../examples/krakend2", 3), generation{cancelsAbandoned: true, failsEmptyMerges: true, sendsErrorHeaders: true, scalarKey: "content", http2: true, allSizes: true}},
}

// Rows wait more than they work: a few are under way for each of the processors.
const rowsAtOnce = "24"

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", rowsAtOnce)
	gatewaytest.Main(m)
}

// turns are those of heavy rows, two at a time.
var turns = make(chan struct{}, 2)

type object = map[string]any

// with returns a copy of o with more keys.
func with(o object, more ...object) object {
	all := maps.Clone(o)
	if all == nil {
		all = object{}
	}
	for _, m := range more {
		maps.Copy(all, m)
	}
	return all
}

// A row is a fault, and all that may come of it.
type row struct {
	name string // of the function and, with a slash, of the endpoint

	// api is what goes wrong.
	api start
	// settings, backend and endpoint have further keys for those parts of krakend.json.
	// Without any, a call is tried again once, and the endpoint's timeout is 45 seconds.
	settings, backend, endpoint object
	// merged puts a second backend beside, which is well. What goes wrong in a merge
	// does so outside the router's recovery.
	merged bool
	// request is what the client does. Nil is a GET, read to its end.
	request func(c *client) (response, error)

	// status and body are what the client must see.
	status int
	body   string
	// begins has the client see a body that only begins like body.
	begins bool
	// cut has the client see that the response ends before its end.
	cut bool
	// http1 is for what HTTP/2 does not have.
	http1 bool
	// gone is a client that does not wait for a response.
	gone bool
	// retryAfter is the header Retry-After that the client must see. Empty is none.
	retryAfter string

	// calls are how many may reach the API. What reaches it can have been executed.
	calls calls
	// taken is how much the gateway may take from the API, in bytes. 0 is any number.
	taken int64
	// within is how long the client may wait. It is far above what the row takes, and
	// far below what it would take with the fault: another timeout, or the reading of
	// what has no end.
	within time.Duration
	// logged is what the backend's only line at the level of the status begins with, without
	// facts. Empty is no such line.
	logged string
}

// calls is a number of calls: least == most but where chance decides.
type calls struct{ least, most int }

func exactly(n int) calls { return calls{n, n} }

// A batch is rows of one kind. They run at once, and what they leave over is looked for
// when the last of them is through.
type batch struct {
	name string
	rows []row
	// oneByOne is for rows that look into the gateway.
	oneByOne bool
	// heavy is for rows that keep a processor busy: they take turns, with those of the
	// other gateways.
	heavy bool
}

// faults is the table. Each call makes a new one: rows have channels of their own. A light one has
// of the heavy batches only what a client's request is part of.
func faults(g generation, light bool) []batch {
	all := []batch{
		{name: "errors of the Invoke API", rows: apiErrors(g)},
		{name: "connections", rows: connectionFaults()},
		{name: "replies", rows: replyFaults()},
		{name: "sizes", rows: sizeFaults(), heavy: true},
		{name: "compression", rows: compressionFaults(), heavy: true},
		{name: "decoders", rows: decoderFaults(g)},
		{name: "streams", rows: streamFaults()},
		{name: "long replies", rows: longFaults()},
		{name: "a proxy in between", rows: proxyFaults()},
		{name: "clients that leave", rows: clientFaults(g), oneByOne: true},
	}
	for i, b := range all {
		if light && b.heavy {
			all[i].rows = slices.DeleteFunc(b.rows, func(r row) bool { return r.request == nil })
		}
	}
	return all
}

// soon is the timeout of endpoints whose rows end by it. It is long enough for a call to
// arrive.
var soon = object{"timeout": "2s"}

// atOnce is within for rows that end by a timeout that comes soon, and for those that wait
// for no more than a retry or two, where the endpoint's timeout is 45 seconds.
const atOnce = 30 * time.Second

func TestFaults(t *testing.T) {
	for _, g := range gateways {
		for _, p := range protocols(g.generation) {
			t.Run(g.Name+", "+p.name, func(t *testing.T) {
				t.Parallel()
				s := newSuite(t, g.Gateway, p, faults(g.generation, testing.Short() && !(p.name == "http1" && g.allSizes)))
				for _, b := range s.batches {
					t.Run(b.name, func(t *testing.T) { s.run(t, b) })
				}
				s.checkHeap(t)
			})
		}
	}
}

// A suite is the table with a gateway that runs.
type suite struct {
	*gatewaytest.Process
	http2   bool
	batches []batch
	apis    map[string]*api     // by the name of the row
	beside  map[string]*api     // the good one of a merge, by the name of the row
	idle    map[string][]string // what there is when nothing is under way, by its origin
	stuck   []string            // what has been reported for not ending
	heap    int64
}

func newSuite(t *testing.T, g *gatewaytest.Gateway, p protocol, batches []batch) *suite {
	t.Helper()
	s := &suite{http2: p.http2, batches: batches, apis: make(map[string]*api), beside: make(map[string]*api)}

	// This one is for looking whether the gateway still serves.
	serving := lambda(nil)(t, "good")
	endpoints := []object{{"endpoint": "/good", "backend": []object{lambdaBackend("good", serving, nil, nil)}}}
	for i := range batches {
		b := &batches[i]
		b.rows = slices.DeleteFunc(b.rows, func(r row) bool { return r.http1 && p.http2 })
		for _, r := range b.rows {
			if s.apis[r.name] != nil {
				t.Fatalf("there are two rows %s", r.name)
			}
			api := r.api(t, r.name)
			s.apis[r.name] = api
			backends := []object{lambdaBackend(r.name, api, r.settings, r.backend)}
			if r.merged {
				s.beside[r.name] = lambda(nil)(t, "good")
				backends = append(backends, lambdaBackend("good", s.beside[r.name], nil, nil))
			}
			endpoints = append(endpoints, with(object{"endpoint": "/" + r.name, "backend": backends}, r.endpoint))
		}
	}

	tokens := newTokens(t)
	o := p.options
	o.Env = []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + tokens, "AWS_EC2_METADATA_DISABLED=true"}
	// net/http goes on dialing after the request has ended. KrakenD sets no limit for that.
	o.Service = with(object{"dialer_timeout": "3s"}, p.service)
	s.Process = gatewaytest.Start(t, g, endpoints, o)
	s.checkServes(t)
	s.idle = byOrigin(s.Goroutines(t))
	s.heap = s.Heap(t)
	return s
}

// lambdaBackend is a backend that invokes a function of an API.
func lambdaBackend(function string, a *api, settings, more object) object {
	extra, _ := more["extra_config"].(object)
	return with(object{"url_pattern": "/" + function}, more, object{
		"extra_config": with(extra, object{"github.com/devopsfaith/krakend-lambda": with(object{
			"function_name": function, "region": "us-east-1", "endpoint": a.url, "max_retries": 1,
		}, settings)}),
	})
}

func (s *suite) run(t *testing.T, b batch) {
	if b.oneByOne {
		for _, r := range b.rows {
			t.Run(r.name, func(t *testing.T) {
				s.check(t, r)
				s.checkNothingUnderWay(t, r)
				s.checkServes(t)
				s.close(r)
				s.checkNothingLeftOver(t)
				s.checkCost(t, r)
			})
		}
		return
	}
	t.Run("rows", func(t *testing.T) {
		for _, r := range b.rows {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				if b.heavy {
					turns <- struct{}{}
					defer func() { <-turns }()
				}
				s.check(t, r)
			})
		}
	})
	t.Run("afterwards", func(t *testing.T) {
		s.checkNothingUnderWay(t, b.rows...)
		s.checkServes(t)
		for _, r := range b.rows {
			s.close(r)
		}
		s.checkNothingLeftOver(t)
		for _, r := range b.rows {
			s.checkCost(t, r)
		}
	})
}

// close ends the APIs of a row.
func (s *suite) close(r row) {
	s.apis[r.name].close()
	if beside := s.beside[r.name]; beside != nil {
		beside.close()
	}
}

// names are those of rows, in order.
func names(rows []row) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
}
