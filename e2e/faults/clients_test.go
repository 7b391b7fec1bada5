package faults

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// clientFaults are clients that disconnect. KrakenD 2 then ends the request and its call. On
// KrakenD 1.x a backend does not learn of it before the response begins: the request goes on until
// the function answers.
func clientFaults(g generation) []row {
	leaves := func(name string, n int, api start, request func(c *client) (response, error)) row {
		return row{name: "client-leaves-" + name, api: api, request: request, gone: true, calls: exactly(n), within: atOnce}
	}
	noOp := func(r row) row {
		r.backend, r.endpoint = with(r.backend, object{"encoding": "no-op"}), with(r.endpoint, object{"output_encoding": "no-op"})
		return r
	}
	stream := func(r row) row {
		r = noOp(r)
		r.settings = object{"stream": true}
		return r
	}
	merged := func(r row) row {
		r.merged = true
		return r
	}
	// later releases the function or API if the gateway does not end the call with its client.
	later := func(release chan struct{}) {
		if !g.cancelsAbandoned {
			close(release)
		}
	}
	retries := 2
	if g.cancelsAbandoned {
		retries = 1
	}

	// waits is a row whose client leaves while the function executes.
	waits := func(name string) row {
		entered, release := make(chan struct{}), make(chan struct{})
		return leaves(name, 1, lambda(handler(func(ctx context.Context, _ []byte) ([]byte, error) {
			close(entered)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return []byte(goodReply), nil
		})), func(c *client) (response, error) {
			defer later(release)
			return c.leave(func() { <-entered })
		})
	}
	// answering is a row whose API sends begin and then stalls. The client leaves there.
	answering := func(name string, begin string, rest string) row {
		entered, release := make(chan struct{}), make(chan struct{})
		return leaves(name, 1, hostileAPI(func(x *exchange) {
			x.write(begin)
			close(entered)
			if g.cancelsAbandoned {
				x.stall()
				return
			}
			x.await(release)
			x.write(rest)
		}), func(c *client) (response, error) {
			defer later(release)
			return c.leave(func() { <-entered })
		})
	}
	answer := whole(200, "", goodReply)
	beginning := strings.Index(answer, "X-Amzn-")
	first, last := payloadChunk("begun"), payloadChunk(" and ended")+invokeComplete("{}")

	return []row{
		{
			name: "client-leaves-within-its-body", api: lambda(nil), endpoint: object{"method": "POST"}, request: (*client).leaveWithinBody, gone: true,
			within: atOnce, logged: unlessCancelled(g, "the request's body cannot be read"),
		},
		waits("while-the-function-executes"),
		merged(waits("while-one-of-two-executes")),
		noOp(waits("for-no-op")),
		answering("within-headers", answer[:beginning], answer[beginning:]),
		answering("within-the-reply", answer[:len(answer)-5], answer[len(answer)-5:]),
		stream(answering("before-the-stream", "", streamHead("")+first+last)),
		stream(answering("before-the-first-byte", streamHead(""), first+last)),
		leaves("during-back-off", retries, lambda(nil, lambdatest.Throttle(2)), func(c *client) (response, error) {
			return c.leave(func() { c.await("internal/invoke.sleep(") })
		}),
		{
			name: "client-leaves-while-connecting", api: deaf, endpoint: soon, gone: true, within: atOnce, logged: unlessCancelled(g, noAnswer),
			request: func(c *client) (response, error) {
				return c.leave(func() { c.await("net/http.(*Transport).dialConn(") })
			},
		},
		stream(leaves("while-it-reads", 1, streamingForever(), func(c *client) (response, error) {
			r, err := c.Client.Get(c.URL + c.path)
			if err != nil {
				return response{}, err
			}
			if _, err := io.ReadFull(r.Body, make([]byte, len("begun"))); err != nil {
				c.t.Error(err)
			}
			r.Body.Close()
			return response{}, errGone
		})),
		stream(leaves("without-reading", 1, hostileAPI(func(x *exchange) {
			x.write(streamHead(""))
			x.forever(payloadChunk(strings.Repeat("x", 1<<20)))
		}), (*client).leaveWithoutReading)),
		noOp(halfCloses("a-stream", "", object{"stream": true}, streamingForever())),
		noOp(halfCloses("a-stream-over-HTTP-1_0", "HTTP/1.0", object{"stream": true}, streamingForever())),
		noOp(halfCloses("a-long-reply", "", nil, hostileAPI(func(x *exchange) {
			x.write(head(200, "Content-Length: 1048576\r\n"), "begun", strings.Repeat("x", 200<<10))
			x.stall()
		}))),
		noOp(halfCloses("a-long-reply-in-chunks", "", nil, hostileAPI(func(x *exchange) {
			x.write(head(200, chunks), chunked("begun", strings.Repeat("x", 200<<10)))
			x.stall()
		}))),
		leaves("without-reading-a-large-reply", 1, lambda(replies(sized(maxReply))), (*client).leaveWithoutReading),
	}
}

// halfCloses is a row whose client closes its sending side after the response has begun, and reads
// on. All generations end the call, and the client must see that the response is cut off.
func halfCloses(name, proto string, settings object, api start) row {
	return row{
		name: "client-half-closes-" + name, api: api, settings: settings, request: func(c *client) (response, error) { return c.halfClose(cmp.Or(proto, "HTTP/1.1")) },
		status: 200, body: "begun", begins: true, cut: true, calls: exactly(1), within: atOnce, http1: true,
	}
}

// unlessCancelled returns logged for a generation whose requests do not end with their client. Others
// log nothing.
func unlessCancelled(g generation, logged string) string {
	if g.cancelsAbandoned {
		return ""
	}
	return logged
}

// errGone is the result of a client that has disconnected.
var errGone = errors.New("the client has gone")

// leave sends a request and disconnects when due returns. The response must not have come by then.
func (c *client) leave(due func()) (response, error) {
	return c.leaveRequest(http.MethodGet, nil, due)
}

// leaveRequest does what leave does, for any method and body.
func (c *client) leaveRequest(method string, body io.Reader, due func()) (response, error) {
	ctx, leave := context.WithCancel(c.t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, method, c.URL+c.path, body)
	if err != nil {
		return response{}, err
	}
	type result struct {
		response
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := receive(c.Client.Do(request))
		if err == nil {
			err = got.err
		}
		done <- result{got, err}
	}()
	due()
	leave()
	r := <-done
	return r.response, r.err
}

// leaveWithinBody disconnects in the middle of its body.
func (c *client) leaveWithinBody() (response, error) {
	if c.http2 {
		body, rest := io.Pipe()
		defer rest.Close()
		go io.WriteString(rest, `{"planted":`)
		return c.leaveRequest(http.MethodPost, body, func() { c.await("internal/backend.readBody") })
	}
	conn := c.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"planted\":", c.path)
	c.await("internal/backend.readBody")
	return response{}, errGone
}

// leaveWithoutReading disconnects after the response has begun.
func (c *client) leaveWithoutReading() (response, error) {
	if c.http2 { // the window of a stream is soon full
		r, err := c.Client.Get(c.URL + c.path)
		if err != nil {
			return response{}, err
		}
		c.await("writeDataFromHandler(")
		r.Body.Close()
		return response{}, errGone
	}
	conn := c.dial()
	defer conn.Close()
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: gateway\r\n\r\n", c.path)
	if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 200 OK"))); err != nil {
		c.t.Error(err)
	}
	c.await("internal/poll.(*FD).Write(")
	return response{}, errGone
}

// halfClose closes its sending side after the response has begun, and reads on.
func (c *client) halfClose(proto string) (response, error) {
	conn := c.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s %s\r\nHost: gateway\r\n\r\n", c.path, proto)
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return response{}, err
	}
	begin := make([]byte, len("begun"))
	if _, err := io.ReadFull(r.Body, begin); err != nil {
		return response{}, err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return response{}, err
	}
	got, err := receive(r, nil)
	got.body = string(begin) + got.body
	return got, err
}

func (c *client) dial() net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.Addr)
	if err != nil {
		c.t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(gatewaytest.ClientTimeout))
	return conn
}

// streamingForever is a function that begins to stream, and ends only when its caller disconnects.
func streamingForever() start {
	return lambda(func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
		body, function := io.Pipe()
		context.AfterFunc(ctx, func() { function.Close() })
		go io.WriteString(function, "begun")
		return &events.LambdaFunctionURLStreamingResponse{StatusCode: http.StatusOK, Body: body}, nil
	})
}
