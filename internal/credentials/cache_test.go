package credentials

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

const a, b = "https://a.example.com", "https://b.example.com"

func TestFoundAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(3 * time.Second)
			return key(1), nil
		})
		pause(4 * time.Second)
		instantly(t, func() {
			if id, version := get(t, c.For(a)); id != "key1" || version != 1 {
				t.Errorf("got %s, version %d", id, version)
			}
		})
		if got := s.told(); got != "false" {
			t.Errorf("got lookups with renew %q", got)
		}
		l.expect(t, firstFound)
	})
}

func TestForKeepsViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := newCache(t, func(context.Context, int) (Found, error) { return key(1), nil })
		if v := c.For(a); c.For(b) == v || c.For(a) != v {
			t.Error("want one View for each endpoint")
		}
	})
}

// All requests wait for the first lookup, and only for that one.
func TestRequestsWaitForTheFirstLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(12 * time.Second)
			return key(1), nil
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if id, _ := get(t, c.For(a)); id != "key1" {
					t.Errorf("got %s", id)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != 12*time.Second || s.count() != 1 {
			t.Errorf("took %v and %d lookups", took, s.count())
		}
		l.expect(t, firstFound)
	})
}

// A request waits until its context ends. The lookup goes on.
func TestWaitEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(3 * time.Second)
			return key(1), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, _, err := c.For(a).Retrieve(ctx); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
		if id, _ := get(t, c.For(a)); id != "key1" || s.count() != 1 {
			t.Errorf("got %s after %d lookups", id, s.count())
		}
		// A request does not wait if there are credentials.
		if _, _, err := c.For(a).Retrieve(ctx); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// Without credentials, requests wait only for the first lookup. They start another one every five
// seconds.
func TestNoCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const want = `no AWS credentials in the test: 'nothing here'`
		cause, there := errors.New("nothing here"), false
		c, s, l := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(2 * time.Second)
			if !there {
				return Found{}, cause
			}
			return key(1), nil
		})
		v := c.For(a)
		_, _, err := v.Retrieve(t.Context())
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, cause) || err.Error() != want {
			t.Errorf("got %v", err)
		}
		pause(errorTTL - 1)
		instantly(t, func() { fails(t, v) })
		if s.count() != 1 {
			t.Errorf("within the error's time to live: %d lookups", s.count())
		}
		pause(1)
		for range 3 {
			instantly(t, func() { fails(t, v) })
		}
		pause(2 * time.Second)
		if s.count() != 2 {
			t.Errorf("after it: %d lookups", s.count())
		}
		l.expect(t, "ERROR [Lambda] "+want+"; calls fail until you set up credentials there or correct the error (keys in the environment need a restart)")

		there = true
		pause(errorTTL)
		instantly(t, func() { fails(t, v) })
		pause(2 * time.Second)
		if id, _ := get(t, v); id != "key1" || s.told() != "false false false" {
			t.Errorf("got %s after lookups %s", id, s.told())
		}
		l.expect(t, "ERROR [Lambda] "+want+"; calls fail until you set up credentials there or correct the error (keys in the environment need a restart)", foundAgain)
	})
}

// If the last failure is a minute old, a request waits for a new lookup, but for at most a second.
func TestStaleFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		take  time.Duration // of the second lookup
		there bool
		want  string
		waits time.Duration
	}{
		"found in time":     {gracePeriod - 1, true, "key2", gracePeriod - 1},
		"found too late":    {gracePeriod + 1, true, "", gracePeriod},
		"failed once again": {gracePeriod / 2, false, "", gracePeriod / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
					if n == 1 {
						return Found{}, errors.New("none")
					}
					time.Sleep(tc.take)
					if !tc.there {
						return Found{}, errors.New("none")
					}
					return key(n), nil
				})
				fails(t, c.For(a))
				pause(staleError)
				start := time.Now()
				got, _, err := c.For(a).Retrieve(t.Context())
				if took := time.Since(start); got.AccessKeyID != tc.want || (err == nil) != (tc.want != "") || took != tc.waits {
					t.Errorf("got %q, %v after %v; want %q after %v", got.AccessKeyID, err, took, tc.want, tc.waits)
				}
				pause(time.Minute)
				if s.count() != 2 {
					t.Errorf("got %d lookups", s.count())
				}
			})
		})
	}
}

// Credentials are refreshed a minute before they expire, and no request waits.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) {
			time.Sleep(2 * time.Second)
			return session(n, time.Hour), nil
		})
		v := c.For(a)
		get(t, v)
		for range 60 * 60 * 3 { // 3 hours at one request a second
			instantly(t, func() { get(t, v) })
			pause(time.Second)
		}
		// A lookup takes 2 s, and the next one starts 59 minutes later.
		if id, version := get(t, v); id != "key4" || version != 4 || s.told() != "false true true true" {
			t.Errorf("got %s, version %d after lookups %s", id, version, s.told())
		}
		l.expect(t, firstFound)
	})
}

func TestRefreshIsNotEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) { return session(n, time.Hour), nil })
		v := c.For(a)
		get(t, v)
		pause(time.Hour - refreshEarly - 1)
		get(t, v)
		synctest.Wait()
		if s.count() != 1 {
			t.Errorf("got %d lookups too early", s.count())
		}
		pause(1)
		if id, _ := get(t, v); id != "key1" {
			t.Errorf("got %s, want the current one", id)
		}
		synctest.Wait()
		if id, _ := get(t, v); id != "key2" || s.count() != 2 {
			t.Errorf("got %s after %d lookups", id, s.count())
		}
	})
}

// While refreshes fail, requests get the current credentials until these expire.
func TestRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) {
			if n > 1 && n < 16 {
				return Found{}, errors.New("no answer")
			}
			return session(n, time.Hour), nil
		})
		v := c.For(a)
		get(t, v)
		pause(time.Hour - refreshEarly)
		for range 60 {
			instantly(t, func() { get(t, v) })
			pause(time.Second)
		}
		const warning = `WARNING [Lambda] no new AWS credentials in the test: 'no answer'; keeping the current credentials until they expire`
		l.expect(t, firstFound, warning)
		if s.count() != 13 { // one every 5 s
			t.Errorf("got %d lookups", s.count())
		}
		const missing = `ERROR [Lambda] no AWS credentials in the test: 'no answer'; calls fail until you set up credentials there or correct the error (keys in the environment need a restart)`
		for range 15 {
			if _, _, err := v.Retrieve(t.Context()); err == nil && s.count() < 16 {
				t.Error("got expired credentials")
			}
			pause(time.Second)
		}
		if id, _ := get(t, v); id != "key16" {
			t.Errorf("got %s", id)
		}
		l.expect(t, firstFound, warning, missing, foundAgain)
	})
}

// Without requests there are no lookups. If the credentials have expired in the meantime, the next
// request waits for a lookup.
func TestGatewayAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
			time.Sleep(time.Second)
			return session(n, time.Hour), nil
		})
		get(t, c.For(a))
		pause(24 * time.Hour)
		if s.count() != 1 {
			t.Errorf("got %d lookups without requests", s.count())
		}
		if id, _ := get(t, c.For(a)); id != "key2" || s.told() != "false true" {
			t.Errorf("got %s after lookups %s", id, s.told())
		}
	})
}

// Credentials that expire within a minute are not looked up for each request.
func TestShortLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) { return session(n, 10*time.Second), nil })
		v := c.For(a)
		get(t, v)
		for range 600 {
			instantly(t, func() { get(t, v) })
			pause(100 * time.Millisecond)
		}
		if n := s.count(); n < 12 || n > 13 {
			t.Errorf("got %d lookups in a minute, want one every 5 s", n)
		}
	})
}

// If a source does not tell when its credentials expire, the Cache looks them up once a minute.
func TestSourceWithoutExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 1
		c, s, l := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(time.Second)
			return key(n), nil
		})
		v := c.For(a)
		get(t, v)
		for range 180 {
			if id, version := get(t, v); id != "key1" || version != 1 {
				t.Fatalf("got %s, version %d", id, version)
			}
			pause(time.Second)
		}
		if got := s.told(); got != "false false false" {
			t.Errorf("got lookups with renew %s, want one a minute without renew", got)
		}
		n = 2
		for range 62 {
			instantly(t, func() { get(t, v) })
			pause(time.Second)
		}
		if id, version := get(t, v); id != "key2" || version != 2 {
			t.Errorf("got %s, version %d", id, version)
		}
		l.expect(t, firstFound, "INFO [Lambda] using a new AWS access key from TestProvider (searched: the test)")
	})
}

// Now decides when credentials expire. Pauses do not follow its jumps.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off time.Duration
		there := true
		s := &source{t: t, find: func(_ context.Context, n int) (Found, error) {
			if !there {
				return Found{}, errors.New("none")
			}
			return session(n, time.Hour+off), nil
		}}
		c := New(Options{Find: s.Find, Where: "the test", Now: func() time.Time { return time.Now().Add(off) }})
		v := c.For(a)
		get(t, v)
		off = 2 * time.Hour
		if id, _ := get(t, v); id != "key2" {
			t.Errorf("got %s, want new ones", id)
		}
		there, off = false, 4*time.Hour
		fails(t, v)
		there, off = true, 0
		pause(errorTTL)
		if id, _ := get(t, v); id != "key2" || strings.Count(s.told(), "true") != 2 {
			t.Errorf("got %s after %s", id, s.told())
		}
	})
}

// The garbage collector frees a Cache that a restarted router has dropped: no goroutine holds it.
func TestDroppedCacheIsCollected(t *testing.T) {
	c := New(Options{Find: func(context.Context, bool) (Found, error) { return key(1), nil }})
	if _, _, err := c.For(a).Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	dropped := weak.Make(c)
	for deadline := time.Now().Add(30 * time.Second); dropped.Value() != nil; time.Sleep(time.Millisecond) {
		runtime.GC()
		if time.Now().After(deadline) {
			t.Fatal("the cache is still in memory")
		}
	}
}
