package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/rs/zerolog"
)

// An api stands in for AWS.
type api struct {
	url   string
	calls func() int   // number of calls so far
	busy  func() int   // number of connections with a call in progress
	sent  func() int64 // bytes that the gateway took; 0 if the API does not count them
	close func()       // ends the API and its connections, also idle ones
}

func newAPI(t *testing.T, url string, end func()) *api {
	t.Cleanup(end)
	return &api{url: url, calls: func() int { return 0 }, busy: func() int { return 0 }, sent: func() int64 { return 0 }, close: end}
}

// A handler is a function whose payload and reply are bytes.
type handler func(ctx context.Context, payload []byte) ([]byte, error)

func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

const goodReply = `{"good":true}`

// good is a function that works.
var good = handler(func(context.Context, []byte) ([]byte, error) { return []byte(goodReply), nil })

// hangs is a function that does not answer.
var hangs = handler(func(ctx context.Context, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
})

func replies(reply string) handler {
	return func(context.Context, []byte) ([]byte, error) { return []byte(reply), nil }
}

// A start starts an API with one function of this name.
type start func(t *testing.T, function string) *api

// lambda is lambdatest. A nil handler is good.
func lambda(handler any, faults ...lambdatest.Fault) start {
	return func(t *testing.T, function string) *api {
		t.Helper()
		server := newLambda(function, handler, faults...)
		a := newAPI(t, server.URL, server.Close)
		a.calls = func() int { return len(server.Calls()) }
		return a
	}
}

func newLambda(function string, handler any, faults ...lambdatest.Fault) *lambdatest.Server {
	if handler == nil {
		handler = good
	}
	server := lambdatest.NewServer(map[string]any{function: handler})
	server.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
	server.Fail("*", faults...)
	return server
}

// refuses returns an address without a listener. The test keeps it reserved, so that no other
// process can listen there.
func refuses(t *testing.T, _ string) *api {
	t.Helper()
	socket := boundSocket(t)
	return newAPI(t, "http://"+addressOf(t, socket), func() {})
}

// deaf returns an address that never accepts connections. Its backlog is full, so the kernel
// does not answer new connections.
func deaf(t *testing.T, _ string) *api {
	t.Helper()
	socket := boundSocket(t)
	if err := syscall.Listen(socket, 0); err != nil {
		t.Fatal(err)
	}
	addr := addressOf(t, socket)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newAPI(t, "http://"+addr, func() {})
}

func boundSocket(t *testing.T) int {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(socket) })
	syscall.CloseOnExec(socket)
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	return socket
}

func addressOf(t *testing.T, socket int) string {
	t.Helper()
	addr, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", addr.(*syscall.SockaddrInet4).Port)
}

// nowhere returns a host name that does not resolve. Its label is longer than DNS allows, so no
// query leaves the machine.
func nowhere(t *testing.T, _ string) *api {
	return newAPI(t, "http://"+strings.Repeat("lambda-", 10)+".invalid", func() {})
}

// behind puts a proxy with toxics in front of lambdatest. The gateway calls the proxy as its API,
// and signs the proxy's address.
func behind(handler any, toxic ...toxics.Toxic) start {
	return func(t *testing.T, function string) *api {
		t.Helper()
		a, _ := proxied(t, newLambda(function, handler), toxic...)
		return a
	}
}

func proxied(t *testing.T, server *lambdatest.Server, toxic ...toxics.Toxic) (*api, *toxics.Proxy) {
	t.Helper()
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	control := httptest.NewServer(proxies.Routes())
	proxy, err := toxics.NewClient(control.URL).CreateProxy("lambda", "127.0.0.1:0", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, toxic := range toxic {
		if _, err := proxy.AddToxic("", toxic.Type, toxic.Stream, 1, toxic.Attributes); err != nil {
			t.Fatal(err)
		}
	}
	a := newAPI(t, "http://"+proxy.Listen, func() {
		proxies.Collection.Clear()
		control.Close()
		server.Close()
	})
	a.calls = func() int { return len(server.Calls()) }
	return a, proxy
}

// newTokens starts a source of credentials like that of a container, and returns its URL. The
// access key is always the same. Each answer has a new session token.
func newTokens(t *testing.T) string {
	t.Helper()
	var given atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{
			"AccessKeyId": gatewaytest.AccessKeyID, "SecretAccessKey": gatewaytest.SecretAccessKey,
			"Token": fmt.Sprint("session-token-", given.Add(1)), "Expiration": "2999-01-01T00:00:00Z",
		})
	}))
	t.Cleanup(server.Close)
	return server.URL
}
