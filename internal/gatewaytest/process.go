package gatewaytest

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// AccessKeyID and SecretAccessKey are the keys that gateways sign with.
	AccessKeyID     = "AKIDEXAMPLE"
	SecretAccessKey = "not-a-secret"
	sessionToken    = "planted-session-token"

	// authorization is the Authorization header that the gateways' clients send.
	authorization = "Bearer planted-authorization"

	// readyTimeout bounds the start of a gateway, StopTimeout the end of a process, and
	// ClientTimeout a test's wait for an answer. No test passes by reaching one.
	readyTimeout  = 30 * time.Second
	StopTimeout   = 15 * time.Second
	ClientTimeout = 60 * time.Second
)

// Options are what a test may change in a gateway's surroundings. The zero value is right for
// most tests.
type Options struct {
	// Quiet leaves out -d.
	Quiet bool
	// Env holds the AWS settings in the environment, which has none from the test process. Nil
	// is AccessKeyID and SecretAccessKey, with a session token.
	Env []string
	// Home is the home directory. Empty uses an empty directory.
	Home string
	// Service has additional keys for the top level of krakend.json, or other values for those
	// that Start sets. It may be nil.
	Service map[string]any
	// TLS makes the gateway serve HTTPS, and so HTTP/2.
	TLS bool
	// Secrets returns additional texts that must not be in the gateway's log. It is called after
	// the gateway has ended. It may be nil.
	Secrets func() []string
}

// A Process is a running gateway.
type Process struct {
	Addr string // host:port
	URL  string // scheme://host:port
	// Client trusts the gateway's certificate, and returns redirects and bodies unchanged.
	Client *http.Client

	cmd     *exec.Cmd
	logFile string
	socket  string // of introspection
	secrets func() []string
	stopped bool          // by the test
	exited  chan struct{} // closed when the process has ended
	err     error         // of the process; set before exited is closed
}

// Start runs a gateway with these endpoints, in the spelling of its version, until the end of
// the test. The test fails if the gateway ends early, panics, or has a data race.
func Start(t *testing.T, g *Gateway, endpoints []map[string]any, o Options) *Process {
	t.Helper()
	binary, err := g.build()
	if err != nil {
		t.Fatal(err)
	}
	if o.Home == "" {
		o.Home = t.TempDir()
	}
	if o.Env == nil {
		o.Env = []string{
			"AWS_ACCESS_KEY_ID=" + AccessKeyID,
			"AWS_SECRET_ACCESS_KEY=" + SecretAccessKey,
			"AWS_SESSION_TOKEN=" + sessionToken,
			"AWS_EC2_METADATA_DISABLED=true",
		}
	}
	// It answers only under /healthy, so that it is not mistaken for a gateway whose old port it got.
	healthy := httptest.NewServer(http.StripPrefix("/healthy", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"status":"ok"}`)
	})))
	t.Cleanup(healthy.Close)

	p := OnFreePort(t, func(port int) (*Process, error) {
		// If another test process has taken the port, its gateway does not have this endpoint.
		ready := fmt.Sprintf("/ready/%d-%d", os.Getpid(), port)
		service := map[string]any{
			"version":   g.Version,
			"name":      t.Name(),
			"listen_ip": "127.0.0.1", // KrakenD 2 only
			"port":      port,
			// Far longer than any test needs: a test of the deadline sets a timeout for its
			// endpoint.
			"timeout": "45s",
			"endpoints": append(slices.Clip(endpoints), map[string]any{
				"endpoint": ready,
				"backend":  []map[string]any{{"host": []string{healthy.URL}, "url_pattern": "/healthy"}},
			}),
		}
		maps.Copy(service, o.Service)
		return launch(t, binary, fmt.Sprintf("127.0.0.1:%d", port), ready, service, o)
	})
	t.Cleanup(func() {
		p.Stop(t)
		p.examine(t)
	})
	return p
}

func launch(t *testing.T, binary, addr, ready string, service map[string]any, o Options) (*Process, error) {
	t.Helper()
	dir := t.TempDir()
	scheme := "http"
	if o.TLS {
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
	if !o.Quiet {
		args = append(args, "-d")
	}
	h2c, _ := service["use_h2c"].(bool)
	p := &Process{
		Addr: addr,
		URL:  scheme + "://" + addr,
		Client: &http.Client{
			Timeout: ClientTimeout,
			// Without proxies and decompression.
			Transport: authorized{&http.Transport{
				DisableCompression: true, MaxIdleConnsPerHost: 64,
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, Protocols: protocols(h2c),
			}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		cmd:     exec.Command(binary, args...),
		secrets: o.Secrets,
		logFile: logFile,
		socket:  filepath.Join(sockets, fmt.Sprintf("%d-%d.sock", os.Getpid(), service["port"])),
		exited:  make(chan struct{}),
	}
	p.cmd.Dir = dir
	// By default, the race detector makes a process sleep for a second at its end. Races are in
	// the log, and examine decides which count.
	p.cmd.Env = append([]string{"HOME=" + o.Home, "GORACE=atexit_sleep_ms=10 exitcode=0", "GATEWAYTEST_SOCKET=" + p.socket}, o.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := p.await(t, ready); err != nil {
		p.kill()
		return nil, fmt.Errorf("%w; configuration:\n%s\nlog:\n%s", err, configuration, p.Log(t))
	}
	return p, nil
}

// protocols returns the client's protocols. With h2c it speaks HTTP/2 without TLS.
func protocols(h2c bool) *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(!h2c)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(h2c)
	return &p
}

// await calls the gateway's health endpoint, under a unique path, until it answers.
func (p *Process) await(t *testing.T, ready string) error {
	t.Helper()
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); {
		select {
		case <-p.exited:
			if strings.Contains(p.Log(t), "address already in use") {
				return ErrPortTaken
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

// Healthy calls the gateway's health endpoint.
func (p *Process) Healthy() error { return p.tellsHealth("/__health") }

func (p *Process) tellsHealth(path string) error {
	r, err := p.Client.Get(p.URL + path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && (r.StatusCode != http.StatusOK || !strings.Contains(string(body), `"status":"ok"`)) {
		err = fmt.Errorf("%s: got %d %q", path, r.StatusCode, body)
	}
	return err
}

// Stop ends the gateway as an operator does, and lets it finish its requests. A second Stop does
// nothing, and neither does one after Terminate.
func (p *Process) Stop(t *testing.T) {
	t.Helper()
	if p.stopped {
		return
	}
	p.Client.CloseIdleConnections()
	p.Terminate(t)
	if err := p.Wait(t); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
}

// Terminate sends the gateway a SIGTERM. Call Wait afterwards.
func (p *Process) Terminate(t *testing.T) {
	t.Helper()
	p.stopped = true
	select {
	case <-p.exited:
		t.Errorf("the gateway ended unexpectedly: %v", p.err)
	default:
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stopping the gateway: %v", err)
		}
	}
}

// Wait waits for the end of the gateway, and returns the error of the process: nil for status 0.
func (p *Process) Wait(t *testing.T) error {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(StopTimeout):
		t.Errorf("the gateway did not end within %v", StopTimeout)
		p.kill()
	}
	return p.err
}

func (p *Process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// examine checks the log of a gateway that has ended.
func (p *Process) examine(t *testing.T) {
	t.Helper()
	log := p.Log(t)
	for i, race := range strings.Split(log, "WARNING: DATA RACE") {
		if i > 0 && !isGinsOwn(race) {
			t.Error("the gateway has a data race")
		}
	}
	// "panic" alone may be the name of a function.
	for _, bad := range []string{"panic:", "panic recovered", "fatal error"} {
		if strings.Contains(log, bad) {
			t.Errorf("the gateway's log has %q", bad)
		}
	}
	secrets := []string{SecretAccessKey, sessionToken, strings.TrimPrefix(authorization, "Bearer "), "AWS4-HMAC-SHA256", "Signature="}
	if p.secrets != nil {
		secrets = append(secrets, p.secrets()...)
	}
	for _, secret := range secrets {
		if reveals(log, secret) {
			t.Errorf("the gateway's log has the secret %q", secret)
		}
	}
	if t.Failed() {
		t.Logf("the gateway's log:\n%s", strings.ReplaceAll(log, "\x00", `\x00`))
	}
}

// authorized sends authorization with requests that have no such header.
type authorized struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", authorization)
	}
	return a.Transport.RoundTrip(r)
}

// isGinsOwn tells whether a race is in gin 1.12 itself. KrakenD 2 has that race with every
// backend: the engine reuses the context of a finished request for the next one, while the
// deadline timer of the finished request still reads it.
func isGinsOwn(race string) bool {
	race, _, _ = strings.Cut(race, "==================")
	return strings.Contains(race, "gin.(*Context)") && strings.Contains(race, "context.(*timerCtx).cancel()") &&
		!strings.Contains(race, "github.com/devopsfaith/krakend-lambda")
}

// Log returns the gateway's log so far.
func (p *Process) Log(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// Lines returns the log lines of the Lambda backend with this url_pattern at a level, without
// the prefix. For "/" they include the lines of backends that the log names by their endpoint.
func (p *Process) Lines(t *testing.T, level, urlPattern string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(p.Log(t)) {
		_, line, ok := strings.Cut(line, " "+level+": ")
		if !ok {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		// Lura 1.4's logger prints the list of its arguments, not the arguments.
		if list, ok := strings.CutPrefix(line, "[["); ok {
			line = "[" + strings.TrimSuffix(list, "]")
		}
		backend, line, ok := strings.Cut(strings.TrimPrefix(line, "[BACKEND: "), "][Lambda] ")
		if ok && (backend == urlPattern || urlPattern == "/" && strings.Contains(backend, " /")) {
			lines = append(lines, line)
		}
	}
	return lines
}
