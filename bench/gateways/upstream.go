package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// upstreamArgument has this program be the upstream.
	upstreamArgument = "upstream"

	plainPath    = "/plain"
	countsPath   = "/counts" // is the upstream's own
	functionName = "measured"
	invokePath   = "/2015-03-31/functions/" + functionName + "/invocations"

	// id is the placeholder in the path of a GET, and so the function's payload.
	id        = "7"
	idPayload = `{"id":"` + id + `"}`
)

// The body of a POST and the reply to everything, 100 bytes each. The reply is as
// KrakenD encodes it again.
const (
	payload = `{"customer":"Ada Lovelace","items":[{"sku":"earl-grey","count":2},{"sku":"assam","count":1}],"id":7}`
	reply   = `{"customer":{"city":"London","name":"Ada Lovelace"},"order":{"id":7,"items":3,"status":"delivered"}}`
)

// serveUpstream answers invocations and plain requests on loopback until in ends. It
// writes its address to out.
func serveUpstream(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := newUpstream()
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("GET "+countsPath, handler.tell)
	server := &http.Server{Handler: mux}
	go func() {
		io.Copy(io.Discard, in)
		server.Close()
	}()
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// upstream is Lambda's Invoke API with one function, and an HTTP service that does the
// same. Its answers are prepared: what it costs is no part of what is measured.
type upstream struct {
	reply         []byte
	contentType   []string
	contentLength []string
	requestID     []string
	version       []string
	bodies        sync.Pool // of *[bodySize]byte

	invocations, posts, gets, others atomic.Int64
}

// counts are the requests that the upstream has got, of each kind.
type counts struct {
	Invocations int64 `json:"invocations"`
	Posts       int64 `json:"posts"`
	Gets        int64 `json:"gets"`
	Others      int64 `json:"others"` // that it did not answer with a 200
}

// expected is what n requests of a target's are.
func (t target) expected(n int64) counts {
	switch {
	case t.name != plain:
		return counts{Invocations: n}
	case t.method == http.MethodPost:
		return counts{Posts: n}
	}
	return counts{Gets: n}
}

func (c counts) since(before counts) counts {
	return counts{c.Invocations - before.Invocations, c.Posts - before.Posts, c.Gets - before.Gets, c.Others - before.Others}
}

// prove tells where the upstream has not got the requests that were answered through a
// target, each of them once and no other.
func (t target) prove(answered int, got counts) error {
	if want := t.expected(int64(answered)); got != want {
		return fmt.Errorf("%d requests were answered, so the upstream should have got %+v: it got %+v", answered, want, got)
	}
	return nil
}

// tell answers with the counts.
func (u *upstream) tell(w http.ResponseWriter, _ *http.Request) {
	json.NewEncoder(w).Encode(counts{u.invocations.Load(), u.posts.Load(), u.gets.Load(), u.others.Load()})
}

// countsTimeout bounds how long the upstream may take to tell its counts.
const countsTimeout = 30 * time.Second

// askCounts asks the upstream at addr for its counts.
func askCounts(ctx context.Context, addr string) (c counts, err error) {
	ctx, cancel := context.WithTimeout(ctx, countsTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+countsPath, nil)
	if err != nil {
		return c, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return c, fmt.Errorf("asking the upstream for its counts: %s", response.Status)
	}
	return c, json.NewDecoder(response.Body).Decode(&c)
}

// bodySize is more than what is sent.
const bodySize = 1024

func newUpstream() *upstream {
	return &upstream{
		reply:         []byte(reply),
		contentType:   []string{"application/json"},
		contentLength: []string{strconv.Itoa(len(reply))},
		requestID:     []string{"5e0c5b6e-7f0d-4d7c-9c1f-2f1f4b7f5d3a"},
		version:       []string{"$LATEST"},
		bodies:        sync.Pool{New: func() any { return new([bodySize]byte) }},
	}
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	switch {
	case r.URL.Path == invokePath && r.Method == http.MethodPost && u.brings(r, payload, idPayload):
		u.invocations.Add(1)
		h["X-Amzn-Requestid"] = u.requestID
		h["X-Amz-Executed-Version"] = u.version
	case r.URL.Path == plainPath && r.Method == http.MethodPost && u.brings(r, payload):
		u.posts.Add(1)
	case r.URL.Path == plainPath+"/"+id && r.Method == http.MethodGet:
		u.gets.Add(1)
	default:
		u.others.Add(1)
		http.Error(w, "not what is measured", http.StatusNotFound)
		return
	}
	h["Content-Type"] = u.contentType
	h["Content-Length"] = u.contentLength
	w.Write(u.reply)
}

// brings reads the body and tells whether it is one of these.
func (u *upstream) brings(r *http.Request, bodies ...string) bool {
	buffer := u.bodies.Get().(*[bodySize]byte)
	defer u.bodies.Put(buffer)
	n, err := io.ReadFull(r.Body, buffer[:])
	if err != io.ErrUnexpectedEOF {
		return false
	}
	got := bytes.TrimSpace(buffer[:n])
	return slices.ContainsFunc(bodies, func(body string) bool { return string(got) == body })
}

// startUpstream starts this program again, as the upstream.
func startUpstream(ctx context.Context) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, upstreamArgument)
	cmd.Stderr = os.Stderr
	// It ends with this process, however that does.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(cmd)
	if err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("starting the upstream: %w", err)
	}
	p.addr = strings.TrimSpace(addr)
	return p, nil
}
