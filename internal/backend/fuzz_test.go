package backend

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseConfig checks that whatever stands under the namespace gives a usable
// configuration or an error, and that a usable one stays so when it is read again.
func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		`{"function_name":"lambda-function","region":"us-west1","max_retries":1}`,
		`{"function_param_name":"Lambda","function_name_case":"verbatim","endpoint":"http://127.0.0.1:4566"}`,
		`{"function_name":"arn:aws:lambda:eu-west-1:123456789012:function:f:live","region":"eu-west-1"}`,
		`{"function_name":"f","@comment":{},"retries":1e999}`,
		`{"function_name":"f","function_param_name":"Lambda","stream":true}`,
		`{"function_name":"f","qualifier":"live","payload_format":"2.0","stream":true,"log_tail":true,"client_context":true}`,
		`{"function_param_name":"f","qualifier":"7","payload_format":"1.0","response_format":"plain","invocation_type":"Event"}`,
		`null`, `[]`, `""`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		var settings any
		if err := json.Unmarshal([]byte(document), &settings); err != nil {
			t.Skip("no JSON: a parser of KrakenD has refused it before")
		}
		cfg, warnings, err := ParseConfig(settings)
		for _, w := range warnings {
			if strings.ContainsAny(w, "\n\r\x1b") {
				t.Errorf("a warning of more than one line: %q", w)
			}
		}
		if err != nil {
			if err.Error() == "" || !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("got %+v and the error %q", cfg, err)
			}
			return
		}
		if (cfg.Function.Name == "") == (cfg.ParamName == "") {
			t.Errorf("got %+v: neither or both name the function", cfg)
		}
		if cfg.MaxRetries < -1 {
			t.Errorf("got %d retries", cfg.MaxRetries)
		}
		again := map[string]any{"max_retries": json.Number(strings.TrimSpace(string(mustJSON(t, cfg.MaxRetries))))}
		if cfg.ParamName != "" {
			again["function_param_name"] = cfg.ParamName
			again["function_name_case"] = map[bool]string{true: verbatim, false: capitalized}[cfg.Verbatim]
		} else {
			again["function_name"] = cfg.Function.String()
		}
		if cfg.Region != "" {
			again["region"] = cfg.Region
		}
		if cfg.Endpoint != "" {
			again["endpoint"] = cfg.Endpoint
		}
		if cfg.Qualifier != "" {
			again["qualifier"] = cfg.Qualifier
		}
		if cfg.InvocationType != "" {
			again["invocation_type"] = cfg.InvocationType
		}
		again["payload_format"] = map[PayloadFormat]string{Simple: "simple", Version1: "1.0", Version2: "2.0"}[cfg.PayloadFormat]
		again["response_format"] = map[bool]string{true: "proxy", false: "plain"}[cfg.Proxy]
		again["stream"], again["client_context"], again["log_tail"] = cfg.Stream, cfg.ClientContext, cfg.LogTail
		got, _, err := ParseConfig(again)
		if cfg.ParamName == "" {
			cfg.Verbatim = false // has no effect
		}
		if err != nil || !reflect.DeepEqual(got, cfg) {
			t.Errorf("read again: got %+v, %v; want %+v", got, err, cfg)
		}
	})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	p, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzFunctionName checks that no name out of a request leaves AWS's grammar, and
// that nothing but the first letter is changed.
func FuzzFunctionName(f *testing.F) {
	for _, seed := range []string{
		"my-lambda", "my-lambda:3", "f:$LATEST", "", ":", "..", "a/b", "f\x00", "é",
		"123456789012:f", "123456789012:function:f", "arn:aws:lambda:us-west-2:123456789012:function:f",
		strings.Repeat("f", 65),
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	within := func(s, others string) bool {
		return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"+others) == "" && !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
	}
	f.Fuzz(func(t *testing.T, name string, verbatim bool) {
		cfg := Config{ParamName: "Lambda", Verbatim: verbatim}
		got, err := cfg.function(map[string]string{"Lambda": name})
		if err != nil {
			if err.StatusCode() != http.StatusNotFound || got != (Function{}) || strings.ContainsAny(err.detail, "\n\r\x1b") {
				t.Errorf("%q: got %+v and %d %q", name, got, err.StatusCode(), err.detail)
			}
			return
		}
		for _, r := range got.Name {
			if !within(string(r), "") {
				t.Errorf("%q: the name %q has %q", name, got.Name, r)
			}
		}
		for _, r := range got.Qualifier {
			if !within(string(r), "$") {
				t.Errorf("%q: the qualifier %q has %q", name, got.Qualifier, r)
			}
		}
		if len(got.Name) < 1 || len(got.Name) > 64 || len(got.Qualifier) > 128 {
			t.Errorf("%q: got %+v, which is too long or too short", name, got)
		}
		want := name
		if !verbatim {
			want = upperFirst(name)
		}
		if got.String() != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	})
}

// FuzzParamsPayload checks that every request gives one JSON object, whose keys
// are sorted and which says what the parameters say.
func FuzzParamsPayload(f *testing.F) {
	f.Add("UserId", "42", "page", "1", "2")
	f.Add("Id", "mine", "id", "theirs", "")
	f.Add("JWT.sub", "<&>", "", "\x00", "\xff\u2028")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, param, value, name, first, second string) {
		params := map[string]string{param: value}
		key := placeholderNames(nil).original(param)
		query := map[string][]string{name: {first, second}, "single": {first}, "none": nil}
		payload := placeholderNames(nil).payload(params, query)

		var got map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		if !slices.Equal(payload, placeholderNames(nil).payload(maps.Clone(params), maps.Clone(query))) {
			t.Error("the same request gives another payload")
		}
		if want := strings.ToValidUTF8(value, "\ufffd"); utf8.ValidString(param) && utf8.ValidString(value) && got[key] != want {
			t.Errorf("%s: got %q under %q, want %q", payload, got[key], key, want)
		}
		if utf8.ValidString(name) && utf8.ValidString(first) && utf8.ValidString(second) && utf8.ValidString(param) && name != key && name != "single" && name != "none" {
			list, _ := got[name].([]any)
			if len(list) != 2 || list[0] != first || list[1] != second {
				t.Errorf("%s: got %v under %q, want [%q %q]", payload, got[name], name, first, second)
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

// FuzzAllowedFunctions holds what a request may name against a second opinion on the
// pattern, and against what it must never be.
func FuzzAllowedFunctions(f *testing.F) {
	for _, seed := range [][2]string{
		{"Order-*", "order-new"}, {"Order-*", "order-new:live"}, {"*", "x"}, {"*a*b*", "aab-b"}, {"*", ownARN}, {"*:function:*", "123456789012:function:f"},
		{"arn:aws:lambda:*:123456789012:function:*", ownARN + ":7"}, {"arn:*:lambda:*:*:function:*", otherARN}, {"arn:aws:lambda:us-west-2:*:function:*", remoteARN}, {"f", "F"},
	} {
		f.Add(seed[0], seed[1], true)
		f.Add(seed[0], seed[1], false)
	}
	f.Fuzz(func(t *testing.T, admitted, name string, verbatim bool) {
		p, err := parsePattern(admitted)
		if err != nil {
			t.Skip("no pattern: a configuration that has it is refused, and no request gets to it")
		}
		cfg := Config{ParamName: "Lambda", Verbatim: verbatim, Allowed: []pattern{p}, Region: "us-west-2"}
		got, refusal := cfg.function(map[string]string{"Lambda": name})
		if refusal != nil {
			if refusal.StatusCode() != http.StatusNotFound || got != (Function{}) {
				t.Errorf("%q: got %+v and %d", name, got, refusal.StatusCode())
			}
			return
		}
		if !regexp.MustCompile(`^` + strings.ReplaceAll(regexp.QuoteMeta(admitted), `\*`, `[^:]*`) + `$`).MatchString(got.Name) {
			t.Errorf("%q admits %q", admitted, got.Name)
		}
		if strings.Count(got.Name, ":") != strings.Count(admitted, ":") {
			t.Errorf("%q admits %q, which is of another kind", admitted, got.Name)
		}
		if strings.HasPrefix(got.Name, "arn:") && !strings.Contains(got.Name, ":us-west-2:") {
			t.Errorf("%q is of another region", got.Name)
		}
		if spelled := got.String(); spelled != name && (verbatim || spelled != upperFirst(name)) {
			t.Errorf("%q goes out as %q", name, spelled)
		}
	})
}

// FuzzNesting checks that a document which a decoder could follow too deep is an error,
// whatever it looks like.
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
		// What mxj and gofeed do: encoding/xml's decoder, and a level of recursion for each
		// element.
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
