package config

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse checks that every value gives a usable configuration or an error, and that a usable one
// stays the same when it is written out and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"function_name":"lambda-function","region":"us-west1","max_retries":1}`,
		`{"function_param_name":"Lambda","function_name_case":"verbatim","endpoint":"http://127.0.0.1:4566"}`,
		`{"function_name":"arn:aws:lambda:eu-west-1:123456789012:function:f:live","region":"eu-west-1"}`,
		`{"function_name":"f","@comment":{},"retries":1e999}`,
		`{"function_name":"f","function_param_name":"Lambda","stream":true}`,
		`{"function_name":"f","qualifier":"live","payload_format":"2.0","stream":true,"log_tail":true,"client_context":true}`,
		`{"function_param_name":"f","qualifier":"7","payload_format":"1.0","response_format":"plain","invocation_type":"Event"}`,
		`{"function_name":"f","function_error_status":{"ValidationError":422,"*NotFound":404,"*":500,"_":"x"}}`,
		`{"function_name":"f","function_error_status":{"a*b":400,"*":599}}`,
		`{"function_name":"f:7","tenant_id":"{JWT.tenant}","durable_execution_name":"{JWT.sub}:{input_headers.Idempotency-Key}"}`,
		`{"function_name":"f:$LATEST.PUBLISHED","tenant_id":"a b","durable_execution_name":"{id}","invocation_type":"DryRun"}`,
		`null`, `[]`, `""`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		var settings any
		if err := json.Unmarshal([]byte(document), &settings); err != nil {
			t.Skip("not JSON: KrakenD's parser refuses it first")
		}
		cfg, warnings, err := Parse(settings, nil)
		for _, w := range warnings {
			if strings.ContainsAny(w, "\n\r\x1b") {
				t.Errorf("got a warning of more than one line: %q", w)
			}
		}
		if err != nil {
			if err.Error() == "" || !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("got %+v and the error %q", cfg, err)
			}
			return
		}
		if (cfg.Function.Name == "") == (cfg.ParamName == "") {
			t.Errorf("got %+v, want either Function or ParamName", cfg)
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
		for key, template := range map[string]*Template{"tenant_id": cfg.TenantID, "durable_execution_name": cfg.DurableExecutionName} {
			if template != nil {
				again[key] = template.String()
			}
		}
		again["payload_format"] = cfg.PayloadFormat.String()
		if cfg.Event != nil {
			again["event"] = eventSettings(*cfg.Event)
		}
		again["response_format"] = map[bool]string{true: "proxy", false: "plain"}[cfg.Proxy]
		if s := cfg.ErrorStatuses; s != nil {
			statuses := make(map[string]any)
			for errorType, status := range s.types {
				statuses[errorType] = status
			}
			for _, e := range s.globs {
				statuses[e.pattern] = e.status
			}
			for pattern, status := range statuses {
				if n := status.(int); pattern == "" || n < 400 || n > 599 {
					t.Errorf("got the status %d for %q", n, pattern)
				}
			}
			again["function_error_status"] = statuses
		}
		again["stream"], again["client_context"], again["log_tail"] = cfg.Stream, cfg.ClientContext, cfg.LogTail
		got, _, err := Parse(again, nil)
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

// FuzzFunctionName checks that a name from a request is in AWS's grammar, and that only its first
// letter changes.
func FuzzFunctionName(f *testing.F) {
	for _, seed := range []string{
		"my-lambda", "my-lambda:3", "f:$LATEST", "f:$LATEST.PUBLISHED", "f:a.b", "", ":", "..", "a/b", "f\x00", "é",
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
		got, err := cfg.FunctionOf(map[string]string{"Lambda": name})
		if err != nil {
			if got != (Function{}) || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("%q: got %+v and %q", name, got, err)
			}
			return
		}
		for _, r := range got.Name {
			if !within(string(r), "") {
				t.Errorf("%q: the name %q has %q", name, got.Name, r)
			}
		}
		if q := got.Qualifier; q != "$LATEST" && q != "$LATEST.PUBLISHED" {
			for _, r := range q {
				if !within(string(r), "") {
					t.Errorf("%q: the qualifier %q has %q", name, q, r)
				}
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

// FuzzAllowedFunctions compares allowed_functions with a second implementation of patterns, and
// checks that no pattern admits an ARN of another kind or region.
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
			t.Skip("not a pattern: such a configuration is refused, so no request is compared with it")
		}
		cfg := Config{ParamName: "Lambda", Verbatim: verbatim, Allowed: newAllowlist([]pattern{p}), Region: "us-west-2"}
		got, refusal := cfg.FunctionOf(map[string]string{"Lambda": name})
		if refusal != nil {
			if got != (Function{}) {
				t.Errorf("%q: got %+v and %v", name, got, refusal)
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
			t.Errorf("%q has another region", got.Name)
		}
		if spelled := got.String(); spelled != name && (verbatim || spelled != upperFirst(name)) {
			t.Errorf("%q became %q", name, spelled)
		}
	})
}

// eventSettings returns the settings of an Event.
func eventSettings(e Event) map[string]any {
	m := make(map[string]any)
	set := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	set("account_id", e.AccountID)
	set("api_id", e.APIID)
	set("stage", e.Stage)
	set("forwarded_proto", e.ForwardedProto)
	set("target_group_arn", e.TargetGroupARN)
	if e.ForwardedPort != "" {
		m["forwarded_port"] = json.Number(e.ForwardedPort)
	}
	if e.StageVariables != nil {
		variables := make(map[string]any)
		for name, value := range e.StageVariables {
			variables[name] = value
		}
		m["stage_variables"] = variables
	}
	if e.BinaryMediaTypes != nil {
		types := make([]any, len(e.BinaryMediaTypes))
		for i, t := range e.BinaryMediaTypes {
			types[i] = t
		}
		m["binary_media_types"] = types
	}
	m["multi_value_headers"], m["cookie_header"] = e.MultiValueHeaders, e.CookieHeader
	return m
}

// FuzzTemplate checks that a parsed template has the text that it was made of, and that each value
// takes the place of its placeholder.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"", "a", "{id}", "{JWT.sub}:{input_headers.Idempotency-Key}", "a{b}c{input_query_strings.d e}f", "{", "}", "{}", "{{.Id}}", "{a{b}}", "{input_headers.}", "{\x00}", "{resp0_id}"} {
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, s, value string) {
		tpl, err := ParseTemplate(s)
		if err != nil {
			if err.Error() == "" || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("%q: got the error %q", s, err)
			}
			return
		}
		if got := tpl.String(); !strings.EqualFold(got, s) {
			t.Errorf("%q: got the text %q", s, got)
		}
		again, err := ParseTemplate(tpl.String())
		if err != nil || !reflect.DeepEqual(again, tpl) {
			t.Errorf("%q: read again, got %+v, %v; want %+v", s, again, err, tpl)
		}
		r := RequestValues{Params: map[string]string{}, Headers: map[string][]string{}, Query: map[string][]string{}}
		for _, v := range tpl.values {
			switch v.source {
			case fromParam:
				r.Params[v.name] = value
			case fromHeader:
				r.Headers[v.name] = []string{value}
			case fromQuery:
				r.Query[v.name] = []string{value}
			}
		}
		got, ok := tpl.Expand(r)
		if want := len(tpl.values) == 0 || value != ""; ok != want {
			t.Fatalf("%q: got %t, want %t", s, ok, want)
		}
		if want := strings.Join(tpl.literals, value); ok && got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	})
}

// FuzzRequestTemplates checks that tenants and names of executions are in AWS's grammar, for any
// values of a request.
func FuzzRequestTemplates(f *testing.F) {
	for _, seed := range []string{"blue", "", " blue", "blue ", "a\r\nb", "ü", "\x00", strings.Repeat("t", 257), "a,b"} {
		f.Add(seed)
	}
	cfg, _, err := Parse(map[string]any{"function_name": "f", "tenant_id": "{id}", "durable_execution_name": "{id}"}, nil)
	if err != nil {
		f.Fatal(err)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	within := func(s, characters string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(characters, r) })
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := RequestValues{Params: map[string]string{"Id": value}}
		tenant, err := cfg.TenantOf(r)
		valid := len(value) >= 1 && len(value) <= 256 && within(value, letters+".:/=+@ ") && strings.Trim(value, " ") == value
		if valid != (err == nil) || valid && tenant != value || !valid && tenant != "" {
			t.Errorf("%q: got the tenant %q, %v", value, tenant, err)
		}
		name := cfg.ExecutionName(r)
		if len(name) > 64 || !within(name, letters) || (name == "") != (value == "") {
			t.Errorf("%q: got the name %q", value, name)
		}
	})
}
