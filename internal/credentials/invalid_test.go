package credentials

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// While renewals find the same key, the pauses between them grow.
func TestInvalidKeyThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		n.Store(1)
		c, s, l := newCache(t, func(context.Context, int) (Found, error) { return key(int(n.Load())), nil })
		v := c.For(a)
		_, version := get(t, v)
		refuse := func(d time.Duration) (lookups string) {
			start, before := time.Now(), s.count()
			for time.Since(start) < d {
				instantly(t, func() { _, version = get(t, v) })
				v.MarkInvalid(version)
				pause(50 * time.Millisecond)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			var at []time.Time
			for i, renew := range s.renews {
				if renew && i >= before {
					at = append(at, s.started[i])
				}
			}
			return (&source{renews: s.renews, started: at}).seconds(start)
		}
		if got := refuse(200 * time.Second); got != "0 1 3 7 15 31 63 123 183" {
			t.Errorf("renewals at %s", got)
		}
		pause(time.Minute) // the renewal of the last mark is within this time
		pause(time.Minute)
		v.MarkValid(version)
		if got := refuse(2 * time.Second); got != "0 1" {
			t.Errorf("after a valid answer: renewals at %s", got)
		}
		n.Store(2)
		pause(time.Minute)
		if id, _ := get(t, v); id != "key2" {
			t.Errorf("got %s", id)
		}
		if got := refuse(2 * time.Second); got != "0 1" {
			t.Errorf("with a new key: renewals at %s", got)
		}
		const unknown = "WARNING [Lambda] https://a.example.com does not know the AWS access key from TestProvider (searched: the test), or refuses its signature; the gateway looks for another key (keys in the environment need a restart)"
		l.expect(t, firstFound, unknown, "INFO [Lambda] using a new AWS access key from TestProvider (searched: the test)", unknown) // once for each key
	})
}

// An endpoint that refuses each new key has to wait for renewals too. Its requests continue with the
// current key.
func TestInvalidKeysThatChange(t *testing.T) {
	for name, tc := range map[string]struct {
		life time.Duration
		want string
	}{
		"keys":     {0, "0 0 1 2 3 63 123"},
		"sessions": {time.Hour, "0 0 5 10 15 75 135"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
					if tc.life == 0 {
						return key(n), nil
					}
					return session(n, tc.life), nil
				})
				v := c.For(a)
				start := time.Now()
				for time.Since(start) < 140*time.Second {
					_, version := get(t, v)
					v.MarkInvalid(version)
					pause(10 * time.Millisecond)
				}
				if got := s.seconds(start); got != tc.want {
					t.Errorf("lookups at %s, want %s", got, tc.want)
				}
				// Only a valid answer for the current key ends the failure.
				_, version := get(t, v)
				v.MarkValid(version - 1)
				if !v.troubled.Load() {
					t.Error("an old version ended the failure")
				}
				pause(3 * time.Minute)
				_, version = get(t, v)
				if v.MarkValid(version); v.troubled.Load() {
					t.Error("a valid answer did not end the failure")
				}
			})
		})
	}
}

// A mark of expired credentials changes nothing: the next request starts a lookup anyway.
func TestMarksOfExpiredCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, taking(time.Second, time.Minute))
		v := c.For(a)
		_, version := get(t, v)
		pause(2 * time.Minute)
		v.MarkInvalid(version)
		synctest.Wait()
		if s.count() != 1 {
			t.Errorf("got %d lookups", s.count())
		}
		v.MarkExpired(version)
		if id, _ := get(t, v); id != "key2" || s.count() != 2 {
			t.Errorf("got %s after %d lookups", id, s.count())
		}
	})
}

// An endpoint that alternately accepts and refuses a key does not get a renewal each second.
func TestInvalidInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) { return key(1), nil })
		v := c.For(a)
		for range 10 * 60 {
			_, version := get(t, v)
			v.MarkInvalid(version)
			v.MarkValid(version)
			pause(100 * time.Millisecond)
		}
		if n := strings.Count(s.told(), "true"); n < 5 || n > 7 {
			t.Errorf("got %d renewals in a minute", n)
		}
	})
}

// A mark within the pause starts a renewal at the end of the pause, without another request.
func TestInvalidWithinThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		n.Store(1)
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) { return key(int(n.Load())), nil })
		x, y := c.For(a), c.For(b)
		get(t, x)
		start := time.Now()
		x.MarkInvalid(1)
		pause(500 * time.Millisecond)
		n.Store(2)
		y.MarkInvalid(1)
		y.MarkInvalid(1)
		pause(500 * time.Millisecond)
		instantly(t, func() {
			if id, _ := get(t, y); id != "key2" {
				t.Errorf("got %s", id)
			}
		})
		if got := s.seconds(start); got != "0 0 1" {
			t.Errorf("lookups at %s", got)
		}
	})
}

// A mark during another lookup, with or without renew, starts a renewal after it.
func TestInvalidDuringALookup(t *testing.T) {
	for name, renewal := range map[string]bool{"check": false, "renewal": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				n.Store(1)
				c, s, _ := newCache(t, func(context.Context, int) (Found, error) {
					found := int(n.Load()) // the files are read first
					time.Sleep(time.Second)
					return key(found), nil
				})
				v := c.For(a)
				get(t, v)
				want := "false false true"
				if renewal {
					c.For(b).MarkInvalid(1)
					want = "false true true"
				} else {
					pause(checkInterval)
					get(t, v)
				}
				pause(time.Second / 2)
				n.Store(2)
				v.MarkInvalid(1)
				pause(2 * time.Second)
				if id, _ := get(t, v); id != "key2" || s.told() != want {
					t.Errorf("got %s after lookups %s, want %s", id, s.told(), want)
				}
			})
		})
	}
}

// Next to an endpoint that always refuses a key, the mark of another endpoint starts a renewal at
// once. The marks of the first one do not delay it.
func TestInvalidBesideAnEndpointThatRefusesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) { return key(1), nil })
		healthy, invalid, expired := c.For(a), c.For(b), c.For("https://c.example.com")
		for range 100 {
			for _, v := range []*View{invalid, expired} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				_, version, err := v.Retrieve(ctx)
				cancel()
				if err == nil && v == invalid {
					v.MarkInvalid(version)
				} else if err == nil {
					v.MarkExpired(version)
				}
			}
			pause(time.Second)
		}
		renewals := strings.Count(s.told(), "true")
		_, version := get(t, healthy)
		healthy.MarkInvalid(version)
		synctest.Wait()
		healthy.MarkInvalid(version) // for a second later
		_, version = get(t, expired)
		expired.MarkExpired(version) // for a minute later
		fails(t, expired)
		if got := strings.Count(s.told(), "true"); got != renewals+1 {
			t.Errorf("got %d renewals at once, want 1", got-renewals)
		}
		pause(time.Second)
		if got := strings.Count(s.told(), "true"); got != renewals+2 {
			t.Errorf("got %d renewals within a second, want 2", got-renewals)
		}
	})
}

// A key that is accepted a minute after its renewal starts with the shortest pauses again.
func TestInvalidAgainAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) { return key(1), nil })
		v := c.For(a)
		_, version := get(t, v)
		start := time.Now()
		v.MarkInvalid(version)
		synctest.Wait()
		pause(longPause)
		v.MarkValid(version)
		for range 3 {
			v.MarkInvalid(version)
			pause(keyPause)
		}
		if got := s.seconds(start); got != "0 0 60 61 63" {
			t.Errorf("lookups at %s", got)
		}
	})
}

// A key is a single warning, also if an endpoint alternately accepts and refuses it while a lookup hangs.
func TestInvalidKeyIsOneWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, l := newCache(t, func(_ context.Context, n int) (Found, error) {
			if n == 2 {
				time.Sleep(5 * time.Minute)
			}
			return key(1), nil
		})
		v := c.For(a)
		for range 100 {
			_, version := get(t, v)
			v.MarkInvalid(version)
			v.MarkValid(version)
			pause(2 * time.Second)
		}
		pause(10 * time.Minute) // the lookups end
		_, version := get(t, v)
		pause(time.Hour - 800*time.Second - 1)
		v.MarkInvalid(version)
		pause(1)
		v.MarkInvalid(version)
		pause(10 * time.Minute)
		l.mu.Lock()
		defer l.mu.Unlock()
		if n := strings.Count(strings.Join(l.lines, "\n"), "does not know the AWS access key"); n != 2 {
			t.Errorf("got %d warnings, want 2: at once, and an hour later", n)
		}
	})
}
