package credentials

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestEnvironment(t *testing.T) {
	variables := []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"}
	for _, tc := range []struct {
		set  []string
		want string
	}{
		{nil, "the environment"},
		{[]string{"AWS_ACCESS_KEY_ID"}, "the environment (without AWS_SECRET_ACCESS_KEY)"},
		{[]string{"AWS_SECRET_ACCESS_KEY"}, "the environment (without AWS_ACCESS_KEY_ID)"},
		{[]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, "the environment"},
		{[]string{"AWS_ACCESS_KEY", "AWS_SECRET_KEY"}, "the environment"},
		{[]string{"AWS_ACCESS_KEY"}, "the environment (without AWS_SECRET_ACCESS_KEY)"},
	} {
		for _, v := range variables {
			t.Setenv(v, "")
		}
		for _, v := range tc.set {
			t.Setenv(v, "not-a-secret")
		}
		if got, half := Environment(); got != tc.want || half != (got != "the environment") {
			t.Errorf("%v: got %s and %t, want %s", tc.set, got, half, tc.want)
		}
	}
}

// Half of a key is a warning even if another place has credentials: the gateway may then make its calls
// in another account.
func TestHalfKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lookups := &recorder{}, 0
		c := New(Options{
			Find: func(context.Context, bool) (Found, error) {
				if lookups++; lookups == 1 {
					return Found{}, errors.New("no answer")
				}
				return key(1), nil
			},
			Where: "the environment (without AWS_SECRET_ACCESS_KEY), and a file", HalfKey: true, Logger: l,
		})
		fails(t, c.For(a))
		pause(errorTTL)
		fails(t, c.For(a))
		pause(time.Second)
		l.mu.Lock()
		l.lines = l.lines[1:] // the error
		l.mu.Unlock()
		get(t, c.For(a))
		l.expect(t, "WARNING [Lambda] using AWS credentials from TestProvider (searched: the environment (without AWS_SECRET_ACCESS_KEY), and a file); the gateway ignores the half of a key in the environment")
	})
}
