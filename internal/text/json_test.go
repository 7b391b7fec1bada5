package text

import (
	"encoding/json"
	"testing"
)

func TestJSON(t *testing.T) {
	if got, want := string(JSON(map[string]any{"b": "<&>", "a": []string{"\u2028", "\n"}})), `{"a":["\u2028","\n"],"b":"<&>"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := JSON(make(chan int)); got != nil {
		t.Errorf("got %s of what does not encode, want nil", got)
	}
}

func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\", "<&>", "\x00\n\x7f", "é\u2028", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		p, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(p, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(AppendJSON(nil, s), &got); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	})
}
