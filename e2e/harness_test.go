package e2e

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	accessKeyID     = gatewaytest.AccessKeyID
	secretAccessKey = gatewaytest.SecretAccessKey
	clientTimeout   = gatewaytest.ClientTimeout
)

// A gateway is a build of KrakenD with the backends of this module.
type gateway struct {
	*gatewaytest.Gateway
	generation
}

// A generation is where KrakenD itself differs from the generation before. Tests
// expect the same of every gateway, but for what depends on one of these.
type generation struct {
	// shortNamespaces: a component's namespace may be a short name of KrakenD's own
	// instead of its import path. It is backend/lambda here.
	shortNamespaces bool
	// tellsEndpoint: a backend's configuration names the endpoint that it belongs to.
	// Without, how that endpoint spells a placeholder can only be guessed.
	tellsEndpoint bool
	// copiesBodies: each of the concurrent_calls has a body of its own.
	copiesBodies bool
	// refusesEncodedParams: the engine lets no placeholder through that is still
	// escaped, or that has a ? or a #.
	refusesEncodedParams bool
	// cancelsAbandoned: a request ends when its client goes away. Without, it goes on
	// to its end.
	cancelsAbandoned bool
	// failsEmptyMerges: a merge that has nothing to merge is an error, with 500.
	// Without, it is {} with 200, whatever the parts' statuses were.
	failsEmptyMerges bool
	// sendsErrorHeaders: the routers write the headers that an error brings along.
	sendsErrorHeaders bool
	// returnsErrors: there is return_error_code for backends, and return_error_msg for
	// the router.
	returnsErrors bool
	// encodesErrorDetails: return_error_details tells the content type as well.
	encodesErrorDetails bool
	// forwardsHost: the routers tell the name that the client called.
	forwardsHost bool
	// hasGraphQL: KrakenD makes GraphQL requests of others.
	hasGraphQL bool
	// limitsHeaders: a backend may limit the headers of its endpoint further.
	limitsHeaders bool
	// setsClaims: the adapter has KrakenD's validator set the claims that templates name.
	setsClaims bool
	// sdkAttempts is how often the generation's AWS SDK calls where nothing is configured.
	sdkAttempts int
	// noCredentials is how the SDK's error for no credentials at all begins.
	noCredentials string
	// scalarKey is where encoding safejson puts what is neither object nor list.
	scalarKey string
}

var (
	krakend1  = generation{sdkAttempts: 4, noCredentials: "NoCredentialProviders: ", scalarKey: "result"}
	krakend14 = generation{sdkAttempts: 4, noCredentials: "NoCredentialProviders: ", scalarKey: "result", forwardsHost: true}
	krakend2  = generation{
		shortNamespaces:      true,
		tellsEndpoint:        true,
		copiesBodies:         true,
		refusesEncodedParams: true,
		cancelsAbandoned:     true,
		failsEmptyMerges:     true,
		sendsErrorHeaders:    true,
		returnsErrors:        true,
		encodesErrorDetails:  true,
		forwardsHost:         true,
		hasGraphQL:           true,
		limitsHeaders:        true,
		setsClaims:           true,
		sdkAttempts:          3,
		noCredentials:        `'failed to refresh cached credentials, no EC2 IMDS role found`,
		scalarKey:            "content",
	}
)

// gateways are the builds that every test runs for.
var gateways = []gateway{
	{gatewaytest.New("1", "../examples/krakend", 2), krakend1},
	{gatewaytest.New("1.4", "../examples/krakend14", 2), krakend14},
	{gatewaytest.New("2", "../examples/krakend2", 3), krakend2},
}

func TestMain(m *testing.M) { gatewaytest.Main(m) }

// eachGateway runs a test for every gateway.
func eachGateway(t *testing.T, test func(t *testing.T, g gateway)) {
	t.Helper()
	eachGatewayThat(t, func(gateway) bool { return true }, test)
}

// eachGatewayThat runs a test for every gateway that has what the test is about.
func eachGatewayThat(t *testing.T, has func(g gateway) bool, test func(t *testing.T, g gateway)) {
	t.Helper()
	t.Parallel()
	none := true
	only := os.Getenv("GATEWAY") // the name of one gateway; empty for all
	for _, g := range gateways {
		if has(g) {
			none = false
			if only != "" && only != g.Name {
				continue // another job of CI runs it
			}
			t.Run(g.Name, func(t *testing.T) {
				t.Parallel()
				test(t, g)
			})
		}
	}
	if none {
		t.Error("there is no such gateway")
	}
}

// options are gatewaytest's, of which the zero value is what most tests want.
type options = gatewaytest.Options

// A process is a gateway that runs.
type process struct{ *gatewaytest.Process }

// start runs a gateway with these endpoints, spelled as in version 2, until the end of
// the test.
func start(t *testing.T, g gateway, endpoints []object, o options) process {
	t.Helper()
	if g.Version == 3 {
		endpoints = inVersion3(endpoints)
	}
	o.Secrets = func() []string { return payloadsOf(t) }
	return process{gatewaytest.Start(t, g.Gateway, endpoints, o)}
}

// version3 are the keys of version 2 that version 3 knows by another name only.
var version3 = map[string]string{
	"querystring_params": "input_query_strings",
	"headers_to_pass":    "input_headers",
	"whitelist":          "allow",
	"blacklist":          "deny",
}

func renamed(o object) object {
	o = maps.Clone(o)
	for before, after := range version3 {
		if v, ok := o[before]; ok {
			delete(o, before)
			o[after] = v
		}
	}
	return o
}

// inVersion3 are endpoints of version 2 as version 3 spells them.
func inVersion3(endpoints []object) []object {
	var all []object
	for _, e := range endpoints {
		e = renamed(e)
		if seconds, ok := e["cache_ttl"]; ok {
			e["cache_ttl"] = fmt.Sprint(seconds, "s") // it takes a duration
		}
		var backends []object
		for _, b := range e["backend"].([]object) {
			backends = append(backends, renamed(b))
		}
		e["backend"] = backends
		all = append(all, e)
	}
	return all
}

// A response is what a client got.
type response struct {
	status int
	header http.Header
	body   string
}

// text is all of a response that a client sees.
func (r response) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", r.status)
	r.header.Write(&b)
	b.WriteString(r.body)
	return b.String()
}

func (r response) completed() string { return r.header.Get("X-Krakend-Completed") }

// send sends a request from any goroutine.
func (p process) send(method, path string, header http.Header, body io.Reader) (response, error) {
	request, err := http.NewRequest(method, p.URL+path, body)
	if err != nil {
		return response{}, err
	}
	maps.Copy(request.Header, header)
	return receive(p.Client.Do(request))
}

func receive(r *http.Response, err error) (response, error) {
	if err != nil {
		return response{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, string(body)}, err
}

// do is send for a test's own goroutine.
func (p process) do(t *testing.T, method, path string, header http.Header, body io.Reader) response {
	t.Helper()
	r, err := p.send(method, path, header, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (p process) get(t *testing.T, path string) response {
	t.Helper()
	return p.do(t, http.MethodGet, path, nil, nil)
}

// getAtOnce gets several paths at once, for answers that take their time.
func (p process) getAtOnce(t *testing.T, paths ...string) map[string]response {
	t.Helper()
	answers, errs := make([]response, len(paths)), make([]error, len(paths))
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() { answers[i], errs[i] = p.send(http.MethodGet, path, nil, nil) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	byPath := make(map[string]response, len(paths))
	for i, path := range paths {
		byPath[path] = answers[i]
	}
	return byPath
}

func (p process) post(t *testing.T, path, body string) response {
	t.Helper()
	return p.do(t, http.MethodPost, path, http.Header{"Content-Type": {"application/json"}}, strings.NewReader(body))
}

// raw sends a request that net/http's client would clean or refuse: a target as it
// is, and a body that may be shorter than a header says.
func (p process) raw(t *testing.T, method, target, headers, body string) response {
	t.Helper()
	return p.spelled(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n%s\r\n%s", method, target, headers, body))
}

// spelled sends a request as it is spelled, over a new connection.
func (p process) spelled(t *testing.T, spelling string) response {
	t.Helper()
	conn := p.dial(t)
	defer conn.Close()
	if _, err := io.WriteString(conn, spelling); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(spelling, " ")
	answers, request := bufio.NewReader(conn), &http.Request{Method: method}
	answer, err := http.ReadResponse(answers, request)
	for err == nil && answer.StatusCode == http.StatusContinue {
		answer, err = http.ReadResponse(answers, request)
	}
	r, err := receive(answer, err)
	if err != nil {
		t.Fatalf("%.200q: %v", spelling, err)
	}
	return r
}

// dial opens a connection to the gateway, with TLS where the gateway has it. protocols are
// those that ALPN offers, none for HTTP/1.1.
func (p process) dial(t *testing.T, protocols ...string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.Addr, clientTimeout)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(clientTimeout))
	if strings.HasPrefix(p.URL, "https:") {
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	}
	return conn
}

// check reports a response that is not the one wanted.
func check(t *testing.T, got response, status int, body string) {
	t.Helper()
	if got.status != status || got.body != body {
		t.Errorf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

// A lambdaAPI is an Invoke API that remembers all payloads.
type lambdaAPI struct {
	*lambdatest.Server

	mu       sync.Mutex
	payloads []string
}

// Reset forgets calls and faults, but no payload.
func (a *lambdaAPI) Reset() {
	a.remember()
	a.Server.Reset()
}

func (a *lambdaAPI) remember() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.Calls() {
		if len(c.Payload) >= 8 { // what is shorter cannot be told from anything else
			a.payloads = append(a.payloads, string(c.Payload))
		}
	}
	return a.payloads
}

// newLambda starts an Invoke API that takes no call with a wrong signature.
func newLambda(t *testing.T, functions map[string]any) *lambdaAPI {
	t.Helper()
	api := &lambdaAPI{Server: lambdatest.NewServer(functions)}
	t.Cleanup(api.Close)
	api.RequireCredentials(accessKeyID, secretAccessKey)
	apis.Lock()
	defer apis.Unlock()
	apis.of[t] = append(apis.of[t], api)
	return api
}

// apis are the Invoke APIs that a test has started.
var apis = struct {
	sync.Mutex
	of map[*testing.T][]*lambdaAPI
}{of: make(map[*testing.T][]*lambdaAPI)}

// payloadsOf are the payloads that have reached the Invoke APIs of a test, which no log may
// have.
func payloadsOf(t *testing.T) (payloads []string) {
	apis.Lock()
	defer apis.Unlock()
	for _, api := range apis.of[t] {
		payloads = append(payloads, api.remember()...)
	}
	return payloads
}

// callsOf are the calls of one function, in order of arrival.
func callsOf(api *lambdaAPI, function string) []lambdatest.Call {
	var calls []lambdatest.Call
	for _, c := range api.Calls() {
		if c.Function == function {
			calls = append(calls, c)
		}
	}
	return calls
}

// onlyCall is the call of a function that must have been called once.
func onlyCall(t *testing.T, api *lambdaAPI, function string) lambdatest.Call {
	t.Helper()
	calls := callsOf(api, function)
	if len(calls) != 1 {
		t.Fatalf("got %d calls of %s, want 1; all calls: %+v", len(calls), function, api.Calls())
	}
	return calls[0]
}
