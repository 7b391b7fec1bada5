// Package webapp proves Lambda backends with software that was not written for them:
// an ordinary net/http application, the shop of examples/webapp, that runs as a function
// through github.com/awslabs/aws-lambda-go-api-proxy. Each request of a table is sent to
// the shop itself, and to the shop behind a gateway of each generation of KrakenD and in
// each of API Gateway's payload formats. The answers must be the same, but for the
// exceptions that are listed, with their reasons, in exceptions_test.go.
package webapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/go-chi/chi/v5"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	accessKeyID     = "AKIDEXAMPLE"
	secretAccessKey = "not-a-secret"

	// readyTimeout bounds the start of a gateway, stopTimeout its end, and
	// clientTimeout an exchange. No test passes by reaching one.
	readyTimeout  = 30 * time.Second
	stopTimeout   = 15 * time.Second
	clientTimeout = 60 * time.Second
)

type object = map[string]any

// A gateway is a build of KrakenD with Lambda backends.
type gateway struct {
	name    string
	version int // of its krakend.json
	build   func() (binary string, err error)
}

var gateways = []gateway{
	newGateway("1", "../../examples/krakend", 2),
	newGateway("1.4", "../../examples/krakend14", 2),
	newGateway("2", "../../examples/krakend2", 3),
}

// formats are API Gateway's payload formats, and the handlers that take them.
var formats = []struct {
	name    string
	handler func(http.Handler) any
}{
	{"1.0", func(app http.Handler) any { return httpadapter.New(app).ProxyWithContext }},
	{"2.0", func(app http.Handler) any { return httpadapter.NewV2(app).ProxyWithContext }},
}

func newGateway(name, dir string, version int) gateway {
	return gateway{name, version, sync.OnceValues(func() (string, error) {
		binary := filepath.Join(binaries, name)
		build := exec.Command("go", "build", "-race", "-o", binary, ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", dir, err, out)
		}
		return binary, nil
	})}
}

// binaries is the directory that the gateways are built into.
var binaries string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-webapp-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	return m.Run()
}

// A stack is the shop behind a gateway.
type stack struct {
	gateway, format string
	addr            string // of the gateway, host:port
	api             *lambdatest.Server
}

// eachStack runs a test behind every gateway, in every format.
func eachStack(t *testing.T, test func(t *testing.T, s *stack)) {
	t.Helper()
	t.Parallel()
	for _, g := range gateways {
		for _, f := range formats {
			t.Run("KrakenD "+g.name+"/format "+f.name, func(t *testing.T) {
				t.Parallel()
				api := lambdatest.NewServer(map[string]any{"webapp": f.handler(shop.New())})
				t.Cleanup(api.Close)
				api.RequireCredentials(accessKeyID, secretAccessKey)
				test(t, &stack{g.name, f.name, start(t, g, endpoints(t, g, object{
					"function_name":  "webapp",
					"region":         "us-east-1",
					"endpoint":       api.URL,
					"payload_format": f.name,
					"max_retries":    0,
				})), api})
			})
		}
	}
}

// beyond are endpoints for what the shop does not serve, so that it is the shop that
// says so.
var beyond = []struct{ method, path string }{
	{http.MethodDelete, "/leaflet"},
	{http.MethodGet, "/attic/{room}"},
}

// endpoints are one for each of the shop's routes.
func endpoints(t *testing.T, g gateway, settings object) (all []object) {
	t.Helper()
	headers, queries := "headers_to_pass", "querystring_params"
	if g.version == 3 {
		headers, queries = "input_headers", "input_query_strings"
	}
	add := func(method, path string) {
		all = append(all, object{
			"endpoint":        path,
			"method":          method,
			"output_encoding": "no-op",
			headers:           []string{"*"},
			queries:           []string{"*"},
			"backend": []object{{
				// Of KrakenD 1.2 it is all that tells the shop its name: that one does not
				// hand on the client's Host. Nothing is called there.
				"host":         []string{"http://" + host},
				"url_pattern":  path,
				"encoding":     "no-op",
				"extra_config": object{"github.com/devopsfaith/krakend-lambda": settings},
			}},
		})
	}
	err := chi.Walk(shop.New().(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		add(method, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range beyond {
		add(e.method, e.path)
	}
	return all
}

// start runs a gateway until the end of the test, and returns its address. The test
// fails where the gateway ends before that, panics, or has a data race.
func start(t *testing.T, g gateway, endpoints []object) (addr string) {
	t.Helper()
	binary, err := g.build()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		p, err := launch(t, g, binary, endpoints)
		if err == nil {
			t.Cleanup(func() { p.stop(t) })
			return p.addr
		}
		if !errors.Is(err, errPortTaken) {
			t.Fatal(err)
		}
	}
	t.Fatal("found no free port")
	return ""
}

// A process is a gateway that runs.
type process struct {
	addr    string
	cmd     *exec.Cmd
	logFile string
	exited  chan struct{} // closed when the process has ended
	err     error         // of its end; set before exited is closed
}

var errPortTaken = errors.New("the port was taken meanwhile")

func launch(t *testing.T, g gateway, binary string, endpoints []object) (*process, error) {
	t.Helper()
	port := freePort(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	// Where another process has taken the port meanwhile, it has no such endpoint.
	ready := fmt.Sprintf("/ready/%d-%d", os.Getpid(), port)
	configuration, err := json.MarshalIndent(object{
		"version":   g.version,
		"name":      t.Name(),
		"listen_ip": "127.0.0.1", // KrakenD 2 only
		"port":      port,
		"timeout":   "45s",
		"endpoints": append(endpoints[:len(endpoints):len(endpoints)], object{
			"endpoint": ready,
			"backend":  []object{{"host": []string{"http://" + addr}, "url_pattern": "/__health"}},
		}),
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	configFile, logFile := filepath.Join(dir, "krakend.json"), filepath.Join(dir, "krakend.log")
	if err := os.WriteFile(configFile, configuration, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	p := &process{addr: addr, cmd: exec.Command(binary, "-c", configFile), logFile: logFile, exited: make(chan struct{})}
	p.cmd.Dir = dir
	// Of AWS there is nothing but credentials that the Invoke API accepts. Races are in
	// the log, for stop to tell which.
	p.cmd.Env = []string{
		"HOME=" + dir,
		"GORACE=atexit_sleep_ms=10 exitcode=0",
		"AWS_ACCESS_KEY_ID=" + accessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + secretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := p.await(ready); err != nil {
		p.cmd.Process.Kill()
		<-p.exited
		return nil, fmt.Errorf("%w; configuration:\n%s\nlog:\n%s", err, configuration, p.log())
	}
	return p, nil
}

// freePort returns a port that is free, and not one that it has returned before: two
// gateways that start at once must not be taken for each other.
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

// await asks for the gateway's health until it answers.
func (p *process) await(ready string) error {
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); {
		select {
		case <-p.exited:
			if bytes.Contains(p.log(), []byte("address already in use")) {
				return errPortTaken
			}
			return fmt.Errorf("the gateway ended at its start: %v", p.err)
		case <-time.After(10 * time.Millisecond):
		}
		r, err := send(p.addr, request{method: http.MethodGet, target: ready})
		if err == nil && r.status == http.StatusOK && bytes.Contains(r.body, []byte(`"status":"ok"`)) {
			return nil
		}
	}
	return fmt.Errorf("the gateway was not ready within %v", readyTimeout)
}

// stop ends the gateway as an operator does, and looks at what it has left.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
		t.Errorf("the gateway ended on its own: %v", p.err)
	default:
		client.CloseIdleConnections()
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
			p.cmd.Process.Kill()
			<-p.exited
		}
	}

	log := string(p.log())
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
		t.Logf("the gateway's log:\n%q", log)
	}
}

// isGinsOwn tells a race of gin 1.12, which KrakenD 2 has with every backend, from
// ours: the engine hands the context of a request that is over to the next one, while
// the timer of that request's deadline still reads it.
func isGinsOwn(race string) bool {
	race, _, _ = strings.Cut(race, "==================")
	return strings.Contains(race, "gin.(*Context)") && strings.Contains(race, "context.(*timerCtx).cancel()") &&
		!strings.Contains(race, "github.com/devopsfaith/krakend-lambda")
}

func (p *process) log() []byte {
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		return []byte(err.Error())
	}
	return log
}
