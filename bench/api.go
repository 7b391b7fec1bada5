package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	functionPrefix = "reply-" // a function's name: this and the size of its reply
	invokePrefix   = "/2015-03-31/functions/" + functionPrefix
	invokeSuffix   = "/invocations"
	plainPrefix    = "/plain/" // a path of the HTTP service: this, the size of the reply, and anything
	countsPath     = "/counts"
)

func functionName(size int) string { return functionPrefix + strconv.Itoa(size) }

// counts counts the requests that the API has answered.
type counts struct {
	Calls int64 `json:"calls"` // invocations
	Bytes int64 `json:"bytes"` // of their payloads
	Plain int64 `json:"plain"` // requests to the HTTP service
}

func (c counts) since(before counts) counts {
	return counts{c.Calls - before.Calls, c.Bytes - before.Bytes, c.Plain - before.Plain}
}

// api is an Invoke API whose functions reply with a document, and an HTTP service with the same
// replies. To keep its own cost low, it prepares replies, and requires signatures but does not verify
// them.
type api struct {
	replies             sync.Map // replies by size, both strings
	calls, bytes, plain atomic.Int64
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == countsPath {
		json.NewEncoder(w).Encode(counts{a.calls.Load(), a.bytes.Load(), a.plain.Load()})
		return
	}
	size, invoked := strings.CutPrefix(r.URL.Path, invokePrefix)
	if invoked {
		size, invoked = strings.CutSuffix(size, invokeSuffix)
	}
	rest, plain := strings.CutPrefix(r.URL.Path, plainPrefix)
	if plain {
		size, _, _ = strings.Cut(rest, "/")
	}
	reply, ok := a.reply(size)
	n, err := io.Copy(io.Discard, r.Body)
	h := w.Header()
	switch {
	case !ok || err != nil:
		http.Error(w, "no such reply, or a broken request", http.StatusNotFound)
		return
	case invoked && r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") && n == r.ContentLength:
		a.calls.Add(1)
		a.bytes.Add(n)
		h["X-Amzn-Requestid"] = []string{"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}
		h["X-Amz-Executed-Version"] = []string{"$LATEST"}
	case plain:
		a.plain.Add(1)
	default:
		http.Error(w, "not an invocation with a signature and a length", http.StatusForbidden)
		return
	}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(reply))}
	io.WriteString(w, reply)
}

func (a *api) reply(size string) (string, bool) {
	if reply, ok := a.replies.Load(size); ok {
		return reply.(string), true
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < small || n > large {
		return "", false
	}
	reply, _ := document(n)
	a.replies.Store(size, reply)
	return reply, true
}

// serveAPI serves the API on loopback until in ends. It writes its address to out.
func serveAPI(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: new(api)}
	go func() {
		io.Copy(io.Discard, in)
		server.Close()
	}()
	fmt.Fprintln(out, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// remoteAPI is the API in another process, so that its CPU time is not the caller's.
type remoteAPI struct {
	addr string // host:port
	stop func() error
}

// startAPI runs this program as the API, which ends with stop or with this process.
func startAPI(ctx context.Context) (*remoteAPI, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "api")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	a := &remoteAPI{stop: func() error { return errors.Join(in.Close(), cmd.Wait()) }}
	if _, err := fmt.Fscanln(out, &a.addr); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the API: %w", err), a.stop())
	}
	return a, nil
}

func (a *remoteAPI) url() string { return "http://" + a.addr }

func (a *remoteAPI) counts() (c counts, err error) {
	reply, err := http.Get(a.url() + countsPath)
	if err != nil {
		return c, err
	}
	defer reply.Body.Close()
	return c, json.NewDecoder(reply.Body).Decode(&c)
}

// counted runs f and returns the counts of the API for that time.
func (a *remoteAPI) counted(f func() error) (counts, error) {
	before, err := a.counts()
	if err != nil {
		return before, err
	}
	if err := f(); err != nil {
		return before, err
	}
	after, err := a.counts()
	return after.since(before), err
}
