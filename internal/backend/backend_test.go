package backend

import (
	"errors"
	"log"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
)

func TestSpecString(t *testing.T) {
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{}, "this GET backend"},
		{Spec{Method: "put", Settings: ns(42)}, "this PUT backend"},
		{Spec{Settings: ns(map[string]any{"function_name": "a\nb"})}, "this GET backend (function_name 'a b')"},
		{Spec{Settings: ns(map[string]any{"function_name": 1, "function_param_name": "Lambda"})}, "this GET backend (function_param_name 'Lambda')"},
		{Spec{Settings: ns(map[string]any{"function_name": "", "function_param_name": "Lambda"})}, "this GET backend (function_param_name 'Lambda')"},
		{Spec{EndpointMethod: "GET", Endpoint: "/x/:y", Settings: ns(map[string]any{"function_name": "f"})}, "GET /x/:y"},
	} {
		if got := tc.spec.String(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

func TestBadConfigurationFailsClosed(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, noInvoker{}).New(Spec{
		URLPattern: "/orders", Method: "POST", ConcurrentCalls: 3, SharedBody: true,
		Settings: ns(map[string]any{"max_retries": "many", "max_retry": 1.0}),
	})
	want := []string{
		`WARNING [BACKEND: /orders][Lambda] unknown key 'max_retry' is ignored; did you mean 'max_retries'?`,
		`ERROR [BACKEND: /orders][Lambda] bad configuration: max_retries: must be an integer, is the string 'many'; ` +
			`function_name, function_param_name: set one of them; ` +
			`concurrent_calls: must be 1 for POST, is 3, because all calls would read the same body; each request to this POST backend gets a 500`,
	}
	if !slices.Equal(l.lines, want) {
		t.Errorf("got log\n%s\nwant\n%s", strings.Join(l.lines, "\n"), strings.Join(want, "\n"))
	}
	for range 2 {
		_, err := do(t.Context(), b, &Request{})
		var e *Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError || e.Error() != "lambda: bad configuration" {
			t.Errorf("got %v, want a 500", err)
		}
	}
	if len(l.lines) != len(want) {
		t.Errorf("requests wrote log lines: %q", l.lines[len(want):])
	}
}

func TestSettings(t *testing.T) {
	extra := map[string]any{"a": 1, "b": map[string]any{"function_name": "f"}, "c": nil}
	for _, tc := range []struct {
		namespaces []string
		want       []Setting
	}{
		{[]string{"x"}, nil},
		{[]string{"b"}, []Setting{{"b", extra["b"]}}},
		{[]string{"x", "c"}, []Setting{{"c", nil}}},
		{[]string{"b", "a"}, []Setting{{"b", extra["b"]}, {"a", 1}}},
	} {
		if got := Settings(extra, tc.namespaces...); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: got %v, want %v", tc.namespaces, got, tc.want)
		}
	}
}

func TestTwoNamespacesAndTheEndpoint(t *testing.T) {
	l := &recorder{}
	withInvoker(l, noInvoker{}).New(Spec{
		URLPattern: "/", EndpointMethod: "POST", Endpoint: "/orders/:id",
		Settings: []Setting{{"z", map[string]any{"function_name": "f"}}, {"a", map[string]any{"function_name": "f"}}},
	})
	want := []string{"ERROR [BACKEND: POST /orders/:id][Lambda] bad configuration: a, z: set only one of them; each request to POST /orders/:id gets a 500"}
	if !slices.Equal(l.lines, want) {
		t.Errorf("got %q, want %q", l.lines, want)
	}
}

// KrakenD checks a status only if the reply is an HTTP response and KrakenD decodes it.
func TestHasStatus(t *testing.T) {
	for _, tc := range []struct {
		encoding, format string
		want             bool
	}{
		{"json", "plain", false}, {"json", "proxy", true}, {"string", "proxy", true}, {"no-op", "plain", false}, {"no-op", "proxy", false},
	} {
		b := withInvoker(&recorder{}, noInvoker{}).New(Spec{
			Encoding: tc.encoding, Settings: ns(map[string]any{"function_name": "f", "response_format": tc.format}),
		})
		if got := b.HasStatus(); got != tc.want {
			t.Errorf("%s, %s: got %t, want %t", tc.encoding, tc.format, got, tc.want)
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	for _, tc := range []struct {
		method     string
		calls      int
		sharedBody bool
		ok         bool
		warnings   int
	}{
		{"GET", 1, true, true, 0},
		{"GET", 2, true, true, 1},
		{"POST", 1, true, true, 0},
		{"POST", 0, true, true, 0},
		{"POST", 2, false, true, 1},
		{"POST", 2, true, false, 0},
	} {
		l := &recorder{}
		b := withInvoker(l, noInvoker{}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f"}), Method: tc.method, ConcurrentCalls: tc.calls, SharedBody: tc.sharedBody,
		})
		if got := b.broken == nil; got != tc.ok || len(l.level("WARNING")) != tc.warnings {
			t.Errorf("%+v: got %t, %q", tc, got, l.lines)
		}
	}
}

func TestWarningOnParamThatIsNoPlaceholder(t *testing.T) {
	for param, want := range map[string]int{"Lambda": 0, "lambda": 1, "_lambda": 0, "9": 0} {
		l := &recorder{}
		withInvoker(l, noInvoker{}).New(Spec{Settings: ns(map[string]any{"function_param_name": param, "allowed_functions": []any{"*"}})})
		if got := l.level("WARNING"); len(got) != want {
			t.Errorf("%s: got %q, want %d lines", param, got, want)
		}
	}
}

// If the endpoint is known, a param without a placeholder comes from another component, and its value
// stays unchanged: KrakenD's documentation has a Lua script that sets Function_name.
func TestParamThatIsNoPlaceholder(t *testing.T) {
	const (
		reach = "WARNING [BACKEND: /x][Lambda] function_param_name: without allowed_functions, "
		none  = ", so another component, such as a Lua script, must set it"
	)
	for _, tc := range []struct {
		endpoint string
		settings map[string]any
		want     string
		log      string // a part of the only line at INFO or WARNING
	}{
		{"/x/:lambda", map[string]any{"function_param_name": "Lambda"}, "My-f", reach},
		{"/x/:lambda", map[string]any{"function_param_name": "Function_name"}, "my-f", none},
		{"/x/:lambda", map[string]any{"function_param_name": "Function_name", "function_name_case": "capitalized"}, "My-f", none},
		{"/x", map[string]any{"function_param_name": "Lamda"}, "my-f", none},
		{"", map[string]any{"function_param_name": "Function_name"}, "My-f", reach}, // KrakenD 1.x
		{"", map[string]any{"function_param_name": "Function_name", "function_name_case": "verbatim"}, "my-f", reach},
	} {
		var got string
		l := &recorder{}
		b := withInvoker(l, invokerFunc(func(_ aws.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			got = *in.FunctionName
			return &lambda.InvokeOutput{}, nil
		})).New(Spec{Settings: ns(tc.settings), Endpoint: tc.endpoint, EndpointMethod: "GET", URLPattern: "/x"})
		params := map[string]string{tc.settings["function_param_name"].(string): "my-f"}
		_, err := do(t.Context(), b, &Request{Params: params})
		lines := append(l.level("INFO"), l.level("WARNING")...)
		if err != nil || got != tc.want || len(lines) != 1 || !strings.Contains(lines[0], tc.log) {
			t.Errorf("%+v: got %s, %v, log %q", tc, got, err, l.lines)
		}
	}
}

// With CheckOnly, a backend makes no calls, and reports what it would invoke.
func TestCheckOnly(t *testing.T) {
	s := api(t, `{}`)
	l := &recorder{}
	var report Report
	b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: s.URL}, CheckOnly: true}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f"}), Report: func(r Report) { report = r },
	})
	_, err := do(t.Context(), b, &Request{})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusInternalServerError || len(s.Calls()) != 0 {
		t.Errorf("got %v after %d calls, want a 500 without one", err, len(s.Calls()))
	}
	if want := "function f, region us-west-2, endpoint " + s.URL; report.Invokes != want || report.Err != nil {
		t.Errorf("got %+v, want %q", report, want)
	}
	if got, want := l.lines, []string{"DEBUG [BACKEND: ][Lambda] Component checked, not enabled: " + report.Invokes}; !slices.Equal(got, want) {
		t.Errorf("got log %q, want %q", got, want)
	}
}

// Lines at start name the backend if their prefix does not.
func TestLinesAtStartTellTheBackend(t *testing.T) {
	const own = " (this GET backend (function_param_name 'p'))"
	for _, tc := range []struct{ pattern, endpoint, name, want string }{
		{"", "/x", "GET /x", ""}, {"/", "/x", "GET /x", ""}, {"/y", "/x", "/y", ""},
		{"", "", "", own}, {"/", "", "/", own}, {"/y", "", "/y", ""}, // KrakenD 1.x
	} {
		pattern, want := tc.pattern, tc.want
		l := &recorder{}
		withInvoker(l, noInvoker{}).New(Spec{
			Settings: ns(map[string]any{"function_param_name": "p", "typo": 1, "allowed_functions": []any{"*"}}), Endpoint: tc.endpoint, EndpointMethod: "GET", URLPattern: pattern,
		})
		where := "WARNING [BACKEND: " + tc.name + "][Lambda] "
		lines := []string{
			where + `unknown key 'typo' is ignored` + want,
			where + `function_param_name: the endpoint has no placeholder for 'p', so another component, such as a Lua script, must set it` + want,
		}
		if got := l.level("WARNING"); !slices.Equal(got, lines) {
			t.Errorf("%q: got %q, want %q", pattern, got, lines)
		}
	}
}

func TestStderrLogger(t *testing.T) {
	var out strings.Builder
	l := NewLogger(nil).(cleanLogger).Logger.(stderrLogger)
	l.SetOutput(&out)
	l.SetFlags(0)
	l.Debug("no")
	l.Info("no")
	l.Warning("[x]", "w", 1)
	l.Error("[x]", "e")
	if got, want := out.String(), "WARNING: [x] w 1\nERROR: [x] e\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// Importing a KrakenD logger sets the output of the standard logger to io.Discard.
	if l.Logger == log.Default() {
		t.Error("it uses the standard logger")
	}
	if l, ok := NewFactory(Options{}).Logger.(cleanLogger); !ok || l.Logger.(stderrLogger).Logger == nil {
		t.Error("it is not the default")
	}
}

func TestLinesAreClean(t *testing.T) {
	l := &recorder{}
	clean := NewLogger(l)
	if NewLogger(clean) != clean {
		t.Error("a clean logger is cleaned again")
	}
	for _, log := range []func(...any){clean.Debug, clean.Info, clean.Warning, clean.Error} {
		log("[\"x\"]", errors.New("a\\b\nc\x1b"), 7)
	}
	want := []string{"DEBUG ['x'] a/b c  7", "INFO ['x'] a/b c  7", "WARNING ['x'] a/b c  7", "ERROR ['x'] a/b c  7"}
	if got := l.lines; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The log names a backend in the same way for good and bad configurations.
func TestWhereOfABackend(t *testing.T) {
	for _, spec := range []Spec{
		{Settings: ns(map[string]any{"function_name": "f"})},
		{Method: "PUT", URLPattern: "/", Settings: ns(map[string]any{"function_param_name": "Lambda"})},
		{Endpoint: "/x", EndpointMethod: "GET", Settings: ns(map[string]any{"function_name": "f"})},
		{URLPattern: "/x", Settings: ns(map[string]any{"function_name": "f"})},
	} {
		if got, want := withInvoker(&recorder{}, noInvoker{}).New(spec).where(), spec.where(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Events do not contain the host that an adapter gives to a backend without one.
func TestHostOfEvents(t *testing.T) {
	for host, want := range map[string]string{"http://shop:81": "http://shop:81", Host: ""} {
		if got := (Spec{Host: []string{host}}).route().Host; got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
	if got := (Spec{}).route().Host; got != "" {
		t.Errorf("got %q without a host", got)
	}
}
