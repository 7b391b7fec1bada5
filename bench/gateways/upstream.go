package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

const (
	// upstreamArgument has this program be the upstream.
	upstreamArgument = "upstream"

	plainPath    = "/plain"
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
	server := &http.Server{Handler: newUpstream()}
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
		h["X-Amzn-Requestid"] = u.requestID
		h["X-Amz-Executed-Version"] = u.version
	case r.URL.Path == plainPath && r.Method == http.MethodPost && u.brings(r, payload):
	case r.URL.Path == plainPath+"/"+id && r.Method == http.MethodGet:
	default:
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
	for _, body := range bodies {
		if string(got) == body {
			return true
		}
	}
	return false
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
