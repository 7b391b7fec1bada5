package faults

import (
	"flag"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// A generation has the differences between KrakenD's generations that change the result of a
// fault.
type generation struct {
	// cancelsAbandoned: a request ends when its client disconnects. If false, it goes on to its
	// end.
	cancelsAbandoned bool
	// failsEmptyMerges: a merge whose parts all fail is a 500. If false, it is a 200 with {}.
	failsEmptyMerges bool
	// sendsErrorHeaders: the routers send the headers of an error.
	sendsErrorHeaders bool
	// scalarKey is the key that the encoding safejson gives to a value that is neither an object nor
	// a list.
	scalarKey string
	// http2: the table also runs over HTTP/2.
	http2 bool
	// allSizes: with -short, all heavy rows still run over HTTP/1.1. One gateway for each AWS SDK has
	// it. For the others, heavy rows would repeat the same code and take minutes.
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

// Rows mostly wait, so there are many more of them at the same time than processors.
const rowsAtOnce = "24"

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", rowsAtOnce)
	gatewaytest.Main(m)
}

// turns lets two heavy rows run at a time.
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

// A row is a fault, with its expected results.
type row struct {
	name string // of the function and, after a slash, of the endpoint

	// api starts an API with the fault.
	api start
	// settings, backend and endpoint are added to these parts of krakend.json. By default, the
	// gateway retries a call once, and the endpoint's timeout is 45 seconds.
	settings, backend, endpoint object
	// merged adds a second backend, which works. In a merge, KrakenD's router does not recover
	// panics.
	merged bool
	// request makes the client's request. Nil means a GET that is read to its end.
	request func(c *client) (response, error)

	// status and body are what the client must get.
	status int
	body   string
	// begins: the client's body must only begin with body.
	begins bool
	// cut: the client must see that the response is cut off.
	cut bool
	// http1: the row is not possible over HTTP/2.
	http1 bool
	// gone: the client does not wait for a response.
	gone bool
	// retryAfter is the header Retry-After that the client must get. If empty, the header must be
	// missing.
	retryAfter string

	// calls is how many calls may reach the API. The function may have executed each of them.
	calls calls
	// taken is how much the gateway may take from the API, in bytes. 0 allows any number.
	taken int64
	// within is how long the client may wait. It is far more than the row needs, and far less than
	// it would take if the gateway failed: until another timeout, or to read a reply without end.
	within time.Duration
	// logged is the beginning of the only line that the backend logs at the level of the status,
	// without facts. If empty, it must not log a line at that level.
	logged string
}

// calls is a range for the number of calls. Least and most differ only if the number depends on
// chance.
type calls struct{ least, most int }

func exactly(n int) calls { return calls{n, n} }

// A batch is rows of one kind. They run at the same time. After the last one, the test checks that
// they have left nothing behind.
type batch struct {
	name string
	rows []row
	// oneByOne: the rows inspect the gateway's goroutines, so they run one after the other.
	oneByOne bool
	// heavy: the rows keep a processor busy, so they take turns with the rows of other gateways.
	heavy bool
}

// faults returns a new table, because rows contain channels. If light is true, heavy batches have only
// the rows with a request of their own.
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

// soon is the endpoint's timeout for rows that must reach it. A call has enough time to arrive.
var soon = object{"timeout": "2s"}

// atOnce is the limit of within for rows that end at the timeout soon or after a retry or two. It is
// below the endpoint's default timeout of 45 seconds.
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

// A suite is the table with a running gateway.
type suite struct {
	*gatewaytest.Process
	http2   bool
	batches []batch
	apis    map[string]*api     // by the name of the row
	beside  map[string]*api     // the good API of a merge, by the name of the row
	idle    map[string][]string // the goroutines of an idle gateway, by their origin
	stuck   []string            // goroutines that did not end and that the test has reported
	heap    int64
}

func newSuite(t *testing.T, g *gatewaytest.Gateway, p protocol, batches []batch) *suite {
	t.Helper()
	s := &suite{http2: p.http2, batches: batches, apis: make(map[string]*api), beside: make(map[string]*api)}

	// checkServes uses this endpoint.
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
	// net/http continues to dial after the request has ended. KrakenD does not limit this time.
	o.Service = with(object{"dialer_timeout": "3s"}, p.service)
	s.Process = gatewaytest.Start(t, g, endpoints, o)
	s.checkServes(t)
	s.idle = byOrigin(s.Goroutines(t))
	s.heap = s.Heap(t)
	return s
}

// lambdaBackend returns a backend that invokes a function of an API.
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

// names returns the sorted names of rows.
func names(rows []row) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
}
