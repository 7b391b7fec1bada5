package credentials

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newChangingCache returns a Cache whose Finder finds the key of a number. The number is the revision
// too.
func newChangingCache(t testing.TB, number *atomic.Int64) (*Cache, *source) {
	s := &source{t: t, find: func(context.Context, int) (Found, error) { return key(int(number.Load())), nil }}
	return New(Options{Find: s.Find, Where: "the test", Revision: func() string {
		return strconv.FormatInt(number.Load(), 10)
	}}), s
}

// The operator revokes a key, and writes the new one ten minutes later. Calls use the new key within
// two seconds of the next refusal, even if the pause between renewals has become long.
func TestKeyThatIsRevokedFirst(t *testing.T) {
	for name, interval := range map[string]time.Duration{"1 request every 7 s": 7 * time.Second, "100 requests a second": 10 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				n.Store(1)
				c, s := newChangingCache(t, &n)
				v := c.For(a)
				request := func() (refused bool) {
					id, version := get(t, v)
					if id == "key1" {
						v.MarkInvalid(version)
						return true
					}
					v.MarkValid(version)
					return false
				}
				for start := time.Now(); time.Since(start) < 10*time.Minute; pause(interval) {
					if !request() {
						t.Fatal("the key was not refused")
					}
				}
				if got := s.count(); got > 20 {
					t.Errorf("got %d lookups in ten minutes, although the source did not change", got)
				}
				n.Store(2)
				var first time.Time
				for start := time.Now(); time.Since(start) < 2*time.Minute; pause(interval) {
					if refused := request(); refused && first.IsZero() {
						first = time.Now()
					} else if refused && time.Since(first) > 2*time.Second {
						t.Fatalf("refused %v after the first refusal", time.Since(first))
					}
				}
				if first.IsZero() {
					t.Error("want one more refusal of the old key")
				}
			})
		})
	}
}

// A change of the source also ends the pause of an endpoint that treats keys as expired, even after
// five of them.
func TestExpiredKeyInAChangedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		n.Store(1)
		c, s := newChangingCache(t, &n)
		v := c.For(a)
		for range maxRefusals {
			_, version := get(t, v)
			v.MarkExpired(version)
			pause(renewalPause)
		}
		fails(t, v)
		pause(10 * time.Second)
		before := s.count()
		n.Store(2)
		fails(t, v)
		synctest.Wait()
		if id, _ := get(t, v); id != "key2" || s.count() != before+1 {
			t.Errorf("got %s after %d lookups, want one", id, s.count()-before)
		}
	})
}

// If a source changes all the time, there is at most one lookup a second. If a call of Revision
// hangs, Revision is not called again.
func TestRevisionsAreBounded(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		t.Run("hangs: "+strconv.FormatBool(hangs), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				release := make(chan struct{})
				defer close(release)
				s := &source{t: t, find: func(context.Context, int) (Found, error) { return key(1), nil }}
				c := New(Options{Find: s.Find, Where: "the test", Revision: func() string {
					n := calls.Add(1)
					if hangs && n == 3 { // lookups make the first two calls
						<-release
					}
					return strconv.FormatInt(n, 10)
				}})
				v := c.For(a)
				start := time.Now()
				for time.Since(start) < 10*time.Second {
					instantly(t, func() {
						_, version := get(t, v)
						v.MarkInvalid(version)
					})
					pause(10 * time.Millisecond)
				}
				renewals, want := s.count()-1, 10
				if hangs {
					want = 4 // after 0, 1, 3 and 7 seconds
				}
				if renewals > want+1 || renewals < want-1 {
					t.Errorf("got %d renewals in ten seconds, want about %d", renewals, want)
				}
			})
		})
	}
}

// A lookup that the Finder may answer from its cache does not count as having read the source.
func TestRevisionOfACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n, cached atomic.Int64
		n.Store(1)
		cached.Store(1)
		s := &source{t: t}
		s.find = func(_ context.Context, i int) (Found, error) {
			if s.renews[i-1] { // no other lookup writes now
				cached.Store(n.Load())
			}
			return key(int(cached.Load())), nil
		}
		c := New(Options{Find: s.Find, Where: "the test", Revision: func() string { return strconv.FormatInt(n.Load(), 10) }})
		v := c.For(a)
		for range 600 { // the pause becomes a minute
			_, version := get(t, v)
			v.MarkInvalid(version)
			pause(time.Second)
		}
		n.Store(2)
		c.mu.Lock()
		c.refreshAt = time.Time{}
		c.mu.Unlock()
		get(t, v) // starts a check, which finds the old key
		synctest.Wait()
		_, version := get(t, v)
		v.MarkInvalid(version)
		synctest.Wait()
		if id, _ := get(t, v); id != "key2" {
			t.Errorf("got %s", id)
		}
	})
}

func TestFileRevision(t *testing.T) {
	name := filepath.Join(t.TempDir(), "credentials")
	write := func(content string, modified int64) func(testing.TB) {
		return func(t testing.TB) {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, time.Time{}, time.Unix(modified, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	revision := FileRevision(filepath.Join(t.TempDir(), "absent"), name)
	last := revision()
	for _, step := range []struct {
		name   string
		do     func(testing.TB)
		change bool
	}{
		{"nothing", func(testing.TB) {}, false},
		{"appears", write("a", 1), true},
		{"nothing again", func(testing.TB) {}, false},
		{"another size", write("ab", 1), true},
		{"another time", write("ba", 2), true},
		{"an older time", write("ab", 1), true},
		{"vanishes", func(t testing.TB) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		step.do(t)
		now := revision()
		if changed := now != last; changed != step.change {
			t.Errorf("%s: changed: %t, want %t (%q)", step.name, changed, step.change, now)
		}
		last = now
	}
	if one, other := FileRevision(name, "/absent")(), FileRevision("/absent", name)(); one != other {
		t.Errorf("got %q and %q for absent files", one, other)
	}
}
