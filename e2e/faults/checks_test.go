package faults

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// check makes the row's request, and checks what the client gets.
func (s *suite) check(t *testing.T, r row) {
	t.Helper()
	request := r.request
	if request == nil {
		request = (*client).get
	}
	begin := time.Now()
	got, err := request(&client{t: t, suite: s, path: "/" + r.name, api: s.apis[r.name]})
	took := time.Since(begin)
	if want := map[bool]int{false: 1, true: 2}[s.http2]; err == nil && !r.gone && got.major != want {
		t.Errorf("the response came over HTTP/%d, want HTTP/%d", got.major, want)
	}
	if took > r.within {
		t.Errorf("the client waited for %v, want at most %v", took, r.within)
	}
	switch {
	case r.gone && err == nil:
		t.Errorf("the client got a %d, although it had disconnected", got.status)
	case r.gone:
		return
	case err != nil:
		t.Fatal(err)
	}

	if got.status != r.status || got.body != r.body && !(r.begins && strings.HasPrefix(got.body, r.body)) {
		t.Errorf("got %d %q, want %d %q", got.status, abridged(got.body), r.status, r.body)
	}
	if (got.err != nil) != r.cut {
		t.Errorf("the body ended with %v, want an error: %t", got.err, r.cut)
	}
	if after := got.header.Get("Retry-After"); after != r.retryAfter {
		t.Errorf("got Retry-After %q, want %q", after, r.retryAfter)
	}
	s.checkNothingLeaks(t, r, got)
}

// secrets must not reach a client.
var secrets = []string{
	"planted", "arn:", "000000000000", "123456789012", "127.0.0.1", ".invalid", "goroutine", ".go", "panic", "stack",
	gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey, "session-token",
}

func (s *suite) checkNothingLeaks(t *testing.T, r row, got response) {
	t.Helper()
	var text strings.Builder
	got.header.Write(&text)
	text.WriteString(got.body)
	for _, secret := range append([]string{strings.TrimPrefix(s.apis[r.name].url, "http://")}, secrets...) {
		if strings.Contains(text.String(), secret) {
			t.Errorf("the client sees %q in\n%s", secret, abridged(text.String()))
		}
	}
}

// checkServes checks that the gateway still serves requests.
func (s *suite) checkServes(t *testing.T) {
	t.Helper()
	if err := s.Healthy(); err != nil {
		t.Error(err)
	}
	got, err := (&client{t: t, suite: s, path: "/good"}).get()
	if err != nil || got.err != nil || got.status != http.StatusOK || got.body != goodReply {
		t.Errorf("a good request: got %d %q, %v, %v", got.status, got.body, got.err, err)
	}
	s.Client.CloseIdleConnections()
}

// checkCost checks the calls, bytes and log lines of a row, after all its work has ended.
func (s *suite) checkCost(t *testing.T, r row) {
	t.Helper()
	api := s.apis[r.name]
	if n := api.calls(); n < r.calls.least || n > r.calls.most {
		t.Errorf("%s: got %d calls, want %d to %d", r.name, n, r.calls.least, r.calls.most)
	}
	if n := api.sent(); r.taken > 0 && n > r.taken {
		t.Errorf("%s: the gateway took %d bytes, want at most %d", r.name, n, r.taken)
	}
	level := "ERROR"
	switch {
	case r.status == http.StatusTooManyRequests:
		level = "WARNING"
	case http.StatusBadRequest <= r.status && r.status < http.StatusInternalServerError, strings.HasPrefix(r.logged, "the request's body"):
		level = "INFO"
	}
	lines := s.Lines(t, level, "/"+r.name)
	for i, line := range lines {
		lines[i] = facts.ReplaceAllString(line, "$1")
	}
	if r.logged == "" {
		if len(lines) > 0 {
			t.Errorf("%s: got errors %q, want no line", r.name, lines)
		}
		return
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], r.logged) {
		t.Errorf("%s: got errors %q, want one line that begins with %q", r.name, lines, r.logged)
	}
}

// facts matches the function, the request id and the number of attempts in a line.
var facts = regexp.MustCompile(`(: )function [^,: ]+(?:, |: |$)|, request id [^,: ]+|request id [^,: ]+: |, \d+ attempts`)

// checkHeap checks that the gateway's heap has grown by no more than its pools may hold.
func (s *suite) checkHeap(t *testing.T) {
	t.Helper()
	if after := s.Heap(t); after > s.heap+16<<20 {
		t.Errorf("the gateway's heap was %d bytes before the faults and is %d after them", s.heap, after)
	}
}
