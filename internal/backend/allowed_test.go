package backend

import (
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestNameThatIsNotAllowed(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, noInvoker{}).New(Spec{Settings: ns(map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Orders"}})})
	_, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": "admin"}})
	if e, ok := err.(*Error); !ok || e.StatusCode() != 404 || e.Error() != "lambda: no such function" || len(l.level("INFO")) != 1 {
		t.Errorf("got %v, log %q; want a 404 and one line", err, l.lines)
	}
}

// Without allowed_functions, a line at start says what a client can invoke.
func TestWarningOfWhatARequestCanReach(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/gateway"
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
	for _, tc := range []struct {
		settings map[string]any
		want     []string
	}{
		{map[string]any{"function_name": "f"}, nil},
		{map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"*"}}, nil},
		{
			map[string]any{"function_param_name": "Lambda"},
			[]string{"function_param_name: without allowed_functions, a request can name every function in us-west-2 that the gateway's credentials may invoke in their own account; the gateway puts the first letter of the name into upper case unless function_name_case is 'verbatim'"},
		},
		{
			map[string]any{"function_param_name": "Lambda", "function_name_case": "verbatim"},
			[]string{"function_param_name: without allowed_functions, a request can name every function in us-west-2 that the gateway's credentials may invoke in their own account"},
		},
		{
			map[string]any{"function_param_name": "Lambda", "assume_role": map[string]any{"role_arn": role}},
			[]string{"function_param_name: without allowed_functions, a request can name every function in us-west-2 that the role " + role + " may invoke in its own account; the gateway puts the first letter of the name into upper case unless function_name_case is 'verbatim'"},
		},
	} {
		tc.settings["region"] = "us-west-2"
		l := &recorder{}
		NewFactory(Options{Logger: l, SDK: testSDK{endpoint: "http://127.0.0.1:1"}}).New(Spec{Settings: ns(tc.settings), URLPattern: "/x"})
		var got []string
		for _, line := range l.level("WARNING") {
			got = append(got, strings.TrimPrefix(line, "WARNING [BACKEND: /x][Lambda] "))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%v: got %q, want %q", tc.settings, got, tc.want)
		}
	}
}

// A call may fail only because the gateway has capitalized the name, so the line says what it did.
func TestErrorOfACapitalizedName(t *testing.T) {
	const (
		notFound = "; the gateway put the first letter of the name into upper case: to keep the name as it is, set function_name_case to 'verbatim'"
		denied   = "; the gateway put the first letter of the name into upper case: if the function or the policy has it in lower case, set function_name_case to 'verbatim'"
	)
	for _, tc := range []struct {
		nameCase, name string
		status         int
		code           string
		want           string // at the end of the line
	}{
		{"capitalized", "echo", 404, resourceNotFound, notFound},
		{"capitalized", "echo:live", 404, resourceNotFound, notFound},
		{"capitalized", "Echo", 404, resourceNotFound, ""},
		{"verbatim", "echo", 404, resourceNotFound, ""},
		{"capitalized", "echo", 403, accessDenied, denied},
		{"capitalized", "echo:live", 403, accessDenied, denied},
		{"capitalized", "Echo", 403, accessDenied, ""},
		{"verbatim", "echo", 403, accessDenied, ""},
		{"capitalized", "echo", 403, "UnrecognizedClientException", ""},
		{"capitalized", "echo", 502, "KMSAccessDeniedException", ""},
		{"capitalized", "echo", 502, "EC2AccessDeniedException", ""},
	} {
		s := api(t, `{}`)
		for _, function := range []string{"echo", "Echo"} {
			s.Fail(function, lambdatest.APIError(tc.status, tc.code, "Not for you").Always())
		}
		b, l := newBackend(t, s, Spec{}, map[string]any{"function_param_name": "Lambda", "function_name_case": tc.nameCase})
		if _, err := do(t.Context(), b, &Request{Params: map[string]string{"Lambda": tc.name}}); err == nil || strings.Contains(err.Error(), "function_name_case") {
			t.Errorf("%+v: got %v, want an error for clients", tc, err)
		}
		lines := append(l.level("INFO"), l.level("ERROR")...)
		if len(lines) != 1 || !strings.HasSuffix(lines[0], ": 'Not for you'"+tc.want) {
			t.Errorf("%+v: got the log %q", tc, lines)
		}
	}
}
