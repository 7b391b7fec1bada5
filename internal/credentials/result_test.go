package credentials

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// OnResult is called once for each lookup. For a lookup that takes too long, it is called when the
// time is over, and again if the lookup finds credentials later.
func TestOnResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var results []string
		s := &source{t: t, find: func(_ context.Context, n int) (Found, error) {
			switch n {
			case 2:
				return Found{}, errors.New("oh")
			case 3, 4:
				time.Sleep(2 * lookupLimit)
				if n == 3 {
					return Found{}, errors.New("late")
				}
			}
			return session(n, 2*time.Minute), nil
		}}
		c := New(Options{Find: s.Find, Where: "the test", OnResult: func(err error) {
			result := "found"
			if err != nil {
				result = err.Error()[strings.LastIndex(err.Error(), ": ")+2:]
			}
			results = append(results, result)
		}})
		v := c.For(a)
		for range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			v.Retrieve(ctx)
			cancel()
			pause(5 * time.Second)
		}
		const want = `found; 'oh'; no result within 30s; no result within 30s; found`
		if got := strings.Join(results, "; "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
