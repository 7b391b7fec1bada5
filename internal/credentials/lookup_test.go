package credentials

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// A lookup that obeys its context ends after 30 seconds. Then another one can start.
func TestLookupThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, l := newCache(t, func(ctx context.Context, n int) (Found, error) {
			if n == 1 {
				<-ctx.Done()
				return Found{}, ctx.Err()
			}
			return key(n), nil
		})
		v := c.For(a)
		start := time.Now()
		const want = "no AWS credentials in the test: no result within 30s"
		if got := fails(t, v); got != want || time.Since(start) != lookupLimit {
			t.Errorf("got %s after %v", got, time.Since(start))
		}
		// The request's context has not ended.
		if _, _, err := v.Retrieve(t.Context()); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		pause(errorTTL)
		fails(t, v)
		synctest.Wait()
		if id, _ := get(t, v); id != "key2" || s.count() != 2 {
			t.Errorf("got %s after %d lookups", id, s.count())
		}
		l.expect(t, firstFoundAfter(want)...)
	})
}

func firstFoundAfter(failure string) []string {
	return []string{"ERROR [Lambda] " + failure + "; calls fail until you set up credentials there or correct the error (keys in the environment need a restart)", foundAgain}
}

// A lookup that ignores its context fails after 30 seconds. No other lookup starts meanwhile, no
// request waits, and the late result counts.
func TestLookupThatIgnoresItsContext(t *testing.T) {
	for name, late := range map[string]error{"finds": nil, "fails": errors.New("late")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := make(chan struct{})
				c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) {
					if n == 1 {
						<-hang
						return key(n), late
					}
					return key(n), nil
				})
				v := c.For(a)
				const want = "no AWS credentials in the test: no result within 30s"
				if got := fails(t, v); got != want {
					t.Errorf("got %s", got)
				}
				for range 5 {
					pause(time.Minute)
					instantly(t, func() { fails(t, v) })
				}
				if s.count() != 1 {
					t.Errorf("got %d lookups", s.count())
				}
				close(hang)
				synctest.Wait()
				if late != nil {
					if got := fails(t, v); got != want {
						t.Errorf("got %s", got)
					}
					pause(errorTTL)
					fails(t, v)
					synctest.Wait()
				}
				get(t, v)
				l.expect(t, firstFoundAfter(want)...)
			})
		})
	}
}

// While a refresh hangs, requests get the current credentials. A View that has refused them fails
// without waiting as soon as the refresh is overdue.
func TestRefreshThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) {
			if n > 1 {
				<-hang
			}
			return session(n, time.Hour), nil
		})
		healthy, refusing := c.For(a), c.For(b)
		_, version := get(t, healthy)
		pause(time.Hour - refreshEarly)
		instantly(t, func() { get(t, healthy) })
		pause(lookupLimit)
		l.expect(t, firstFound, "WARNING [Lambda] no new AWS credentials in the test: no result within 30s; keeping the current credentials until they expire")
		refusing.MarkInvalid(version)
		refusing.MarkExpired(version)
		for range 5 {
			instantly(t, func() {
				get(t, healthy)
				fails(t, refusing)
			})
			pause(5 * time.Second)
		}
		pause(5 * time.Second)
		instantly(t, func() { fails(t, healthy) }) // expired
		if s.count() != 2 {
			t.Errorf("got %d lookups", s.count())
		}
		close(hang)
		synctest.Wait()
		get(t, healthy)
		get(t, refusing)
	})
}

type badError struct{ text *string }

func (e *badError) Error() string { return *e.text }

// For every failure of a lookup, requests get an error with the reason, and the process goes on.
func TestLookupsThatFail(t *testing.T) {
	now := func() time.Time { return time.Unix(1_000_000, 0) }
	for name, tc := range map[string]struct {
		find Finder
		want string
	}{
		"error":      {func(context.Context, bool) (Found, error) { return key(1), errors.New("a \"b\"\nc") }, "'a 'b' c'"},
		"long error": {func(context.Context, bool) (Found, error) { return key(1), errors.New(strings.Repeat("x", 2000)) }, "'" + strings.Repeat("x", 1021) + "…'"},
		"typed nil":  {func(context.Context, bool) (Found, error) { return key(1), (*badError)(nil) }, "an error of the type *credentials.badError, whose text cannot be read"},
		"nothing":    {func(context.Context, bool) (Found, error) { return Found{}, nil }, "access key id and secret access key are empty"},
		"no secret":  {func(context.Context, bool) (Found, error) { f := key(1); f.SecretAccessKey = ""; return f, nil }, "access key id and secret access key are empty"},
		"expired":    {func(context.Context, bool) (Found, error) { f := key(1); f.Expires = now(); return f, nil }, "the credentials found there expired at 1970-01-12T13:46:40Z"},
		"expires soon": {func(context.Context, bool) (Found, error) {
			f := key(1)
			f.Expires = now().Add(minLife - 1)
			return f, nil
		}, "the credentials found there expired at 1970-01-12T13:46:40Z"},
		"panic":     {func(context.Context, bool) (Found, error) { panic("oh") }, "'panic: oh'"},
		"nil panic": {func(context.Context, bool) (Found, error) { panic(error((*badError)(nil))) }, "'panic: <nil>'"},
		"goroutine": {func(context.Context, bool) (Found, error) { runtime.Goexit(); return key(1), nil }, "'the provider of the credentials ended its goroutine'"},
		"no Finder": {nil, "'panic: runtime error: invalid memory address or nil pointer dereference'"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &recorder{}
			v := New(Options{Find: tc.find, Where: "the test", Logger: l, Now: now}).For(a)
			want := "no AWS credentials in the test: " + tc.want
			_, _, err := v.Retrieve(t.Context())
			if err == nil || err.Error() != want || errors.Unwrap(err) == nil {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// The monotonic clock in a time does not decide when credentials expire.
func TestExpiryByTheWallClock(t *testing.T) {
	f := session(1, time.Hour)
	if err := (&Cache{o: Options{Now: time.Now}}).check(&f); err != nil || strings.Contains(f.Expires.String(), "m=") {
		t.Errorf("got %v, %v", err, f.Expires)
	}
}

// A failed lookup does not replace valid credentials.
func TestFailuresKeepCurrentCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results := []func() (Found, error){
			func() (Found, error) { return session(1, 10*time.Minute), nil },
			func() (Found, error) { panic("oh") },
			func() (Found, error) { return Found{}, nil },
			func() (Found, error) { return session(9, -time.Hour), nil },
			func() (Found, error) { return session(9, time.Hour), errors.New("x") },
			func() (Found, error) { return session(2, time.Hour), nil },
		}
		c, s, l := newCache(t, func(_ context.Context, n int) (Found, error) { return results[n-1]() })
		v := c.For(a)
		get(t, v)
		pause(9 * time.Minute)
		for range 4 {
			get(t, v)
			synctest.Wait()
			if id, version := get(t, v); id != "key1" || version != 1 {
				t.Errorf("got %s, version %d after %d lookups", id, version, s.count())
			}
			pause(errorTTL)
		}
		get(t, v)
		synctest.Wait()
		if id, _ := get(t, v); id != "key2" {
			t.Errorf("got %s", id)
		}
		l.expect(t, firstFound, `WARNING [Lambda] no new AWS credentials in the test: 'panic: oh'; keeping the current credentials until they expire`, foundAgain)
	})
}

func TestDescribe(t *testing.T) {
	for name, tc := range map[string]struct {
		describe func(error) string
		want     string
	}{
		"used":   {func(err error) string { return fmt.Sprintf("code %d", len(err.Error())) }, "code 7"},
		"panics": {func(error) string { panic("oh") }, "an error of the type *errors.errorString, whose text cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			v := New(Options{
				Find:     func(context.Context, bool) (Found, error) { return Found{}, errors.New("hunter2") },
				Where:    "the test",
				Describe: tc.describe,
			}).For(a)
			if got := fails(t, v); got != "no AWS credentials in the test: "+tc.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// The error of a provider may repeat the credentials that it has found before.
func TestErrorsRepeatNoCredentialsInUse(t *testing.T) {
	current := Found{Credentials: sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret", SessionToken: "not-a-token"}, Source: "TestProvider"}
	const left = "the error repeats the credentials in use, so its text is left out"
	for repeated, want := range map[string]string{
		current.SecretAccessKey: left,
		current.SessionToken:    left,
		current.AccessKeyID:     "'cannot renew AKIDEXAMPLE'",
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _, l := newCache(t, func(_ context.Context, n int) (Found, error) {
				if n == 1 {
					return current, nil
				}
				return Found{}, errors.New("cannot renew " + repeated)
			})
			v := c.For(a)
			_, version := get(t, v)
			v.MarkExpired(version)
			if got := fails(t, v); got != "no AWS credentials in the test: "+want {
				t.Errorf("%s: got %s, want %s", repeated, got, want)
			}
			synctest.Wait()
			l.expect(t, firstFound, "WARNING [Lambda] no new AWS credentials in the test: "+want+"; keeping the current credentials")
		})
	}
}

// Texts from providers and from the configuration are safe in the log.
func TestTextsOfOthers(t *testing.T) {
	l := &recorder{}
	c := New(Options{Where: "the test", Logger: l, Find: func(context.Context, bool) (Found, error) {
		f := key(1)
		f.Source = "a\nb"
		return f, nil
	}})
	get(t, c.For(a))
	for endpoint, want := range map[string]string{
		"https://user:hunter2@a.example.com/x?token=hunter2": "https://a.example.com/x",
		"http://127.0.0.1:%zz":                               "an endpoint that is not a URL",
		"":                                                   "",
	} {
		if got := safeEndpoint(endpoint); got != want {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if got, want := c.using("AWS credentials"), `using AWS credentials from a b (searched: the test)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.current.Source = ""
	if got, want := c.using("AWS credentials"), `using AWS credentials from the test`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLeastLife(t *testing.T) {
	now := time.Now()
	c := &Cache{o: Options{Now: func() time.Time { return now.Round(0) }}}
	for life, good := range map[time.Duration]bool{minLife: true, minLife - 1: false} {
		f := key(1)
		f.Expires = now.Add(life)
		if err := c.check(&f); (err == nil) != good {
			t.Errorf("%v: got %v", life, err)
		}
	}
}

// A request takes no lock while nothing is due: the gateway's requests share one Cache. That also
// holds after a failed renewal, which another endpoint has asked for.
func TestRetrieveTakesNoLock(t *testing.T) {
	for name, tc := range map[string]struct {
		found Found
		fails bool
	}{
		"session":                         {session(1, time.Hour), false},
		"key":                             {key(1), false},
		"session, after a failed renewal": {session(1, time.Hour), true},
	} {
		t.Run(name, func(t *testing.T) {
			results := make(chan error, 2)
			c := New(Options{OnResult: func(err error) { results <- err }, Find: func(_ context.Context, renew bool) (Found, error) {
				if renew {
					return Found{}, errors.New("no answer")
				}
				return tc.found, nil
			}})
			if err := <-results; err != nil {
				t.Fatal(err)
			}
			if tc.fails {
				c.For(b).MarkInvalid(1)
				if err := <-results; err == nil {
					t.Error("the renewal succeeded, want an error")
				}
			}
			v := c.For(a)
			c.mu.Lock()
			defer c.mu.Unlock()
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _, _ = v.Retrieve(t.Context())
			}()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Error("Retrieve waits for the lock")
			}
		})
	}
}

// If a renewal fails that one endpoint has asked for, requests to other endpoints soon start the next
// lookup.
func TestFailedRenewalOfAnotherEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := newCache(t, func(_ context.Context, n int) (Found, error) {
			if n == 2 {
				return Found{}, errors.New("no answer")
			}
			return key(1), nil
		})
		_, version := get(t, c.For(a))
		pause(keyPause)
		c.For(a).MarkInvalid(version)
		synctest.Wait()
		pause(errorTTL - 1)
		get(t, c.For(b))
		if synctest.Wait(); s.count() != 2 {
			t.Errorf("got %d lookups before the pause is over, want 2", s.count())
		}
		pause(1)
		get(t, c.For(b))
		if synctest.Wait(); s.count() != 3 {
			t.Errorf("got %d lookups after the pause, want 3", s.count())
		}
	})
}
