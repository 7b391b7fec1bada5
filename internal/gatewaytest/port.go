package gatewaytest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// ErrPortTaken is the error that OnFreePort expects if another process took the server's port.
var ErrPortTaken = errors.New("the port was taken meanwhile")

// OnFreePort starts a server on a free port of 127.0.0.1. It tries up to five ports while start
// returns ErrPortTaken. Any other error fails the test.
func OnFreePort[S any](t *testing.T, start func(port int) (S, error)) (server S) {
	t.Helper()
	for range 5 {
		server, err := start(freePort(t))
		if err == nil {
			return server
		}
		if !errors.Is(err, ErrPortTaken) {
			t.Fatal(err)
		}
	}
	t.Fatal("found no free port")
	return server
}

// The ports for gateways, below those that systems give to servers on port 0: Linux begins at 32768.
// So no other server of a test can take a gateway's port before the gateway has it, and get the
// requests that wait for the gateway.
const firstPort, lastPort = 15000, 32767

// freePort returns a free port that it has not returned before, so that two gateways that start
// at once are not confused.
func freePort(t *testing.T) int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if given.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // another process has it
		}
		l.Close()
		given.ports[port] = true
		return port
	}
	t.Fatal("found no free port")
	return 0
}

var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: make(map[int]bool)}
