package adaptertest

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// counting is an http.RoundTripper that counts. Its values are not comparable.
type counting func(*http.Request)

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c(r)
	return http.DefaultTransport.RoundTrip(r)
}

// transport checks that each backend gets its own transport, that the option is called once for
// each, and that nil means http.DefaultTransport.
func transport(t *testing.T, adapter Adapter) {
	s := lambdatest.NewServer(map[string]any{"f": handler(func() ([]byte, error) { return []byte(`{}`), nil })})
	t.Cleanup(s.Close)
	s.RequireCredentials(accessKey, secretKey)
	session := newSession(t, s.URL)
	settings := map[string]any{"function_name": "f"}

	var made, used [2]atomic.Int32
	var proxies []Built
	for i := range made {
		rt := counting(func(*http.Request) { used[i].Add(1) })
		log := &Recorder{}
		proxies = append(proxies, adapter(with(Backend{}, settings), Options{Logger: log, Session: session, Transport: func() http.RoundTripper {
			made[i].Add(1)
			return rt
		}}))
		if lines := log.Level("WARNING"); len(lines) != 0 {
			t.Errorf("got %q", lines)
		}
	}
	proxies = append(proxies, adapter(with(Backend{}, settings), Options{Session: session, Transport: func() http.RoundTripper { return nil }}))
	for i, calls := range []int{2, 1, 1} {
		for range calls {
			if _, err := proxies[i].Proxy(t.Context(), &Request{}); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
	if made[0].Load() != 1 || made[1].Load() != 1 || used[0].Load() != 2 || used[1].Load() != 1 {
		t.Errorf("made %d and %d times, used %d and %d times; want once each, 2 and 1", made[0].Load(), made[1].Load(), used[0].Load(), used[1].Load())
	}
	if calls := len(s.Calls()); calls != 4 {
		t.Errorf("got %d calls, want 4", calls)
	}
}

// badTransport checks that a panic in the build's function is a bad configuration, and that the
// option has no effect with an Invoker.
func badTransport(t *testing.T, adapter Adapter) {
	log := &Recorder{}
	o := Options{Logger: log, Session: newSession(t, "http://127.0.0.1:1"), Transport: func() http.RoundTripper { panic("boom") }}
	built := adapter(with(Backend{}, map[string]any{"function_name": "f"}), o)
	if _, err := built.Proxy(t.Context(), &Request{}); statusOf(err) != http.StatusInternalServerError || err.Error() != "lambda: bad configuration" {
		t.Errorf("got %v, want a 500", err)
	}
	if lines := log.Level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "WithTransport: panic: ") || !strings.Contains(lines[0], "boom") {
		t.Errorf("got %q", lines)
	}
	if r, _ := built.Check(); r.Err == nil || !strings.Contains(r.Err.Error(), "boom") {
		t.Errorf("got %+v from Check, want the panic", r)
	}

	log = &Recorder{}
	o.Logger, o.Invoker = log, output(nil)
	built = adapter(with(Backend{}, map[string]any{"function_name": "f"}), o)
	if _, err := built.Proxy(t.Context(), &Request{}); err != nil {
		t.Errorf("with an Invoker: %v", err)
	}
	if lines := log.Level("WARNING"); len(lines) != 1 || !strings.Contains(lines[0], "WithTransport: has no effect") {
		t.Errorf("with an Invoker: got %q", lines)
	}
}
