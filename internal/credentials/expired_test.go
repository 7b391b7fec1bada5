package credentials

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const refusedByB = "no AWS credentials in the test: " + b + " refuses the credentials found there as expired"

// taking returns a Finder that takes a while, and finds new credentials in each lookup.
func taking(d, life time.Duration) func(context.Context, int) (Found, error) {
	return func(_ context.Context, n int) (Found, error) {
		time.Sleep(d)
		return session(n, life), nil
	}
}

// Expired credentials cause one renewal, for any number of requests.
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, taking(100*time.Millisecond, time.Hour))
		v := c.For(a)
		get(t, v)
		var wg, refused sync.WaitGroup
		refused.Add(20)
		for range 20 {
			wg.Go(func() {
				_, version := get(t, v)
				refused.Done()
				refused.Wait()
				v.MarkExpired(version)
				if id, version := get(t, v); id != "key2" || version != 2 {
					t.Errorf("got %s, version %d", id, version)
				}
				v.MarkExpired(version) // late
				v.MarkValid(version + 1)
			})
		}
		wg.Wait()
		pause(time.Minute)
		if id, _ := get(t, v); id != "key2" || s.told() != "false true" {
			t.Errorf("got %s after lookups %s", id, s.told())
		}
		l.expect(t, firstFound)
	})
}

// Other endpoints keep credentials that one endpoint refuses, during the renewal and after it fails.
func TestExpiredForOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) {
			time.Sleep(time.Second)
			if n == 2 {
				return Found{}, errors.New("denied")
			}
			return session(n, time.Hour), nil
		})
		healthy, refusing := c.For(a), c.For(b)
		get(t, healthy)
		_, version := get(t, refusing)
		start := time.Now()
		refusing.MarkExpired(version)
		instantly(t, func() { get(t, healthy) })
		if got := fails(t, refusing); got != `no AWS credentials in the test: 'denied'` || time.Since(start) != time.Second {
			t.Errorf("got %s after %v", got, time.Since(start))
		}
		instantly(t, func() {
			get(t, healthy)
			fails(t, refusing)
		})
		// The next renewal starts five seconds after the last one.
		pause(5 * time.Second)
		if id, _ := get(t, refusing); id != "key3" || s.seconds(start) != "-1 0 5" {
			t.Errorf("got %s, lookups at %s", id, s.seconds(start))
		}
		l.expect(t, firstFound, `WARNING [Lambda] no new AWS credentials in the test: 'denied'; keeping the current credentials until they expire`, foundAgain)
	})
}

// A request waits for a renewal after a pause, unless its deadline comes first.
func TestPauseBetweenRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, taking(0, time.Hour))
		refusing, other := c.For(b), c.For(a)
		synctest.Wait()
		start := time.Now()
		refusing.MarkExpired(1)
		synctest.Wait()
		other.MarkExpired(2)
		ctx, cancel := context.WithTimeout(t.Context(), renewalPause-1)
		defer cancel()
		instantly(t, func() {
			if _, _, err := other.Retrieve(ctx); err == nil || err.Error() != strings.Replace(refusedByB, b, a, 1) {
				t.Errorf("got %v", err)
			}
			if id, _ := get(t, refusing); id != "key2" {
				t.Errorf("got %s", id)
			}
		})
		if id, _ := get(t, other); id != "key3" || time.Since(start) != renewalPause {
			t.Errorf("got %s after %v", id, time.Since(start))
		}
		if got := s.seconds(start); got != "0 0 5" {
			t.Errorf("lookups at %s", got)
		}
	})
}

// If a renewal finds the same credentials, they are tried again.
func TestRenewalFindsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := newCache(t, func(context.Context, int) (Found, error) { return key(1), nil })
		v := c.For(a)
		get(t, v)
		v.MarkExpired(1)
		if id, version := get(t, v); id != "key1" || version != 2 {
			t.Errorf("got %s, version %d", id, version)
		}
	})
}

// An endpoint that refuses five renewals fails without waiting, and gets a renewal a minute until it
// accepts credentials.
func TestEndpointThatRefusesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, taking(0, time.Hour))
		v := c.For(b)
		synctest.Wait()
		start := time.Now()
		for n := range uint64(maxRefusals) {
			id, version := get(t, v) // waits for the pause
			if version != n+1 {
				t.Errorf("got %s, version %d, want %d", id, version, n+1)
			}
			v.MarkExpired(version)
		}
		failing := "ERROR [Lambda] " + refusedByB + ", 5 times in a row; calls to it fail, and the gateway looks for new credentials once a minute"
		for range 59 {
			instantly(t, func() {
				if got := fails(t, v); got != refusedByB {
					t.Errorf("got %s", got)
				}
			})
			pause(time.Second)
		}
		l.expect(t, firstFound, failing)
		pause(time.Second)
		_, version := get(t, v)
		v.MarkExpired(version)
		instantly(t, func() { fails(t, v) })
		pause(time.Minute)
		if got := s.seconds(start); got != "0 0 5 10 15 75 135" {
			t.Errorf("lookups at %s", got)
		}
		// Credentials that it accepts end this.
		_, version = get(t, v)
		v.MarkValid(version)
		v.MarkValid(version)
		pause(5 * time.Second)
		v.MarkExpired(version)
		if id, _ := get(t, v); id != "key8" {
			t.Errorf("got %s", id)
		}
		l.expect(t, firstFound, failing, "INFO [Lambda] "+b+" accepts the AWS credentials from the test again")
	})
}

// Requests to a failing endpoint wait for a running renewal, but for at most a second.
func TestFailingEndpointWaitsForTheRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := newCache(t, taking(500*time.Millisecond, time.Hour))
		v := c.For(b)
		for range maxRefusals {
			_, version := get(t, v)
			v.MarkExpired(version)
		}
		pause(time.Minute)
		if id, _ := get(t, v); id != "key6" {
			t.Errorf("got %s", id)
		}
	})
}

// Marks of unknown and of old versions change nothing.
func TestMarksOfOtherVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
			time.Sleep(time.Second)
			return key(n), nil
		})
		v := c.For(a)
		for _, mark := range []func(uint64){v.MarkValid, v.MarkExpired, v.MarkInvalid} { // before the first result
			mark(0)
			mark(1)
		}
		get(t, v)
		v.MarkInvalid(1)
		pause(2 * time.Second)
		for _, mark := range []func(uint64){v.MarkValid, v.MarkExpired, v.MarkInvalid} {
			mark(0)
			mark(1)
			mark(3)
		}
		pause(time.Minute)
		if id, version := get(t, v); id != "key2" || version != 2 || s.told() != "false true" {
			t.Errorf("got %s, version %d after lookups %s", id, version, s.told())
		}
		pause(2 * time.Second) // the check of the source
	})
}

// A running renewal serves all marks, even if it finds the same credentials.
func TestExpiredDuringARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(time.Second)
			return key(1), nil
		})
		get(t, c.For(a))
		c.For(a).MarkExpired(1)
		c.For(b).MarkExpired(1)
		pause(30 * time.Second)
		get(t, c.For(a))
		if _, version := get(t, c.For(b)); version != 2 || s.told() != "false true" {
			t.Errorf("version %d after lookups %s", version, s.told())
		}
	})
}

// A lookup without renew does not satisfy a request for a renewal: the renewal follows it.
func TestExpiredDuringACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(context.Context, int) (Found, error) {
			time.Sleep(time.Second)
			return key(1), nil
		})
		v := c.For(a)
		get(t, v)
		pause(checkInterval)
		get(t, v)
		v.MarkExpired(1)
		start := time.Now()
		if _, version := get(t, v); version != 2 || time.Since(start) != 2*time.Second || s.told() != "false false true" {
			t.Errorf("version %d after %v, lookups %s", version, time.Since(start), s.told())
		}
	})
}

// After a refusal, a request waits for the renewal. An earlier failure does not count.
func TestExpiredAfterAFailedRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
			time.Sleep(time.Second)
			if n == 2 {
				return Found{}, errors.New("denied")
			}
			return session(n, time.Hour), nil
		})
		v := c.For(a)
		get(t, v)
		pause(time.Hour - refreshEarly)
		get(t, v)
		pause(10 * time.Second)
		v.MarkExpired(1)
		if id, _ := get(t, v); id != "key3" {
			t.Errorf("got %s", id)
		}
	})
}

// When the credentials expire, a failing endpoint is like the others: its request waits for new
// ones, or gets the error of the lookup.
func TestFailingEndpointAtTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{"found": {nil, "key7"}, "denied": {errors.New("denied"), `no AWS credentials in the test: 'denied'`}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
					time.Sleep(2 * time.Second)
					if n > 6 { // the sixth is the last renewal before the end
						return session(n, time.Hour), tc.err
					}
					return session(n, 10*time.Minute), nil
				})
				v := c.For(a)
				for range maxRefusals {
					_, version := get(t, v)
					v.MarkExpired(version)
				}
				pause(time.Hour)
				if tc.err != nil {
					if got := fails(t, v); got != tc.want {
						t.Errorf("got %s, want %s", got, tc.want)
					}
				} else if id, _ := get(t, v); id != tc.want {
					t.Errorf("got %s, want %s", id, tc.want)
				}
			})
		})
	}
}

// A late valid answer for credentials that were refused or replaced in the meantime does not end the
// failure.
func TestLateValid(t *testing.T) {
	for name, mark := range map[string]func(*View, uint64){"expired": (*View).MarkExpired, "invalid": (*View).MarkInvalid} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, _ := newCache(t, taking(time.Second, time.Hour))
				v := c.For(a)
				_, version := get(t, v)
				mark(v, version)
				if v.MarkValid(version); !v.troubled.Load() {
					t.Error("the refused version ended the failure")
				}
				pause(time.Second)
				if v.MarkValid(version); !v.troubled.Load() {
					t.Error("an older version ended the failure")
				}
				_, version = get(t, v)
				if v.MarkValid(version); v.troubled.Load() {
					t.Error("the new version did not end the failure")
				}
			})
		})
	}
}
