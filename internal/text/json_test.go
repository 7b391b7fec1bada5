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

func TestJSONKinds(t *testing.T) {
	type list = []any
	type object = map[string]any
	for _, test := range []struct {
		json     string
		into     any
		is, want string
	}{
		{`[1]`, new(object), "a list", "an object"},
		{`"a"`, new(object), "a string", "an object"},
		{`404`, new(object), "a number", "an object"},
		{`true`, new(object), "a boolean", "an object"},
		{`{}`, new(list), "an object", "a list"},
		{`{}`, new(string), "", ""},
		{`{"a":1}`, &struct{ A string }{}, "", ""}, // the object is what it should be
		{`{`, new(object), "", ""},
		{`{}`, new(object), "", ""},
	} {
		if is, want := JSONKinds(json.Unmarshal([]byte(test.json), test.into)); is != test.is || want != test.want {
			t.Errorf("%s into %T: got %q, %q; want %q, %q", test.json, test.into, is, want, test.is, test.want)
		}
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
