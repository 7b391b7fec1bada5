package credentials

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzCache runs the events that the bytes name on a Cache, and checks what holds in every order.
func FuzzCache(f *testing.F) {
	for _, steps := range []string{"0a", "0ABabaAaB", "\x02\x12\x22\x05\x15", "abc\x80\x90\xa0def\x81\x91ghi\x82jkl\x83mno\x84pqr\x85stu\x86\x87", "\x83\x00\x20\xc3\x00\x20\x40\x84\x00", "\x85\x00\xf5\x00\xe0\x00\xd0\x00"} {
		f.Add([]byte(steps))
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 200 {
			return
		}
		synctest.Test(t, func(t *testing.T) { play(t, steps) })
	})
}

// world makes the results of lookups, as its mode says.
type world struct {
	mu      sync.Mutex
	mode    byte
	expires map[string]time.Time // of found credentials, by access key
}

func (w *world) find(ctx context.Context, n int) (Found, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := session(n, time.Hour)
	switch w.mode % 8 {
	case 0:
	case 1:
		found = key(n)
	case 2:
		found = key(1)
	case 3:
		return Found{}, errors.New("none")
	case 4:
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		return Found{}, ctx.Err()
	case 5:
		w.mu.Unlock()
		time.Sleep(700 * time.Millisecond)
		w.mu.Lock()
		found = session(n, 20*time.Second)
	case 6:
		panic("oh")
	case 7:
		found = session(n, minLife+1)
	}
	w.expires[found.AccessKeyID] = found.Expires
	return found, nil
}

func play(t *testing.T, steps []byte) {
	w := &world{expires: map[string]time.Time{}}
	if len(steps) > 0 {
		w.mode = steps[0] >> 5
	}
	c, s, _ := newCache(t, w.find)
	endpoints := []string{a, b, "https://healthy.example.com"}
	var versions, refused [3]uint64 // by endpoint: the last version, and the last one marked expired
	for _, step := range steps {
		i, argument := int(step>>3)%len(endpoints), step>>5
		v := c.For(endpoints[i])
		switch step % 8 {
		case 0, 1, 2:
			c.mu.Lock()
			usable, start := c.usable(), time.Now()
			c.mu.Unlock()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			got, version, err := v.Retrieve(ctx)
			cancel()
			took := time.Since(start)
			w.mu.Lock()
			expires := w.expires[got.AccessKeyID]
			w.mu.Unlock()
			switch {
			case took > 2*time.Second:
				t.Fatalf("Retrieve took %v", took)
			case refused[i] == 0 && usable && (err != nil || took != 0):
				t.Fatalf("%s: %v after %v, though there are credentials", endpoints[i], err, took)
			case err != nil:
				continue
			case version < versions[i] || version <= refused[i]:
				t.Fatalf("version %d after %d; %d is refused", version, versions[i], refused[i])
			case !expires.IsZero() && !time.Now().Before(expires):
				t.Fatal("got expired credentials")
			}
			versions[i] = version
		case 3:
			v.MarkValid(versions[i])
		case 4:
			v.MarkInvalid(versions[i])
		case 5:
			if i < 2 && versions[i] > 0 {
				v.MarkExpired(versions[i])
				refused[i] = versions[i]
			}
		case 6:
			pause([]time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 58 * time.Minute, 25 * time.Hour}[argument])
		case 7:
			w.mu.Lock()
			w.mode = argument
			w.mu.Unlock()
		}
	}
	pause(2 * time.Minute) // for running and scheduled lookups
	s.mu.Lock()
	defer s.mu.Unlock()
	var last time.Time
	for n, at := range s.started {
		if !s.renews[n] {
			continue
		}
		if at.Sub(last) < time.Second {
			t.Fatalf("got a renewal %v after the last one", at.Sub(last))
		}
		last = at
	}
}
