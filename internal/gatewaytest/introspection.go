package gatewaytest

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Goroutines returns the stacks of the gateway's goroutines, except those that report them.
func (p *Process) Goroutines(t *testing.T) []string {
	t.Helper()
	var stacks []string
	for stack := range strings.SplitSeq(strings.TrimSpace(p.introspect(t, "/goroutines")), "\n\n") {
		if !strings.Contains(stack, "main.init") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// Heap returns the bytes in use in the gateway's heap, after a collection.
func (p *Process) Heap(t *testing.T) int64 {
	t.Helper()
	n, err := strconv.ParseInt(p.introspect(t, "/heap"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var gcTrace = regexp.MustCompile(`(?m)^gc \d+ .* \d+->\d+->(\d+) MB, `)

// LiveHeap returns the live heap after each collection so far, in MB. It needs GODEBUG=gctrace=1
// in the gateway's environment.
func (p *Process) LiveHeap(t *testing.T) (mb []int) {
	t.Helper()
	for _, m := range gcTrace.FindAllStringSubmatch(p.Log(t), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		mb = append(mb, n)
	}
	return mb
}

func (p *Process) introspect(t *testing.T, path string) string {
	t.Helper()
	client := http.Client{Timeout: ClientTimeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.socket)
		},
	}}
	r, err := client.Get("http://gateway" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
