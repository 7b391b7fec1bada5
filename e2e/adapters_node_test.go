//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// adaptersDir contains the applications and their package-lock.json.
const adaptersDir = "adapters"

// nodeTimeout limits the start of the applications. Only tests that fail reach it.
const nodeTimeout = time.Minute

// A node is the process of Node.js that runs the applications of adaptersDir: behind their
// adapters, and on their frameworks' own servers.
type node struct {
	// addr has the address, host:port, of each framework's server and of the functions.
	addr map[string]string

	client *http.Client
}

// newNode starts the applications. They end with the test.
func newNode(t *testing.T) *node {
	t.Helper()
	checkNode(t)
	cmd := exec.Command("node", "main.mjs")
	cmd.Dir = adaptersDir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), // where node is
		"HOME=" + t.TempDir(),
		"NODE_ENV=production",
	}
	var log logBuffer
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // ends it
		kill := time.AfterFunc(gatewaytest.StopTimeout, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		if !kill.Stop() || err != nil {
			t.Errorf("the end of Node.js: %v", err)
		}
		if t.Failed() {
			t.Logf("Node.js wrote:\n%s", log.text())
		}
	})

	line := make(chan string, 1)
	go func() {
		first, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- first
	}()
	n := &node{client: &http.Client{Timeout: clientTimeout}}
	select {
	case first := <-line:
		if err := json.Unmarshal([]byte(first), &n.addr); err != nil {
			t.Fatalf("Node.js did not print its addresses: %v\n%s%s", err, first, log.text())
		}
	case <-time.After(nodeTimeout):
		t.Fatalf("Node.js was not ready within %v:\n%s", nodeTimeout, log.text())
	}
	t.Cleanup(n.client.CloseIdleConnections)
	return n
}

// checkNode fails the test if the packages are not installed, or need a newer Node.js.
func checkNode(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(adaptersDir, "node_modules")); err != nil {
		t.Fatalf("the adapters are not installed: %v; `make integration` installs them", err)
	}
	found, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Fatalf("node --version: %v", err)
	}
	needed := strings.TrimPrefix(adapterPackages(t).Engines.Node, ">=")
	if !atLeast(strings.TrimPrefix(strings.TrimSpace(string(found)), "v"), needed) {
		t.Fatalf("%s/package.json needs Node.js %s or newer, found %s", adaptersDir, needed, found)
	}
}

// adapterPackages returns the contents of package.json.
func adapterPackages(t *testing.T) (p struct {
	Engines      struct{ Node string }
	Dependencies map[string]string
}) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(adaptersDir, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// atLeast reports whether a version of three numbers is equal to another one or newer.
func atLeast(found, needed string) bool {
	number := func(version string) (n [3]int) {
		fmt.Sscanf(version, "%d.%d.%d", &n[0], &n[1], &n[2])
		return n
	}
	f, n := number(found), number(needed)
	return slices.Compare(f[:], n[:]) >= 0
}

// A logBuffer collects the output of a process, and a test can read it meanwhile.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A streamReply is a reader of a function's stream.
type streamReply struct {
	io.ReadCloser
	contentType string
}

func (r *streamReply) ContentType() string { return r.contentType }

// MarshalJSON fails: the reply is a stream, not JSON.
func (r *streamReply) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("a stream") }

// function returns a handler that calls the handler of that name in Node.js.
func (n *node) function(name string) any {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url("invoke", name), bytes.NewReader(event))
		if err != nil {
			return nil, err
		}
		if call, ok := lambdacontext.FromContext(ctx); ok {
			request.Header.Set("X-Request-Id", call.AwsRequestID)
		}
		r, err := n.client.Do(request)
		if err != nil {
			return nil, err
		}
		if contentType := r.Header.Get("Content-Type"); contentType != jsonType {
			return &streamReply{r.Body, contentType}, nil
		}
		defer r.Body.Close()
		reply, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if r.StatusCode != http.StatusOK {
			var failure struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(reply, &failure); err != nil {
				return nil, err
			}
			return nil, messages.InvokeResponse_Error{Type: failure.ErrorType, Message: failure.ErrorMessage}
		}
		return json.RawMessage(reply), nil
	}
}

// release lets waiting streams go on.
func (n *node) release(t *testing.T) {
	t.Helper()
	n.post(t, n.url("release"), nil)
}

// problems returns, for each event, the problems that Powertools' schema of a format finds.
func (n *node) problems(t *testing.T, format string, recorded []json.RawMessage) (problems [][]string) {
	t.Helper()
	body, err := json.Marshal(recorded)
	if err != nil {
		t.Fatal(err)
	}
	answer := n.post(t, n.url("problems", format), body)
	if err := json.Unmarshal([]byte(answer), &problems); err != nil || len(problems) != len(recorded) {
		t.Fatalf("%v: got the problems of %d events, want those of %d", err, len(problems), len(recorded))
	}
	return problems
}

func (n *node) url(path ...string) string {
	return "http://" + n.addr["functions"] + "/" + strings.Join(path, "/")
}

func (n *node) post(t *testing.T, url string, body []byte) string {
	t.Helper()
	r, err := receive(n.client.Post(url, jsonType, bytes.NewReader(body)))
	if err != nil || r.status != http.StatusOK {
		t.Fatalf("POST %s: got %d %q, %v", url, r.status, r.body, err)
	}
	return r.body
}
