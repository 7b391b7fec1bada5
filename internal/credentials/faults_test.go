package credentials

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The operator replaces a key in the shared files, and AWS refuses the old one. Calls use the new key
// within two seconds, for any rate of requests and any time of the last lookup.
func TestRotatedKey(t *testing.T) {
	for _, interval := range []time.Duration{7 * time.Second, 20 * time.Millisecond} {
		for _, rotateAt := range []time.Duration{0, checkInterval, checkInterval + 20*time.Millisecond, 100 * time.Second} {
			t.Run(fmt.Sprintf("every %v, after %v", interval, rotateAt), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { rotate(t, interval, rotateAt) })
			})
		}
	}
}

func rotate(t *testing.T, interval, rotateAt time.Duration) {
	const reading, calling = 50 * time.Millisecond, 30 * time.Millisecond
	var inFile atomic.Int64
	inFile.Store(1)
	last := key(1) // in the SDK's cache
	s := &source{t: t}
	c := New(Options{Where: "the test", Find: func(ctx context.Context, renew bool) (Found, error) {
		s.find = func(context.Context, int) (Found, error) {
			time.Sleep(reading)
			if renew {
				last = key(int(inFile.Load()))
			}
			return last, nil
		}
		return s.Find(ctx, renew)
	}})
	v := c.For(a)
	get(t, v)
	start := time.Now()
	var mu sync.Mutex
	var refused, accepted time.Time // the first call
	failures := 0
	call := func() {
		id, version := get(t, v)
		time.Sleep(calling)
		mu.Lock()
		defer mu.Unlock()
		valid := id == fmt.Sprint("key", inFile.Load())
		switch {
		case !valid:
			failures++
			v.MarkInvalid(version)
			if refused.IsZero() {
				refused = time.Now()
			}
		case inFile.Load() == 2 && accepted.IsZero():
			accepted = time.Now()
			fallthrough
		default:
			v.MarkValid(version)
		}
	}
	go func() {
		time.Sleep(rotateAt)
		inFile.Store(2)
	}()
	var calls sync.WaitGroup
	for time.Since(start) < 4*time.Minute {
		calls.Go(call)
		time.Sleep(interval)
	}
	calls.Wait()
	mu.Lock()
	defer mu.Unlock()
	// A lookup may be running. At one request every seven seconds, the request after the refused one has the new key.
	if limit := max(2*time.Second, interval+calling); refused.IsZero() || accepted.Sub(refused) > limit {
		t.Errorf("first refused after %v, accepted %v later", refused.Sub(start), accepted.Sub(refused))
	}
	if limit := 1 + int((2*reading+2*calling)/interval); failures > limit {
		t.Errorf("%d requests failed, want at most %d", failures, limit)
	}
	if n := strings.Count(s.told(), "true"); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

// caller calls a function as invoke does: it repeats a refused call once with new credentials. It
// returns the number of calls.
func caller(v *View, accepts func(id string) bool) (calls int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for calls < 2 {
		credentials, version, err := v.Retrieve(ctx)
		if err != nil {
			return calls, err
		}
		calls++
		if accepts(credentials.AccessKeyID) {
			v.MarkValid(version)
			return calls, nil
		}
		v.MarkExpired(version)
	}
	return calls, nil
}

// An endpoint that answers all calls with ExpiredToken, at 70 requests a second, causes few renewals
// and does not disturb others, whether renewals find new credentials or the same.
func TestEndpointThatAnswersExpiredToken(t *testing.T) {
	for name, find := range map[string]func(context.Context, int) (Found, error){
		"a role":      taking(200*time.Millisecond, time.Hour),
		"short lives": taking(200*time.Millisecond, 15*time.Second),
		"keys": func(context.Context, int) (Found, error) {
			time.Sleep(200 * time.Millisecond)
			return key(1), nil
		},
		"a role that ends": func(_ context.Context, n int) (Found, error) {
			time.Sleep(200 * time.Millisecond)
			if n > 2 {
				return Found{}, fmt.Errorf("AccessDenied")
			}
			return session(n, time.Hour), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, l := newCache(t, find)
				healthy, refusing := c.For(a), c.For(b)
				get(t, healthy)
				const rate = 35
				var wg sync.WaitGroup
				for range rate * 60 {
					wg.Go(func() {
						caller(refusing, func(string) bool { return false })
					})
					wg.Go(func() {
						instantly(t, func() {
							if _, err := caller(healthy, func(string) bool { return true }); err != nil {
								t.Error(err)
							}
						})
					})
					time.Sleep(time.Second / rate)
				}
				wg.Wait()
				if n := strings.Count(s.told(), "true"); n > 12 || n < 3 {
					t.Errorf("%d renewals in a minute", n)
				}
				if len(l.lines) != 2 { // the found credentials, and the failure of the endpoint
					t.Errorf("got log %q", l.lines)
				}
			})
		})
	}
}

// Next to such an endpoint, another one with a revoked session gets new credentials in time.
func TestRevokedSessionBesideARefusingEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, taking(200*time.Millisecond, time.Hour))
		healthy, refusing := c.For(a), c.For(b)
		get(t, healthy)
		revoked := "none"
		var wg sync.WaitGroup
		for i := range 120 * 10 {
			wg.Go(func() { caller(refusing, func(string) bool { return false }) })
			if i == 90*10 { // the pauses of the refusing endpoint are long now
				revoked, _ = get(t, healthy)
			}
			calls, err := caller(healthy, func(id string) bool { return id != revoked })
			if want := 1; err != nil || i == 90*10 && calls != 2 || i != 90*10 && calls != want {
				t.Errorf("request %d: %d calls, %v", i, calls, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		if n := strings.Count(s.told(), "true"); n > 12 {
			t.Errorf("%d renewals", n)
		}
	})
}

// Many endpoints that refuse all credentials cause no more renewals than a few.
func TestManyEndpointsThatRefuseAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, taking(200*time.Millisecond, time.Hour))
		var wg sync.WaitGroup
		for range 10 * 300 {
			v := c.For(fmt.Sprint("https://", rand.IntN(50), ".example.com"))
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				_, version, err := v.Retrieve(ctx)
				switch {
				case err != nil:
				case rand.IntN(2) == 0:
					v.MarkExpired(version)
				default:
					v.MarkInvalid(version)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		if n := strings.Count(s.told(), "true"); n > 5*12+1 {
			t.Errorf("%d renewals in 5 minutes", n)
		}
	})
}

// Many goroutines use one Cache while lookups succeed, fail and panic. This is for the race detector.
func TestConcurrentUse(t *testing.T) {
	c, _, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
		switch n % 4 {
		case 2:
			return Found{}, fmt.Errorf("none")
		case 3:
			panic("oh")
		}
		return session(n, minLife+time.Millisecond), nil
	})
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for n := range 300 {
				v := c.For(fmt.Sprint("https://", (i+n)%5, ".example.com"))
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				_, version, _ := v.Retrieve(ctx)
				cancel()
				switch (i * n) % 11 {
				case 0:
					v.MarkExpired(version)
				case 1:
					v.MarkInvalid(version)
				default:
					v.MarkValid(version)
				}
			}
		})
	}
	wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
}

func BenchmarkRetrieve(b *testing.B) {
	for name, found := range map[string]Found{"session": session(1, time.Hour), "key": key(1)} {
		b.Run(name, func(b *testing.B) {
			c, _, _ := newCache(b, func(context.Context, int) (Found, error) { return found, nil })
			v := c.For(a)
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					_, version, _ := v.Retrieve(b.Context())
					v.MarkValid(version)
				}
			})
		})
	}
}
