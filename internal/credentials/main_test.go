package credentials

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

var _ invoke.Credentials = (*View)(nil)

func TestMain(m *testing.M) { leaktest.Main(m) }

// source is a Finder that a test controls. The test fails if lookups overlap.
type source struct {
	t    testing.TB
	find func(ctx context.Context, n int) (Found, error) // the nth lookup, from 1

	mu      sync.Mutex
	busy    bool
	renews  []bool      // the argument of each lookup
	started []time.Time // when
}

func (s *source) Find(ctx context.Context, renew bool) (Found, error) {
	s.mu.Lock()
	if s.busy {
		s.t.Error("two lookups at once")
	}
	s.busy = true
	s.renews, s.started = append(s.renews, renew), append(s.started, time.Now())
	n := len(s.renews)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy = false
		s.mu.Unlock()
	}()
	return s.find(ctx, n)
}

// told returns the arguments renew of all lookups, such as "false true".
func (s *source) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Trim(fmt.Sprint(s.renews), "[]")
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.renews)
}

// seconds returns the starts of lookups, in seconds since a time.
func (s *source) seconds(since time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, at := range s.started {
		fmt.Fprint(&b, " ", at.Sub(since).Seconds())
	}
	return strings.TrimSpace(b.String())
}

// key returns credentials without an expiry.
func key(n int) Found {
	return Found{Credentials: sigv4.Credentials{AccessKeyID: fmt.Sprint("key", n), SecretAccessKey: "hunter2"}, Source: "TestProvider"}
}

// session returns credentials that expire after a while.
func session(n int, life time.Duration) Found {
	f := key(n)
	f.SessionToken, f.Expires = "hunter2-token", time.Now().Add(life)
	return f
}

// recorder is a Logger.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) add(level string, v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, level+" "+strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
}

func (r *recorder) Debug(v ...any)   { r.add("DEBUG", v) }
func (r *recorder) Info(v ...any)    { r.add("INFO", v) }
func (r *recorder) Warning(v ...any) { r.add("WARNING", v) }
func (r *recorder) Error(v ...any)   { r.add("ERROR", v) }

// expect compares all lines. No line may contain a secret.
func (r *recorder) expect(t testing.TB, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.Join(r.lines, "\n"); got != strings.Join(want, "\n") || strings.Contains(got, "hunter2") {
		t.Errorf("got log\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

const (
	firstFound = "DEBUG [Lambda] using AWS credentials from TestProvider (searched: the test)"
	foundAgain = "INFO [Lambda] using AWS credentials from TestProvider (searched: the test)"
)

func newCache(t testing.TB, find func(ctx context.Context, n int) (Found, error)) (*Cache, *source, *recorder) {
	s, l := &source{t: t, find: find}, &recorder{}
	return New(Options{Find: s.Find, Where: "the test", Logger: l}), s, l
}

// get returns a View's key and version.
func get(t testing.TB, v *View) (string, uint64) {
	t.Helper()
	credentials, version, err := v.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return credentials.AccessKeyID, version
}

// fails returns the text of a View's error.
func fails(t testing.TB, v *View) string {
	t.Helper()
	credentials, version, err := v.Retrieve(t.Context())
	if err == nil {
		t.Fatalf("got %s, want an error", credentials.AccessKeyID)
	}
	if credentials != (sigv4.Credentials{}) || version != 0 {
		t.Errorf("got %+v, version %d with an error", credentials, version)
	}
	return err.Error()
}

// pause lets time pass in the bubble, and waits until all goroutines are blocked.
func pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// instantly fails the test if f takes time in the bubble.
func instantly(t testing.TB, f func()) {
	t.Helper()
	start := time.Now()
	if f(); time.Since(start) != 0 {
		t.Errorf("took %v, want no time", time.Since(start))
	}
}
