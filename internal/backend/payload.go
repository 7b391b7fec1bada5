package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Lambda's limits for the payload of a synchronous and of an asynchronous invocation,
// in bytes. Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxPayload      = 6 << 20
	maxEventPayload = 1 << 20
)

// payload returns what the function receives: the parameters of a GET, the body of any other
// request, or an event with everything, including the headers in trace.
func (b *Backend) payload(ctx context.Context, r *Request, method string, trace map[string]string) (invoke.Payload, *Error) {
	limit := maxPayload
	if b.cfg.InvocationType == config.InvocationEvent {
		limit = maxEventPayload
	}
	var p invoke.Payload
	if b.api == nil && method == http.MethodGet {
		p = invoke.PayloadOf(b.parameters(r))
	} else {
		body, e := readBody(ctx, r.Body, limit)
		if e != nil {
			return invoke.Payload{}, e
		}
		if p = body; b.api != nil {
			p = invoke.BuildPayload(b.event(r, method, body.Bytes(), trace))
		}
	}
	if p.Size() > limit {
		return invoke.Payload{}, tooLarge(limit)
	}
	return p, nil
}

// methodOf returns the method of the incoming request, in upper case: KrakenD sets it to the
// backend's method, and its components may change it. It returns the configured method if the
// request has none.
func (b *Backend) methodOf(r *Request) string {
	if r.Method == "" {
		return b.method
	}
	return strings.ToUpper(r.Method)
}

// event returns a function that appends the request as an event.
func (b *Backend) event(r *Request, method string, body []byte, trace map[string]string) func([]byte) []byte {
	if len(body) > 0 && apigw.First(r.Headers, "Content-Type") == "" {
		if b.untyped.CompareAndSwap(false, true) {
			b.logger.Warning(b.prefix, untypedBody+b.where())
		}
	}
	request := &apigw.Request{
		Method:         method,
		Params:         r.Params,
		PathParameters: b.names.PathParameters(r.Params),
		Claims:         config.Claims(r.Params),
		Query:          r.Query,
		Headers:        r.Headers,
		Hidden:         b.hidden,
		TraceContext:   trace,
		ID:             newRequestID(),
		Time:           b.now(),
		Body:           body,
	}
	return func(p []byte) []byte { return b.api.AppendEvent(p, request) }
}

// untypedBody is the warning for a body without a Content-Type, the most frequent reason why an
// application cannot parse a body.
const untypedBody = "a request has a body and no Content-Type, so the function cannot tell what the body is: add Content-Type to the input_headers (headers_to_pass on KrakenD 1.x) of the endpoint, and to those of the backend if it has any"

// readBody reads a body to its end and closes it. It reads in a separate goroutine, because a
// client that stalls in the middle of its body must not hold the pipe beyond its deadline. That
// goroutine ends with the body, which the HTTP server ends with the connection. The response may
// still have to wait: on a connection that is kept alive, net/http writes no response during a
// read of the body. KrakenD's read_timeout bounds this wait.
func readBody(ctx context.Context, body io.ReadCloser, limit int) (invoke.Payload, *Error) {
	if body == nil || body == http.NoBody {
		return invoke.Payload{}, nil
	}
	r := readings.Get().(*reading)
	r.body, r.limit = body, limit
	go r.start()
	select {
	case <-ctx.Done(): // r is still in use
		return invoke.Payload{}, ended(ctx.Err(), "before the request's body had arrived")
	case <-r.done:
	}
	p, e := r.payload, r.failure(ctx)
	*r = reading{start: r.start, done: r.done}
	readings.Put(r)
	if e != nil {
		return invoke.Payload{}, e
	}
	return p, nil
}

// reading is the read of a request's body, which may have at most limit bytes.
type reading struct {
	body    io.ReadCloser
	limit   int
	payload invoke.Payload
	err     error

	start func()        // is read: a go statement with it allocates nothing
	done  chan struct{} // receives when the results are there
}

// readings holds those whose goroutine has ended. A test that sends a body cannot run in a synctest
// bubble: the channel of a reading must not leave it.
var readings = sync.Pool{New: func() any {
	r := &reading{done: make(chan struct{}, 1)}
	r.start = r.read
	return r
}}

// read stops as soon as it sees that the body is too large.
func (r *reading) read() {
	defer func() { r.done <- struct{}{} }()
	// A panic in this goroutine would end the process, because the adapter cannot recover it.
	defer func() {
		if v := recover(); v != nil {
			r.err = fmt.Errorf("panic: %v", v)
		}
	}()
	defer r.body.Close()
	r.payload, r.err = invoke.ReadPayload(r.body, r.limit+1)
}

// failure returns why the body cannot be the payload, or nil.
func (r *reading) failure(ctx context.Context) *Error {
	if r.payload.Size() > r.limit {
		return tooLarge(r.limit)
	}
	if r.err == nil {
		return nil
	}
	var overLimit *http.MaxBytesError
	switch {
	case errors.As(r.err, &overLimit):
		return tooLarge(r.limit)
	case ctx.Err() != nil:
		return ended(ctx.Err(), "before the request's body had arrived")
	}
	return unreadable(r.err)
}
