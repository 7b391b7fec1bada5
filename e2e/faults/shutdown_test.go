package faults

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// underWay is a gateway with one running request of each kind: a stream whose client has the first
// bytes, a long call, and an asynchronous call.
type underWay struct {
	*suite
	release chan struct{}                  // closed to let the functions and the API end
	results map[string]chan shutdownResult // by the name of the row
}

type shutdownResult struct {
	response
	err error
}

// newUnderWay starts a gateway and its requests. If httpClient is nil, it uses the client of the
// gateway's process.
func newUnderWay(t *testing.T, g *gatewaytest.Gateway, o gatewaytest.Options, httpClient *http.Client) *underWay {
	t.Helper()
	u := &underWay{release: make(chan struct{}), results: make(map[string]chan shutdownResult)}
	noOp := object{"encoding": "no-op"}
	entered := make(chan struct{}, 2)
	// Each of them ends when it is released, or when its caller disconnects.
	apis := map[string]start{
		"stream": lambda(func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
			body, function := io.Pipe()
			context.AfterFunc(ctx, func() { function.Close() })
			go func() {
				io.WriteString(function, "begun")
				<-u.released(ctx)
				io.WriteString(function, " and ended")
				function.Close()
			}()
			return &events.LambdaFunctionURLStreamingResponse{StatusCode: http.StatusOK, Body: body}, nil
		}),
		"long": lambda(handler(func(ctx context.Context, _ []byte) ([]byte, error) {
			entered <- struct{}{}
			<-u.released(ctx)
			return []byte(goodReply), nil
		})),
		"event": hostileAPI(func(x *exchange) {
			entered <- struct{}{}
			x.await(u.release)
			x.write(whole(http.StatusAccepted, "", ""))
		}),
	}
	u.suite = &suite{apis: make(map[string]*api)}
	for name, start := range apis {
		u.apis[name] = start(t, name)
	}
	endpoints := []object{
		{"endpoint": "/stream", "output_encoding": "no-op", "backend": []object{lambdaBackend("stream", u.apis["stream"], object{"stream": true}, noOp)}},
		{"endpoint": "/long", "backend": []object{lambdaBackend("long", u.apis["long"], nil, nil)}},
		{"endpoint": "/event", "backend": []object{lambdaBackend("event", u.apis["event"], object{"invocation_type": "Event"}, nil)}},
	}
	u.Process = gatewaytest.Start(t, g, endpoints, o)
	if httpClient != nil {
		u.Client = httpClient
	}
	read := make(chan struct{})
	u.request(t, "stream", func(c *client) (response, error) { return c.getAndTell(len("begun"), read) })
	u.request(t, "long", (*client).get)
	u.request(t, "event", (*client).get)
	<-read
	<-entered
	<-entered
	return u
}

// released returns a channel that is closed when the functions may end, or when ctx is done.
func (u *underWay) released(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-u.release:
		case <-ctx.Done():
		}
	}()
	return done
}

// request makes a request in the background.
func (u *underWay) request(t *testing.T, name string, do func(c *client) (response, error)) {
	u.results[name] = make(chan shutdownResult, 1)
	go func() {
		got, err := do(&client{t: t, suite: u.suite, path: "/" + name, api: u.apis[name]})
		u.results[name] <- shutdownResult{got, err}
	}()
}

// checkCalls checks that each request has executed its function once.
func (u *underWay) checkCalls(t *testing.T) {
	t.Helper()
	for name, api := range u.apis {
		if n := api.calls(); n != 1 {
			t.Errorf("%s: got %d calls, want 1", name, n)
		}
	}
}

// checkCut checks that each client sees that its response is cut off.
func (u *underWay) checkCut(t *testing.T) {
	t.Helper()
	for name, result := range u.results {
		if got := <-result; got.err == nil && got.response.err == nil {
			t.Errorf("%s: got %d %q, want an error", name, got.status, got.body)
		}
	}
}

// After a SIGTERM, a gateway completes the requests that have begun, and makes no call twice.
func TestShutdown(t *testing.T) {
	for _, g := range gateways {
		for protocol, tls := range map[string]bool{"HTTP/1.1": false, "HTTP/2 over TLS": true} {
			t.Run(g.Name+", "+protocol, func(t *testing.T) {
				t.Parallel()
				u := newUnderWay(t, g.Gateway, gatewaytest.Options{TLS: tls}, nil)
				u.Terminate(t)
				(&client{t: t, suite: u.suite}).await("net/http.(*Server).Shutdown(")
				close(u.release)
				for name, body := range map[string]string{"stream": "begun and ended", "long": goodReply, "event": "{}"} {
					if got := <-u.results[name]; got.err != nil || got.response.err != nil || got.status != http.StatusOK || got.body != body {
						t.Errorf("%s: got %d %q, %v, %v; want 200 %q", name, got.status, got.body, got.err, got.response.err, body)
					}
				}
				u.Client.CloseIdleConnections()
				if err := u.Wait(t); err != nil {
					t.Errorf("the gateway ended with %v", err)
				}
				u.checkCalls(t)
			})
		}
	}
}

// KrakenD 2 waits at most for max_shutdown_wait_time. It then cuts off responses, and clients see
// that.
func TestShutdownWithALimit(t *testing.T) {
	t.Parallel()
	u := newUnderWay(t, gateways[2].Gateway, gatewaytest.Options{Service: object{"max_shutdown_wait_time": "100ms"}}, nil)
	u.Terminate(t)
	if err := u.Wait(t); err == nil {
		t.Error("the gateway ended with status 0, want 1: it has cut requests")
	}
	u.checkCut(t)
	u.checkCalls(t)
}

// With h2c, KrakenD does not wait: golang.org/x/net/http2/h2c takes the connections out of the
// http.Server, which therefore cannot wait for them.
func TestShutdownOverH2C(t *testing.T) {
	t.Parallel()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	u := newUnderWay(t, gateways[2].Gateway, gatewaytest.Options{Service: object{"use_h2c": true}}, &http.Client{Transport: transport, Timeout: gatewaytest.ClientTimeout})
	u.Terminate(t)
	if err := u.Wait(t); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
	u.checkCut(t)
	u.checkCalls(t)
}
