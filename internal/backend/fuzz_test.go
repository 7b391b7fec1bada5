package backend

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// FuzzParamsPayload checks that every request gives one JSON object with sorted keys and all
// parameters, and that a client's names cannot replace those of the gateway.
func FuzzParamsPayload(f *testing.F) {
	f.Add("UserId", "42", "page", "1", "2")
	f.Add("Id", "mine", "id", "theirs", "")
	f.Add("Skin", "mine", "\u017f\u212ain", "theirs", "")
	f.Add("JWT.sub", "<&>", "", "\x00", "\xff\u2028")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, param, value, name, first, second string) {
		b := &Backend{common: &common{logger: &recorder{}}}
		r := &Request{Params: map[string]string{param: value}, Query: map[string][]string{name: {first, second}, "single": {first}, "none": nil}}
		payload := b.parameters(r)

		var got map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		if !slices.Equal(payload, b.parameters(&Request{Params: maps.Clone(r.Params), Query: maps.Clone(r.Query)})) {
			t.Error("got different payloads for one request")
		}
		key := b.names.EndpointName(param)
		if want := strings.ToValidUTF8(value, "\ufffd"); utf8.ValidString(param) && utf8.ValidString(value) && got[key] != want {
			t.Errorf("%s: got %q under %q, want %q", payload, got[key], key, want)
		}
		for other := range got {
			if other != strings.ToValidUTF8(key, "\ufffd") && strings.EqualFold(other, key) && utf8.ValidString(key) {
				t.Errorf("%s: %q replaces %q", payload, other, key)
			}
		}
		vouched := b.names.VouchedNames(r.Params).Has(name)
		if utf8.ValidString(name) && utf8.ValidString(first) && utf8.ValidString(second) && utf8.ValidString(param) && name != "single" && name != "none" {
			list, _ := got[name].([]any)
			if there := len(list) == 2 && list[0] == first && list[1] == second; there == vouched {
				t.Errorf("%s: got %v under %q, want [%q %q]: %t", payload, got[name], name, first, second, !vouched)
			}
		}
		dec := json.NewDecoder(strings.NewReader(string(payload)))
		dec.Token() // the opening brace
		var keys []string
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.(string))
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				t.Fatal(err)
			}
		}
		if utf8.ValidString(param) && utf8.ValidString(name) && !slices.IsSorted(keys) {
			t.Errorf("%s: the keys are not sorted", payload)
		}
	})
}

// FuzzNesting checks that every document whose elements a decoder would nest too deep is an error.
func FuzzNesting(f *testing.F) {
	const limit = 3
	for _, seed := range []string{
		"<a><a><a><a>", "<a><b/><b/><b/></a>", "<a x='<b>'><a><a><a>", "<![CDATA[<a>]]><a><a><a>", "<!--<a>--><a><a><a><a>", "<a></a><a></a><a></a>",
		"<?xml version='1.0' encoding='latin1'?><a><a><a><\xe4>", "\xff\xfe<\x00", "&x;<a/>", "<a:b xmlns:a='c'><a:b><a:b><a:b>", "</a></a></a></a><a>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if checkNesting([]byte(document), limit) != nil {
			return
		}
		// Like mxj and gofeed: encoding/xml's decoder, and a recursion for each element.
		for _, strict := range []bool{true, false} {
			d := xml.NewDecoder(strings.NewReader(document))
			d.Strict = strict
			d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
			for depth := 0; ; {
				token, err := d.Token()
				if err != nil {
					break
				}
				switch token.(type) {
				case xml.StartElement:
					depth++
				case xml.EndElement:
					depth--
				}
				if depth > limit {
					t.Fatalf("%q: a decoder gets %d levels deep", document, depth)
				}
			}
		}
	})
}

// FuzzFunctionErrorStatus checks that clients get one short line of a function's error, without
// control characters, and only errorType and errorMessage.
func FuzzFunctionErrorStatus(f *testing.F) {
	for _, seed := range []string{
		`{"errorType":"ValidationError","errorMessage":"no \"tea\"\n\\","stackTrace":["a"]}`, `{"errorType":"T","errorMessage":{}}`, `{"errorMessage":"m"}`, `{"a":1}`, `no JSON`, ``, `null`, `{"errorType":"\u0000\u2028é"}`,
	} {
		f.Add([]byte(seed))
	}
	cfg, _, err := config.Parse(map[string]any{"function_name": "f", "function_error_status": map[string]any{"*": 422.0}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e := functionError("Unhandled", payload, cfg.ErrorStatuses)
		message := e.Error()
		if e.StatusCode() != 422 || message == "" || len(message) > 3*text.MaxDetail || !utf8.ValidString(message) {
			t.Errorf("got %d %q", e.StatusCode(), message)
		}
		if strings.ContainsFunc(message, func(r rune) bool { return r == '"' || r == '\\' || r < ' ' }) {
			t.Errorf("got %q, which a log must escape", message)
		}
		var details map[string]string
		if err := json.Unmarshal(e.Details(), &details); err != nil || len(details) != 2 || details["errorMessage"] == "" {
			t.Errorf("got the details %s, %v", e.Details(), err)
		}
	})
}
