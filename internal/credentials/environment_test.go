package credentials

import "testing"

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
		if got := Environment(); got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.set, got, tc.want)
		}
	}
}
