// Package e2e has the black-box tests of the module. They build a KrakenD gateway,
// run it as a process of its own with a krakend.json written for the test, and talk
// HTTP to it, while lambdatest stands in for AWS in the test's process and verifies
// the signature of every call.
//
// What the gateway logs is in its file before the client has its answer, so a test
// reads it and waits for nothing.
package e2e

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	accessKeyID     = "AKIDEXAMPLE"
	secretAccessKey = "not-a-secret"

	// readyTimeout bounds the start of a gateway, stopTimeout its end, and
	// clientTimeout what a test waits for an answer. No test passes by reaching one.
	readyTimeout  = 30 * time.Second
	stopTimeout   = 15 * time.Second
	clientTimeout = 60 * time.Second
)

// A gateway is a build of KrakenD with the backends of this module.
type gateway struct {
	name    string
	dir     string // of its main package
	version int    // of its krakend.json
	build   func() (binary string, err error)
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
	// scalarKey is where encoding safejson puts what is neither object nor list.
	scalarKey string
}

var (
	krakend1 = generation{scalarKey: "result"}
	krakend2 = generation{
		shortNamespaces:      true,
		tellsEndpoint:        true,
		copiesBodies:         true,
		refusesEncodedParams: true,
		cancelsAbandoned:     true,
		failsEmptyMerges:     true,
		sendsErrorHeaders:    true,
		returnsErrors:        true,
		encodesErrorDetails:  true,
		scalarKey:            "content",
	}
)

// gateways are the builds that every test runs for.
var gateways = []gateway{
	newGateway("1", "../examples/krakend", 2, krakend1),
	newGateway("1.4", "../examples/krakend14", 2, krakend1),
	newGateway("2", "../examples/krakend2", 3, krakend2),
}

func newGateway(name, dir string, version int, differences generation) gateway {
	build := sync.OnceValues(func() (string, error) {
		binary := filepath.Join(binaries, name)
		build := exec.Command("go", "build", "-race", "-o", binary, ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", dir, err, out)
		}
		return binary, nil
	})
	return gateway{name, dir, version, build, differences}
}

// binaries is the directory that the gateways are built into.
var binaries string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	return m.Run()
}

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
	for _, g := range gateways {
		if has(g) {
			none = false
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				test(t, g)
			})
		}
	}
	if none {
		t.Error("there is no such gateway")
	}
}

// options are what a test may change of a gateway's surroundings. The zero value
// is what most tests want.
type options struct {
	// quiet leaves out -d.
	quiet bool
	// env is what the environment holds of AWS, which is nothing of the test's own.
	// nil is credentials that newLambda accepts.
	env []string
	// home is the home directory. Empty is one with nothing in it.
	home string
	// service has further keys for the top level of krakend.json.
	service object
	// tls has the gateway serve HTTPS, and with it HTTP/2.
	tls bool
}

// A process is a gateway that runs.
type process struct {
	gateway gateway

	addr   string // host:port
	scheme string
	client *http.Client

	cmd     *exec.Cmd
	logFile string
	stopped bool          // by the test
	exited  chan struct{} // closed when the process has ended
	err     error         // of its end; set before exited is closed
}

// start runs a gateway with these endpoints until the end of the test. The test
// fails where the gateway ends before that, panics, or has a data race.
func start(t *testing.T, g gateway, endpoints []object, o options) *process {
	t.Helper()
	binary, err := g.build()
	if err != nil {
		t.Fatal(err)
	}
	if o.home == "" {
		o.home = t.TempDir()
	}
	if o.env == nil {
		o.env = []string{
			"AWS_ACCESS_KEY_ID=" + accessKeyID,
			"AWS_SECRET_ACCESS_KEY=" + secretAccessKey,
			"AWS_EC2_METADATA_DISABLED=true",
		}
	}

	for range 5 {
		p, err := launch(t, g, binary, endpoints, o)
		if err == nil {
			t.Cleanup(func() {
				p.stop(t)
				p.examine(t)
			})
			return p
		}
		if !errors.Is(err, errPortTaken) {
			t.Fatal(err)
		}
	}
	t.Fatal("found no free port")
	return nil
}

var errPortTaken = errors.New("the port was taken meanwhile")

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

func launch(t *testing.T, g gateway, binary string, endpoints []object, o options) (*process, error) {
	t.Helper()
	port := freePort(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	// Where another process of tests has taken the port meanwhile, its gateway has no
	// such endpoint.
	ready := fmt.Sprintf("/ready/%d-%d", os.Getpid(), port)
	endpoints = append(slices.Clone(endpoints), endpoint(ready, httpBackend(jsonHost(t, `{"status":"ok"}`), "/")))
	service := object{
		"version": g.version,
		"name":    t.Name(),
		"port":    port,
		// Far beyond what anything here takes: only a test of the deadline reaches
		// one, with a timeout of its endpoint's own.
		"timeout":   "45s",
		"endpoints": endpoints,
	}
	if g.version == 3 {
		service["listen_ip"] = "127.0.0.1"
		service["endpoints"] = inVersion3(endpoints)
	}
	maps.Copy(service, o.service)
	dir := t.TempDir()
	scheme := "http"
	if o.tls {
		scheme = "https"
		service["tls"] = selfSigned(t, dir)
	}
	configuration, err := json.MarshalIndent(service, "", "  ")
	if err != nil {
		return nil, err
	}
	configFile, logFile := filepath.Join(dir, "krakend.json"), filepath.Join(dir, "krakend.log")
	if err := os.WriteFile(configFile, configuration, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	args := []string{"-c", configFile}
	if !o.quiet {
		args = append(args, "-d")
	}
	p := &process{
		gateway: g,
		addr:    addr,
		scheme:  scheme,
		client: &http.Client{
			Timeout: clientTimeout,
			// No proxy, and bodies as they are.
			Transport: &http.Transport{
				DisableCompression: true, MaxIdleConnsPerHost: 64,
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		cmd:     exec.Command(binary, args...),
		logFile: logFile,
		exited:  make(chan struct{}),
	}
	p.cmd.Dir = dir
	// By default, the race detector has a process sleep for a second at its end. Races
	// are in the log, for examine to tell which.
	p.cmd.Env = append([]string{"HOME=" + o.home, "GORACE=atexit_sleep_ms=10 exitcode=0"}, o.env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := p.await(ready); err != nil {
		p.kill()
		return nil, fmt.Errorf("%w; configuration:\n%s\nlog:\n%s", err, configuration, p.log(t))
	}
	return p, nil
}

// selfSigned makes a certificate for 127.0.0.1 in dir, and the configuration that names
// it.
func selfSigned(t *testing.T, dir string) object {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := object{}
	for name, block := range map[string]*pem.Block{
		"public_key":  {Type: "CERTIFICATE", Bytes: cert},
		"private_key": {Type: "PRIVATE KEY", Bytes: keyBytes},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

// freePort returns a port that is free, and not one that it has returned before:
// two gateways that start at once must not be taken for each other.
func freePort(t *testing.T) int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if !given.ports[port] {
			given.ports[port] = true
			return port
		}
	}
	t.Fatal("found no free port")
	return 0
}

var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: make(map[int]bool)}

// await asks for the gateway's health, under a path of its own, until it answers.
func (p *process) await(ready string) error {
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); {
		select {
		case <-p.exited:
			if log, err := os.ReadFile(p.logFile); err == nil && bytes.Contains(log, []byte("address already in use")) {
				return errPortTaken
			}
			return fmt.Errorf("the gateway ended at its start: %v", p.err)
		case <-time.After(10 * time.Millisecond):
		}
		if p.tellsHealth(ready) == nil {
			return nil
		}
	}
	return fmt.Errorf("the gateway was not ready within %v", readyTimeout)
}

func (p *process) healthy() error { return p.tellsHealth("/__health") }

func (p *process) tellsHealth(path string) error {
	r, err := p.send(http.MethodGet, path, nil, nil)
	if err == nil && (r.status != http.StatusOK || !strings.Contains(r.body, `"status":"ok"`)) {
		err = fmt.Errorf("%s: got %d %q", path, r.status, r.body)
	}
	return err
}

// stop ends the gateway as an operator does, who lets it finish the requests that it
// has. A second stop does nothing.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.stopped {
		return
	}
	p.stopped = true
	select {
	case <-p.exited:
		t.Errorf("the gateway ended on its own: %v", p.err)
	default:
		p.client.CloseIdleConnections()
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stopping the gateway: %v", err)
		}
		select {
		case <-p.exited:
			if p.err != nil {
				t.Errorf("the gateway's end: %v", p.err)
			}
		case <-time.After(stopTimeout):
			t.Errorf("the gateway did not end within %v", stopTimeout)
			p.kill()
		}
	}
}

// examine looks at what a gateway has left.
func (p *process) examine(t *testing.T) {
	t.Helper()
	log := p.log(t)
	for i, race := range strings.Split(log, "WARNING: DATA RACE") {
		if i > 0 && !isGinsOwn(race) {
			t.Error("the gateway has a data race")
		}
	}
	for _, bad := range []string{"panic", "fatal error"} {
		if strings.Contains(log, bad) {
			t.Errorf("the gateway's log has %q", bad)
		}
	}
	if t.Failed() {
		t.Logf("the gateway's log:\n%s", strings.ReplaceAll(log, "\x00", `\x00`))
	}
}

// isGinsOwn tells a race of gin 1.12, which KrakenD 2 has with every backend, from
// ours: the engine hands the context of a request that is over to the next one,
// while the timer of that request's deadline still reads it.
func isGinsOwn(race string) bool {
	race, _, _ = strings.Cut(race, "==================")
	return strings.Contains(race, "gin.(*Context)") && strings.Contains(race, "context.(*timerCtx).cancel()") &&
		!strings.Contains(race, "github.com/devopsfaith/krakend-lambda")
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

func (p *process) log(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// lines are what the Lambda backend with this url_pattern has logged at a level,
// without the prefix.
func (p *process) lines(t *testing.T, level, urlPattern string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(p.log(t)) {
		_, line, ok := strings.Cut(line, " "+level+": ")
		if !ok {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		// Lura 1.4's logger prints the list of its arguments, not the arguments.
		if list, ok := strings.CutPrefix(line, "[["); ok {
			line = "[" + strings.TrimSuffix(list, "]")
		}
		if line, ok := strings.CutPrefix(line, "[BACKEND: "+urlPattern+"][Lambda] "); ok {
			lines = append(lines, line)
		}
	}
	return lines
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
func (p *process) send(method, path string, header http.Header, body io.Reader) (response, error) {
	request, err := http.NewRequest(method, p.scheme+"://"+p.addr+path, body)
	if err != nil {
		return response{}, err
	}
	maps.Copy(request.Header, header)
	return receive(p.client.Do(request))
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
func (p *process) do(t *testing.T, method, path string, header http.Header, body io.Reader) response {
	t.Helper()
	r, err := p.send(method, path, header, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (p *process) get(t *testing.T, path string) response {
	t.Helper()
	return p.do(t, http.MethodGet, path, nil, nil)
}

// getAtOnce gets several paths at once, for answers that take their time.
func (p *process) getAtOnce(t *testing.T, paths ...string) map[string]response {
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

func (p *process) post(t *testing.T, path, body string) response {
	t.Helper()
	return p.do(t, http.MethodPost, path, http.Header{"Content-Type": {"application/json"}}, strings.NewReader(body))
}

// raw sends a request that net/http's client would clean or refuse: a target as it
// is, and a body that may be shorter than a header says.
func (p *process) raw(t *testing.T, method, target, headers, body string) response {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.addr, clientTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(clientTimeout))
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n%s\r\n%s", method, target, headers, body); err != nil {
		t.Fatal(err)
	}
	r, err := receive(http.ReadResponse(bufio.NewReader(conn), nil))
	if err != nil {
		t.Fatalf("%s %q: %v", method, target, err)
	}
	return r
}

// check reports a response that is not the one wanted.
func check(t *testing.T, got response, status int, body string) {
	t.Helper()
	if got.status != status || got.body != body {
		t.Errorf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

// newLambda starts an Invoke API that takes no call with a wrong signature.
func newLambda(t *testing.T, functions map[string]any) *lambdatest.Server {
	t.Helper()
	api := lambdatest.NewServer(functions)
	t.Cleanup(api.Close)
	api.RequireCredentials(accessKeyID, secretAccessKey)
	return api
}

// callsOf are the calls of one function, in order of arrival.
func callsOf(api *lambdatest.Server, function string) []lambdatest.Call {
	var calls []lambdatest.Call
	for _, c := range api.Calls() {
		if c.Function == function {
			calls = append(calls, c)
		}
	}
	return calls
}

// onlyCall is the call of a function that must have been called once.
func onlyCall(t *testing.T, api *lambdatest.Server, function string) lambdatest.Call {
	t.Helper()
	calls := callsOf(api, function)
	if len(calls) != 1 {
		t.Fatalf("got %d calls of %s, want 1; all calls: %+v", len(calls), function, api.Calls())
	}
	return calls[0]
}
