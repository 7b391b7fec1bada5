package soak

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A proxy is between a gateway and the Invoke APIs, and makes calls fail.
type proxy struct {
	URL string

	ledger       *ledger
	api, durable *url.URL
	sts          *sts
	transport    *http.Transport
	forget       func() // clears the API's record of calls
	forwarded    atomic.Int64
	busy         atomic.Int64 // calls in progress

	connected, connections atomic.Int64 // open connections, and all connections so far
}

// newProxy starts a proxy for two Invoke APIs and those of an sts. The proxy regularly clears the
// records of api, but not those of durable, which needs them.
func newProxy(t *testing.T, l *ledger, api, durable *lambdatest.Server, s *sts) *proxy {
	t.Helper()
	p := &proxy{
		ledger: l, api: parsed(t, api.URL), durable: parsed(t, durable.URL), sts: s, forget: api.Reset,
		// The proxy forwards the gateway's Accept-Encoding, and does not add its own.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256},
	}
	server := httptest.NewUnstartedServer(p)
	server.Config.ConnState = p.connState
	server.Start()
	t.Cleanup(func() {
		server.Close()
		p.transport.CloseIdleConnections()
	})
	p.URL = server.URL
	return p
}

func parsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// connState counts the gateway's connections.
func (p *proxy) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.connections.Add(1)
		p.connected.Add(1)
	case http.StateClosed, http.StateHijacked:
		p.connected.Add(-1)
	}
}

// target returns the Invoke API for a call: the one for its role's credentials, the one for durable
// executions, or the one for all other calls.
func (p *proxy) target(function string, h http.Header) (*url.URL, error) {
	switch {
	case roles[function] != "":
		return p.sts.api(function, h)
	case function == durableFunction:
		return p.durable, nil
	}
	return p.api, nil
}

// ServeHTTP is called for each attempt of a call.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.busy.Add(1)
	defer p.busy.Add(-1)
	payload, err := io.ReadAll(r.Body)
	if err != nil { // the gateway has canceled the call
		panic(http.ErrAbortHandler)
	}
	function, streaming, ok := functionIn(r.URL.Path)
	if !ok {
		p.ledger.complain("the gateway calls %s %s", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	trace := r.Header.Get("X-Amzn-Trace-Id")
	a := p.ledger.attempt(function, idsIn(string(payload), r.URL.String(), trace), streaming)
	if a == nil {
		http.Error(w, "no such request", http.StatusInternalServerError)
		return
	}
	// The web application's endpoints let all headers through. Other endpoints let no headers through.
	if forwards := strings.HasPrefix(function, "webapp"); forwards != (trace != "") {
		p.ledger.complain("%s is called with the trace id %q", function, trace)
	}
	target, err := p.target(function, r.Header)
	if err != nil {
		p.ledger.complain("a call of %s: %v", function, err)
		http.Error(w, "wrong credentials", http.StatusForbidden)
		return
	}
	x := &exchange{proxy: p, target: target, w: w, r: r, payload: payload, attempt: a, streaming: streaming, random: random(p.ledger.seed, string(payload))}
	if a.fault.play == nil {
		x.handOn()
		return
	}
	a.fault.play(x)
}

// functionIn returns the function in a path of the Invoke API.
func functionIn(path string) (function string, streaming, ok bool) {
	for prefix, suffix := range map[string]string{
		"/2015-03-31/functions/": "/invocations",
		"/2021-11-15/functions/": "/response-streaming-invocations",
	} {
		if rest, begins := strings.CutPrefix(path, prefix); begins {
			function, ok = strings.CutSuffix(rest, suffix)
			return function, suffix != "/invocations", ok
		}
	}
	return "", false, false
}

// An exchange is a call and its answer.
type exchange struct {
	*proxy
	target    *url.URL // the Invoke API
	w         http.ResponseWriter
	r         *http.Request
	payload   []byte
	attempt   *attempt
	streaming bool
	random    *rand.Rand
}

// forgetEvery is the number of calls after which the proxy clears the API's record of calls, so that
// it does not grow with the length of the run.
const forgetEvery = 1000

// open makes the call. If the gateway cancels it meanwhile, the exchange ends.
func (x *exchange) open() *http.Response {
	out := x.r.Clone(x.r.Context()) // keeps Host, which is signed
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = x.target.Scheme, x.target.Host
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(x.payload)), int64(len(x.payload))
	response, err := x.transport.RoundTrip(out)
	if err != nil {
		x.failed(err)
	}
	if x.forwarded.Add(1)%forgetEvery == 0 {
		x.forget()
	}
	if response.Header.Get("X-Amz-Executed-Version") != "" || response.StatusCode == http.StatusAccepted {
		x.ledger.executed(x.attempt, response.Header.Get("X-Amzn-Requestid"))
	}
	return response
}

// failed ends an exchange that the API did not answer.
func (x *exchange) failed(err error) {
	if x.r.Context().Err() == nil {
		x.ledger.complain("the Invoke API does not answer: %v", err)
	}
	panic(http.ErrAbortHandler)
}

// A reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call makes the call and reads the answer.
func (x *exchange) call() reply {
	response := x.open()
	defer response.Body.Close()
	if x.streaming { // the fault cuts off the body, so it is not needed
		return reply{response.StatusCode, response.Header, nil}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		x.failed(err)
	}
	return reply{response.StatusCode, response.Header, body}
}

// handOn makes the call and sends the answer on unchanged.
func (x *exchange) handOn() {
	if !x.streaming {
		x.send(x.call())
		return
	}
	s := x.stream()
	defer s.close()
	for message := s.next(); message != nil; message = s.next() {
		s.send(message)
	}
}

func (x *exchange) send(rep reply) {
	maps.Copy(x.w.Header(), rep.header)
	x.w.Header().Del("Content-Length")
	x.w.WriteHeader(rep.status)
	x.w.Write(rep.body)
}

// replace sends a changed reply in place of the function's reply.
func (x *exchange) replace(change func(*reply)) {
	rep := x.call()
	if x.garbles(&rep) {
		change(&rep)
		x.ledger.replaced(x.attempt, string(rep.body))
	}
	x.send(rep)
}

// garbles reports whether the answer is a function's reply, which a fault can change. For an error of
// the API it records that the fault does not happen.
func (x *exchange) garbles(rep *reply) bool {
	if rep.status == http.StatusOK {
		return true
	}
	x.ledger.spared(x.attempt)
	return false
}

// bytes returns a reply as HTTP/1.1. The first head bytes are the status line and headers.
func (rep reply) bytes() (head int, all []byte) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", rep.status, http.StatusText(rep.status))
	header := rep.header.Clone()
	header.Set("Content-Length", fmt.Sprint(len(rep.body)))
	header.Write(&b)
	b.WriteString("\r\n")
	head = b.Len()
	b.Write(rep.body)
	return head, b.Bytes()
}

// hijack returns the gateway's connection. The caller closes it.
func (x *exchange) hijack() net.Conn {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// A messages is the answer to a streaming call, message by message.
type messages struct {
	x        *exchange
	response *http.Response
}

// stream makes a streaming call, and sends the answer's status and headers.
func (x *exchange) stream() messages {
	response := x.open()
	s := messages{x, response}
	maps.Copy(x.w.Header(), response.Header)
	x.w.WriteHeader(response.StatusCode)
	s.flush()
	return s
}

func (s messages) close() { s.response.Body.Close() }

// next returns the next message, or nil after the last. Each begins with its length in four bytes.
func (s messages) next() []byte {
	message := make([]byte, 4)
	if _, err := io.ReadFull(s.response.Body, message); err == io.EOF {
		return nil
	} else if err != nil {
		s.x.failed(err)
	}
	message = append(message, make([]byte, int(binary.BigEndian.Uint32(message))-len(message))...)
	if _, err := io.ReadFull(s.response.Body, message[4:]); err != nil {
		s.x.failed(err)
	}
	return message
}

func (s messages) send(message []byte) {
	if _, err := s.x.w.Write(message); err != nil {
		panic(http.ErrAbortHandler)
	}
	s.flush()
}

func (s messages) flush() {
	if err := http.NewResponseController(s.x.w).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}
