//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

const (
	// serverlessDir has a serverless.yml, and the Node.js functions that it names.
	serverlessDir     = "serverless"
	serverlessCommand = "node_modules/.bin/serverless" // from that directory

	// serverlessTimeout bounds the start of serverless-offline, which takes seconds
	// of processor time.
	serverlessTimeout = 2 * time.Minute

	greetFunction   = "krakend-lambda-dev-greet"
	ordersFunction  = "krakend-lambda-dev-orders"
	buyFunction     = "krakend-lambda-dev-buy"
	missingFunction = "krakend-lambda-dev-none"
)

// Neither the functions' runtime nor the Invoke API of this test is of this module's
// making: Node.js runs the functions, and serverless-offline invokes them. Where that
// does not answer as AWS does, the case says so.
func TestServerlessOffline(t *testing.T) {
	settings := object{"region": "us-east-1", "endpoint": newServerless(t), "max_retries": 0}
	fixed := func(function string, more ...object) object {
		return lambdaBackend(with(settings, object{"function_name": function}), more...)
	}
	// Its names begin with the service's, which are in lower case more often than not.
	verbatim := lambdaBackend(with(settings, object{"function_param_name": "Lambda", "function_name_case": "verbatim"}))
	capitalized := lambdaBackend(with(settings, object{"function_param_name": "Lambda"}))
	post := object{"method": http.MethodPost}
	noop := object{"encoding": "no-op"}
	collection := object{"is_collection": true}

	endpoints := []object{
		endpoint("/greet", fixed(greetFunction)),
		with(endpoint("/greet/{name}/{orderId}", fixed(greetFunction)), object{"querystring_params": list{"color", "size"}}),
		with(endpoint("/greet", fixed(greetFunction)), post),
		endpoint("/live", fixed(greetFunction+":live")),

		endpoint("/call/{lambda}", verbatim),
		with(endpoint("/call/{lambda}", verbatim), post),
		endpoint("/capitalized/{lambda}", capitalized),
		endpoint("/missing", fixed(missingFunction)),

		endpoint("/order/{id}", fixed(ordersFunction)),
		endpoint("/orders", fixed(ordersFunction, collection)),
		endpoint("/no-list", fixed(ordersFunction)),
		with(endpoint("/no-op", fixed(ordersFunction, noop)), object{"output_encoding": "no-op"}),
		with(endpoint("/no-op", fixed(greetFunction, noop)), post, object{"output_encoding": "no-op"}),
		endpoint("/merge/{name}", fixed(greetFunction, object{"group": "greeting"}), fixed(ordersFunction, collection)),

		endpoint("/buy/{item}", fixed(buyFunction)),
		endpoint("/details/{item}", fixed(buyFunction, detailsAsX)),
		endpoint("/details", fixed(missingFunction, detailsAsX)),
		with(endpoint("/buy-no-op/{item}", fixed(buyFunction, noop)), object{"output_encoding": "no-op"}),
		endpoint("/half/{name}", fixed(greetFunction, object{"group": "greeting"}), fixed(buyFunction)),
	}
	const (
		order  = `{"id":9007199254740991,"items":[{"name":"pear","price":{"amount":0.3,"currency":"EUR"}}],"note":null}`
		orders = `[` + order + `,{"id":2,"items":[],"note":"café"}]`
	)
	cases := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no parameter", "GET", "/greet?color=red", "", 200, `{"event":{},"message":"Hello, world!"}`},
		{"all parameters", "GET", "/greet/J%C3%BCrgen/007?color=red&color=blue&size=9&secret=1", "", 200,
			`{"event":{"color":["red","blue"],"name":"Jürgen","orderId":"007","size":"9"},"message":"Hello, Jürgen!"}`},
		{"body", "POST", "/greet", `{"name":"Ann","n":9007199254740991,"list":[true,null,0.1]}`, 200,
			`{"event":{"list":[true,null,0.1],"n":9007199254740991,"name":"Ann"},"message":"Hello, Ann!"}`},
		{"body that is a list", "POST", "/greet", ` [1, 2] `, 200, `{"event":[1,2],"message":"Hello, world!"}`},
		{"empty body", "POST", "/greet", "", 200, `{"event":{},"message":"Hello, world!"}`},
		// AWS says 400 and InvalidRequestContentException. serverless-offline says 500,
		// and no more.
		{"body that is not JSON", "POST", "/greet", `{"name":`, 502, ""},
		// AWS has a 404 for an alias that there is not. serverless-offline looks at none:
		// this shows that it is not sent as a part of the name.
		{"qualifier", "GET", "/live", "", 200, `{"event":{},"message":"Hello, world!"}`},

		{"function of the URL", "GET", "/call/" + greetFunction, "", 200,
			`{"event":{"lambda":"krakend-lambda-dev-greet"},"message":"Hello, world!"}`},
		{"another function of the URL", "GET", "/call/" + buyFunction, "", 502, ""},
		{"function of the URL, body", "POST", "/call/" + greetFunction, `{"name":"Ann"}`, 200, `{"event":{"name":"Ann"},"message":"Hello, Ann!"}`},
		{"missing function of the URL", "GET", "/call/" + missingFunction, "", 404, ""},
		{"function of the URL, capitalized", "GET", "/capitalized/" + greetFunction, "", 404, ""},
		{"missing function", "GET", "/missing", "", 502, ""},

		{"object", "GET", "/order/9007199254740991", "", 200, order},
		// AWS replies with null, serverless-offline with nothing at all.
		{"null", "GET", "/order/7", "", 200, `{}`},
		{"collection", "GET", "/orders", "", 200, `{"collection":` + orders + `}`},
		{"list without is_collection", "GET", "/no-list", "", 502, ""},
		{"no-op", "GET", "/no-op", "", 200, orders},
		{"no-op, order of keys", "POST", "/no-op", `{"z":1,"a":"<&>"}`, 200, `{"message":"Hello, world!","event":{"z":1,"a":"<&>"}}`},
		{"merge", "GET", "/merge/Ann", "", 200, `{"collection":` + orders + `,"greeting":{"event":{"name":"Ann"},"message":"Hello, Ann!"}}`},

		{"function that throws", "GET", "/buy/pear", "", 502, ""},
		{"function that throws, no-op", "GET", "/buy-no-op/pear", "", 502, ""},
		{"function that throws, merged", "GET", "/half/Ann", "", 200, `{"greeting":{"event":{"name":"Ann"},"message":"Hello, Ann!"}}`},
	}
	details := []struct{ name, path, want string }{
		// On AWS the errorType would be the error's name, OutOfStock.
		{"function that throws, with details", "/details/pear", `{"errorType":"Error","errorMessage":"no pear left"}`},
		{"missing function, with details", "/details", `{"errorType":"ResourceNotFoundException","errorMessage":"invocation failed"}`},
	}
	eachGateway(t, func(t *testing.T, g gateway) {
		gw := start(t, g, endpoints, options{})
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				got := gw.do(t, tc.method, tc.path, nil, strings.NewReader(tc.body))
				check(t, got, tc.status, tc.want)
				checkServerlessIsHidden(t, got)
			})
		}
		for _, tc := range details {
			t.Run(tc.name, func(t *testing.T) {
				want := fmt.Sprintf(`{"error_x":{"http_status_code":502,"http_body":%q}}`, tc.want)
				if g.encodesErrorDetails {
					want = strings.TrimSuffix(want, "}}") + `,"http_body_encoding":"application/json"}}`
				}
				got := gw.get(t, tc.path)
				check(t, got, http.StatusOK, want)
				checkServerlessIsHidden(t, got)
			})
		}

		log := gw.Log(t)
		for _, want := range []string{
			"the function failed: function krakend-lambda-dev-buy, code Error: ",
			"invocation failed: function krakend-lambda-dev-none, code ResourceNotFoundException (404): ",
			"invocation failed: function Krakend-lambda-dev-greet, code ResourceNotFoundException (404): ",
			"'An internal server error occurred'",
		} {
			if !strings.Contains(log, want) {
				t.Errorf("the log has no line with %q", want)
			}
		}
		if strings.Contains(log, "handler.js") {
			t.Error("the log has the stack of a function")
		}
	})
}

// checkServerlessIsHidden checks that a client sees JSON, and nothing of what
// serverless-offline sends besides: a stack, and headers about itself.
func checkServerlessIsHidden(t *testing.T, got response) {
	t.Helper()
	if content := got.header.Values("Content-Type"); got.status == http.StatusOK && (len(content) != 1 || !strings.HasPrefix(content[0], "application/json")) {
		t.Errorf("got Content-Type %q, want JSON, once", content)
	}
	for _, secret := range []string{"OutOfStock", "handler.js", "node_modules", "trace"} {
		if strings.Contains(got.text(), secret) {
			t.Errorf("the client sees %q in\n%s", secret, got.text())
		}
	}
	for _, name := range []string{"Vary", "Access-Control-Expose-Headers", "Keep-Alive"} {
		if values := got.header.Values(name); len(values) != 0 {
			t.Errorf("%s: got %q, want none", name, values)
		}
	}
}

// newServerless starts serverless-offline until the end of the test, and returns the
// address of its Invoke API.
func newServerless(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(serverlessDir, serverlessCommand)); err != nil {
		t.Fatalf("serverless-offline is not installed: %v; `make integration` installs it", err)
	}
	s := gatewaytest.OnFreePort(t, func(port int) (*serverless, error) { return launchServerless(t, port) })
	t.Cleanup(func() { s.stop(t) })
	return s.url
}

// A serverless is a running serverless-offline.
type serverless struct {
	url string

	cmd     *exec.Cmd // leads a separate process group
	logFile string
	exited  chan struct{} // closed when the process has ended
	err     error         // of its end; set before exited is closed
}

func launchServerless(t *testing.T, port int) (*serverless, error) {
	t.Helper()
	dir := t.TempDir()
	logFile := filepath.Join(dir, "serverless.log")
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	s := &serverless{
		url: fmt.Sprintf("http://127.0.0.1:%d", port),
		// It opens no other port: no function has an event of HTTP, WebSocket or ALB.
		cmd: exec.Command(serverlessCommand, "offline", "start",
			"--host", "127.0.0.1", "--lambdaPort", fmt.Sprint(port), "--noSponsor"),
		logFile: logFile,
		exited:  make(chan struct{}),
	}
	s.cmd.Dir = serverlessDir
	s.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), // where node is
		"HOME=" + dir,
		"SLS_TELEMETRY_DISABLED=1",
		"SLS_NOTIFICATIONS_MODE=off",
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.awaitReady(); err != nil {
		s.kill()
		return nil, fmt.Errorf("%w; log:\n%s", err, s.log())
	}
	return s, nil
}

// awaitReady invokes a function until it answers.
func (s *serverless) awaitReady() error {
	client := &http.Client{Timeout: clientTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(serverlessTimeout); time.Now().Before(deadline); {
		select {
		case <-s.exited:
			if strings.Contains(s.log(), "EADDRINUSE") {
				return gatewaytest.ErrPortTaken
			}
			return fmt.Errorf("serverless-offline ended at its start: %v", s.err)
		case <-time.After(50 * time.Millisecond):
		}
		r, err := receive(client.Post(s.url+"/2015-03-31/functions/"+greetFunction+"/invocations", "application/json", strings.NewReader(`{}`)))
		if err != nil {
			continue
		}
		if r.status != http.StatusOK {
			return fmt.Errorf("serverless-offline answers with %d %q", r.status, r.body)
		}
		return nil
	}
	return fmt.Errorf("serverless-offline was not ready within %v", serverlessTimeout)
}

// stop ends serverless-offline as an operator does.
func (s *serverless) stop(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
		t.Errorf("serverless-offline ended on its own: %v", s.err)
	default:
		if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
			t.Errorf("stopping serverless-offline: %v", err)
		}
		select {
		case <-s.exited:
			if s.err != nil {
				t.Errorf("the end of serverless-offline: %v", s.err)
			}
		case <-time.After(gatewaytest.StopTimeout):
			t.Errorf("serverless-offline did not end within %v", gatewaytest.StopTimeout)
		}
	}
	s.kill()
	if t.Failed() {
		t.Logf("the log of serverless-offline:\n%s", s.log())
	}
}

// kill ends what is left of serverless-offline and its children.
func (s *serverless) kill() {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.exited
}

func (s *serverless) log() string {
	log, err := os.ReadFile(s.logFile)
	if err != nil {
		return err.Error()
	}
	return string(log)
}
