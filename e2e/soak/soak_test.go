package soak

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

var (
	soakTime    = flag.Duration("soaktime", 2*time.Second, "how `long` the traffic lasts")
	soakClients = flag.Int("soakclients", 48, "how many clients each gateway has at once: a `number`; with -short 12 at most")
	soakSeed    = flag.Uint64("soakseed", 0, "repeats the run that has printed this `seed`; 0 takes a new one")
)

const (
	// slowLanes is the number of concurrent requests to /slow.
	slowLanes = 4
	// percentGone is how many of a hundred clients disconnect before they have an answer.
	percentGone = 3
	// patience limits the wait for a response, and the steps after the traffic. Only a test that fails
	// reaches it. It is long because other work may share the machine.
	patience = 5 * time.Minute
	// maxComplaints is the number of complaints at which a run stops, and how many it prints.
	maxComplaints = 30

	// maxGrowth is how much a gateway's heap may grow, in bytes. The connections of four times as many
	// clients take about a megabyte. Even under the race detector, on two busy cores, a gateway
	// answers some 4,000 requests in two minutes. So within this limit it cannot have kept a kilobyte
	// of each request.
	maxGrowth = 4 << 20
)

// A gateway is one of the examples, with the differences between KrakenD's generations.
type gateway struct {
	*gatewaytest.Gateway
	dir string
	// tls and h2c: clients speak HTTP/2, with or without TLS. A client that disconnects resets its
	// stream, on a connection that it shares with others.
	tls, h2c bool
	// failsEmptyMerges: a merge whose parts all fail is a 500. If false, it is a 200 with {}.
	failsEmptyMerges bool
	// sendsErrorHeaders: the routers send the headers of an error.
	sendsErrorHeaders bool
	// maxRetries is the AWS SDK's default, because the examples do not set max_retries.
	maxRetries int
}

func newGateway(name, dir string, version int) *gateway {
	maxRetries := 3
	if version == 3 {
		maxRetries = 2
	}
	return &gateway{
		maxRetries:        maxRetries,
		Gateway:           gatewaytest.New(name, dir, version),
		dir:               dir,
		failsEmptyMerges:  version == 3,
		sendsErrorHeaders: version == 3,
	}
}

// gateways are built once for all tests.
var gateways = []*gateway{
	newGateway("1", "../../examples/krakend", 2),
	newGateway("1.4", "../../examples/krakend14", 2),
	krakend2,
	overHTTP2("2 over HTTP-2", true),
	overHTTP2("2 over h2c", false),
}

var krakend2 = newGateway("2", "../../examples/krakend2", 3)

// overHTTP2 returns the gateway of KrakenD 2 with HTTP/2, from the same build.
func overHTTP2(name string, tls bool) *gateway {
	g, build := *krakend2, *krakend2.Gateway
	build.Name = name
	g.Gateway, g.tls, g.h2c = &build, tls, !tls
	return &g
}

// start starts the gateway.
func (g *gateway) start(t *testing.T, endpoints []object, o gatewaytest.Options) *gatewaytest.Process {
	t.Helper()
	o.TLS = g.tls
	if g.h2c {
		o.Service = maps.Clone(o.Service)
		o.Service["use_h2c"] = true
	}
	process := gatewaytest.Start(t, g.Gateway, endpoints, o)
	process.Client.Timeout = patience
	return process
}

func TestMain(m *testing.M) { gatewaytest.Main(m) }

func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(rand.Uint32()) + 1
	}
	clients := *soakClients
	if testing.Short() {
		clients = min(clients, 12)
	}
	warmUp := clients / 4
	fmt.Fprintf(t.Output(), "soak: %v, %d clients for each gateway, -soakseed %d\n", *soakTime, clients, seed)

	executed := newExecutions()
	all := merged(functions(), executed.functions())
	api, durable := newAPI(t, all), newAPI(t, all)

	var runs []*run
	for i, g := range gateways {
		l := newLedger(seed, g.maxRetries)
		s := newSTS(t, seed, g.Name, all)
		p := newProxy(t, l, api, durable, s)
		e := readExample(t, g.dir, p.URL)
		e.endpoints = append(e.endpoints, invocationEndpoints(g.Version, p.URL)...)
		e.checkTraffic(t, g.dir)
		runs = append(runs, &run{
			gateway: g, number: i, seed: seed, ledger: l, proxy: p, lanes: newLanes(),
			process: g.start(t, e.endpoints, gatewaytest.Options{
				Quiet: true, Service: e.service, Env: s.environment(),
				Secrets: func() []string { return []string{roleSecret, roleToken} },
			}),
			accepted: make(map[string]int),
		})
	}
	if t.Failed() {
		return
	}

	watchdog := time.AfterFunc(*soakTime+3*patience, func() { panic("the soak does not end") })
	defer watchdog.Stop()

	// Measure the heap after a first round of all requests.
	together(runs, func(r *run) { r.send(t.Context(), clients, warmUp, 1) })
	awaitIdle(t, runs)
	for _, r := range runs {
		r.heapAtStart, r.goroutinesAtStart = r.process.Heap(t), len(r.process.Goroutines(t))
	}
	if t.Failed() {
		return
	}

	traffic, stop := context.WithTimeout(t.Context(), *soakTime)
	defer stop()
	start := time.Now()
	together(runs, func(r *run) { r.send(traffic, 0, clients, 0) })
	duration := time.Since(start)
	awaitIdle(t, runs)
	for _, r := range runs {
		r.heapAtEnd, r.goroutinesAtEnd = r.process.Heap(t), len(r.process.Goroutines(t))
		r.ledger.close()
		r.report(t, duration)
		r.verdict(t)
	}
	var accepted []map[string]int
	for _, r := range runs {
		accepted = append(accepted, r.accepted)
	}
	executed.check(t, merged(accepted...))
}

// newAPI starts an Invoke API that requires the gateways' credentials.
func newAPI(t *testing.T, functions map[string]any) *lambdatest.Server {
	t.Helper()
	api := lambdatest.NewServer(functions)
	t.Cleanup(api.Close)
	api.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
	return api
}

func together(runs []*run, do func(*run)) {
	var wg sync.WaitGroup
	for _, r := range runs {
		wg.Go(func() { do(r) })
	}
	wg.Wait()
}

// A run is the traffic of one gateway.
type run struct {
	*gateway
	number  int
	seed    uint64
	process *gatewaytest.Process
	ledger  *ledger
	proxy   *proxy
	lanes   map[string]chan struct{}

	heapAtStart, heapAtEnd             int64 // bytes
	goroutinesAtStart, goroutinesAtEnd int

	mu       sync.Mutex
	accepted map[string]int // by id: executions of asynchronous requests that the Invoke API has accepted
}

// newLanes returns channels with a token for each request that may run at the same time.
func newLanes() map[string]chan struct{} {
	lanes := map[string]chan struct{}{"fail": make(chan struct{}, 1), "panic": make(chan struct{}, 1), slowFunction: make(chan struct{}, slowLanes)}
	for _, lane := range lanes {
		for range cap(lane) {
			lane <- struct{}{}
		}
	}
	return lanes
}

// send lets n clients, numbered from first on, send requests until ctx ends, or for rounds rounds of
// all traffic. 0 rounds means no limit.
func (r *run) send(ctx context.Context, first, n, rounds int) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { r.client(ctx, first+i, rounds) })
	}
	wg.Wait()
}

// client sends one request after the other, in rounds of all traffic.
func (r *run) client(ctx context.Context, number, rounds int) {
	type kind struct {
		endpoint string
		request  func(string, *rand.Rand) request
	}
	var kinds []kind
	for _, endpoint := range slices.Sorted(maps.Keys(traffic)) {
		for _, request := range traffic[endpoint] {
			kinds = append(kinds, kind{endpoint, request})
		}
	}
	order := random(r.seed, r.Name, strconv.Itoa(number))
	for n := 0; rounds == 0 || n < rounds*len(kinds); {
		for _, i := range order.Perm(len(kinds)) {
			n++
			if ctx.Err() != nil || r.ledger.hasEnough() {
				return
			}
			id := newID(r.number, number, n)
			dice := random(r.seed, id, "request")
			q := kinds[i].request(id, dice)
			if q.lane == "" {
				r.do(id, kinds[i].endpoint, q, dice)
				continue
			}
			select {
			case <-r.lanes[q.lane]:
				r.do(id, kinds[i].endpoint, q, dice)
				r.lanes[q.lane] <- struct{}{}
			default: // skip this kind in this round
			}
		}
	}
}

// do sends a request and checks the answer with the ledger.
func (r *run) do(id, endpoint string, q request, dice *rand.Rand) {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	mayLeave := q.lane == "" && dice.IntN(100) < percentGone
	if mayLeave {
		timer := time.AfterFunc(time.Duration(dice.IntN(60))*time.Millisecond, leave)
		defer timer.Stop()
	}
	r.ledger.begin(id, endpoint, q.lane)
	got, err := r.exchange(ctx, q, mayLeave)
	if ctx.Err() != nil && (err != nil || got.err != nil) {
		r.ledger.leave(id)
		return
	}
	calls := r.ledger.end(id, q.lane, got)
	if q.asynchronous {
		r.accept(id, calls)
	}
	if err == nil {
		err = r.check(id, q, got, calls)
	}
	if err != nil {
		r.ledger.complain("%s (request %s; %s): %v", endpoint, id, historyOf(calls), err)
	}
}

// accept records the number of executions of an asynchronous request.
func (r *run) accept(id string, calls map[string][]attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, attempts := range calls {
		for _, a := range attempts {
			if a.requestID != "" {
				r.accepted[id]++
			}
		}
	}
}

// exchange sends a request. It returns an error only if there is no answer.
func (r *run) exchange(ctx context.Context, q request, mayLeave bool) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, q.method, r.process.URL+q.path, strings.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	maps.Copy(request.Header, q.header)
	// If a request is canceled just when its answer comes, net/http may cancel another request, which
	// uses the connection already. So such a request does not share its connection. Over HTTP/2,
	// net/http only resets the stream.
	request.Close = mayLeave && !r.tls && !r.h2c
	response, err := r.process.Client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if http2 := r.tls || r.h2c; response.ProtoMajor == 2 != http2 {
		return answer{}, fmt.Errorf("the answer came over %s, the wrong protocol", response.Proto)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body), err: err}, nil
}

// check compares an answer with the calls that were made for it.
func (r *run) check(id string, q request, got answer, calls map[string][]attempt) error {
	if q.lane == slowFunction {
		r.ledger.slowAnswer(got.status)
		return differences(got, failed(got.status), id)
	}
	var outcomes []outcome
	for _, function := range q.calls {
		o, err := outcomeOf(calls[function], r.maxRetries, false)
		if err != nil {
			return fmt.Errorf("got %d; %s %w", got.status, function, err)
		}
		outcomes = append(outcomes, o)
	}
	for function := range calls {
		if !slices.Contains(q.calls, function) {
			return fmt.Errorf("%s was called, which is wrong", function)
		}
	}
	return differences(got, q.want(r.gateway, outcomes), id)
}

// awaitIdle waits until the gateways have no calls and no goroutines of this module or the AWS SDK.
func awaitIdle(t *testing.T, runs []*run) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for _, r := range runs {
		for {
			busy := slices.DeleteFunc(r.process.Goroutines(t), func(stack string) bool { return !isOurs(stack) })
			if len(busy) == 0 && r.proxy.busy.Load() == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("KrakenD %s: after the traffic it still has %d calls and %d goroutines:\n%s", r.Name, r.proxy.busy.Load(), len(busy), strings.Join(busy[:min(len(busy), 10)], "\n\n"))
				break
			}
			time.Sleep(50 * time.Millisecond) // a gateway sends no signal when it is idle
		}
	}
}

// isOurs reports whether a goroutine runs code of the module or the SDK, or was started by it. The
// code of the example gateway is in package main, and does not count.
func isOurs(stack string) bool {
	for line := range strings.Lines(stack) {
		line = strings.TrimPrefix(line, "created by ")
		if strings.HasPrefix(line, "github.com/devopsfaith/krakend-lambda/") || strings.HasPrefix(line, "github.com/devopsfaith/krakend-lambda.") ||
			strings.HasPrefix(line, "github.com/aws/aws-sdk-go") {
			return true
		}
	}
	return false
}
