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

// A gateway is a build of KrakenD with this module.
type gateway struct {
	*gatewaytest.Gateway
	generation
}

// A generation has the differences between KrakenD's generations. Otherwise, tests expect the same of
// every gateway.
type generation struct {
	// framework is the module of KrakenD, and version its version.
	framework, version string
	// shortNamespaces: components have short namespaces, such as backend/lambda, besides their
	// import paths.
	shortNamespaces bool
	// tellsEndpoint: a backend's configuration contains its endpoint. If false, the adapter can only
	// guess how the endpoint spells a placeholder.
	tellsEndpoint bool
	// copiesBodies: each of the concurrent_calls has its own copy of the body.
	copiesBodies bool
	// refusesEncodedParams: the engine refuses a placeholder that is still escaped after decoding, or
	// that contains a ? or a #.
	refusesEncodedParams bool
	// cancelsAbandoned: a request ends when its client disconnects. If false, it goes on to its end.
	cancelsAbandoned bool
	// failsEmptyMerges: a merge whose parts all fail is a 500. If false, it is a 200 with {}.
	failsEmptyMerges bool
	// sendsErrorHeaders: the routers send the headers of an error.
	sendsErrorHeaders bool
	// returnsErrors: backends have return_error_code, and the router has return_error_msg.
	returnsErrors bool
	// encodesErrorDetails: return_error_details includes the content type.
	encodesErrorDetails bool
	// forwardsHost: the routers tell a backend the name that the client called.
	forwardsHost bool
	// hasGraphQL: KrakenD can turn requests into GraphQL requests.
	hasGraphQL bool
	// limitsHeaders: a backend can pass on fewer headers than its endpoint.
	limitsHeaders bool
	// setsClaims: the adapter makes KrakenD's validator set the claims of templates.
	setsClaims bool
	// sdkAttempts is the default number of attempts of the generation's AWS SDK.
	sdkAttempts int
	// noCredentials is the beginning of the SDK's error if there are no credentials.
	noCredentials string
	// scalarKey is the key that the encoding safejson gives to a value that is neither an object nor
	// a list.
	scalarKey string
}

var (
	krakend1  = generation{framework: "github.com/devopsfaith/krakend", version: "1.2.0", sdkAttempts: 4, noCredentials: "NoCredentialProviders: ", scalarKey: "result"}
	krakend14 = generation{framework: "github.com/luraproject/lura", version: "1.4.1", sdkAttempts: 4, noCredentials: "NoCredentialProviders: ", scalarKey: "result", forwardsHost: true}
	krakend2  = generation{
		framework:            "github.com/luraproject/lura/v2",
		version:              "2.14.1",
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

// eachGatewayThat runs a test for every gateway for which has returns true.
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
		t.Error("no gateway meets the condition")
	}
}

// options are those of gatewaytest. Most tests use the zero value.
type options = gatewaytest.Options

// A process is a running gateway.
type process struct{ *gatewaytest.Process }

// start runs a gateway with these endpoints until the end of the test. The endpoints have the keys of
// version 2 of krakend.json.
func start(t *testing.T, g gateway, endpoints []object, o options) process {
	t.Helper()
	if g.Version == 3 {
		endpoints = inVersion3(endpoints)
	}
	o.Secrets = func() []string { return payloadsOf(t) }
	return process{gatewaytest.Start(t, g.Gateway, endpoints, o)}
}

// version3 has the keys of version 2 that have another name in version 3.
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

// inVersion3 returns endpoints of version 2 with the keys of version 3.
func inVersion3(endpoints []object) []object {
	var all []object
	for _, e := range endpoints {
		e = renamed(e)
		if seconds, ok := e["cache_ttl"]; ok {
			e["cache_ttl"] = fmt.Sprint(seconds, "s") // version 3 requires a duration
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

// text returns everything that a client sees of a response.
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

// do sends a request from the test's goroutine, and fails the test on an error.
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

// getAtOnce gets several paths at the same time, for answers that take long.
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

// raw sends a request that net/http's client would change or refuse: the target stays unchanged, and
// the body may be shorter than a header says.
func (p process) raw(t *testing.T, method, target, headers, body string) response {
	t.Helper()
	return p.spelled(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n%s\r\n%s", method, target, headers, body))
}

// spelled sends the raw bytes of a request over a new connection.
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

// dial opens a connection to the gateway, with TLS if the gateway uses it. protocols are offered with
// ALPN. For HTTP/1.1, leave them out.
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

// check compares a response with the wanted one.
func check(t *testing.T, got response, status int, body string) {
	t.Helper()
	if got.status != status || got.body != body {
		t.Errorf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

// A lambdaAPI is an Invoke API that keeps all payloads, even after Reset.
type lambdaAPI struct {
	*lambdatest.Server

	mu       sync.Mutex
	payloads []string
}

// Reset forgets calls and faults, but keeps payloads.
func (a *lambdaAPI) Reset() {
	a.remember()
	a.Server.Reset()
}

func (a *lambdaAPI) remember() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.Calls() {
		if len(c.Payload) >= 8 { // a log may contain shorter texts by chance
			a.payloads = append(a.payloads, string(c.Payload))
		}
	}
	return a.payloads
}

// newLambda starts an Invoke API that refuses calls with a wrong signature.
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

// payloadsOf returns the payloads that have reached the Invoke APIs of a test. Logs must not contain
// them.
func payloadsOf(t *testing.T) (payloads []string) {
	apis.Lock()
	defer apis.Unlock()
	for _, api := range apis.of[t] {
		payloads = append(payloads, api.remember()...)
	}
	return payloads
}

// callsOf returns the calls of one function, in order of arrival.
func callsOf(api *lambdaAPI, function string) []lambdatest.Call {
	var calls []lambdatest.Call
	for _, c := range api.Calls() {
		if c.Function == function {
			calls = append(calls, c)
		}
	}
	return calls
}

// onlyCall returns the call of a function, which must have been called exactly once.
func onlyCall(t *testing.T, api *lambdaAPI, function string) lambdatest.Call {
	t.Helper()
	calls := callsOf(api, function)
	if len(calls) != 1 {
		t.Fatalf("got %d calls of %s, want 1; all calls: %+v", len(calls), function, api.Calls())
	}
	return calls[0]
}
