package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs the tests of a package and then ends the process, as a TestMain does. It fails if
// goroutines that the tests started are still running. It first closes the idle connections of
// http.DefaultTransport, which belong to the transport.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := await(); left != "" {
			fmt.Fprintf(os.Stderr, "FAIL: goroutines left behind:\n\n%s\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

// await gives ending goroutines time to finish: those of closed connections need a turn of the
// scheduler.
func await() (left string) {
	for range 500 {
		if t, ok := http.DefaultTransport.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
		if left = others(); left == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return left
}

// others returns the stacks of all goroutines except the caller's and those that the standard
// library keeps for a process.
func others() string {
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	var left []string
	for _, stack := range stacks[1:] {
		if !strings.Contains(stack, "os/signal.loop") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}
