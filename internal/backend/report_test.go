package backend

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The path of events is the url_pattern's, with the endpoint's own names of its placeholders.
func TestReportOfEvents(t *testing.T) {
	for _, tc := range []struct {
		format, pattern, endpoint, want string
	}{
		{"2.0", "/", "/teas/:id", ", payload format 2.0, events with the path /"},
		{"1.0", "", "", ", payload format 1.0, events with the path /"},
		{"alb", "/v2/{{.Id}}?a=b", "", ", payload format alb, events with the path /v2/{id}"},
		{"2.0", "/v2/{{.Id}}/{{.JWT.sub}}/{{.Resp0_id}}", "/teas/:Id", ", payload format 2.0, events with the path /v2/{Id}/{JWT.sub}/{resp0_id}"},
		{"2.0", `/a"b`, "", ", payload format 2.0, events with the path /a'b"},
		{"simple", "/x", "", ""},
	} {
		var got Report
		l := &recorder{}
		NewFactory(Options{Logger: l, SDK: testSDK{endpoint: "http://127.0.0.1:1"}}).New(Spec{
			Settings: ns(map[string]any{"function_name": "f", "payload_format": tc.format}), URLPattern: tc.pattern, Endpoint: tc.endpoint, Report: func(r Report) { got = r },
		})
		want := "function f, region us-west-2, endpoint http://127.0.0.1:1" + tc.want
		if lines := l.level("DEBUG"); got.Invokes != want || len(lines) != 1 || !strings.HasSuffix(lines[0], ": "+want) {
			t.Errorf("got  %s, log %q\nwant %s", got.Invokes, lines, want)
		}
	}
}

func TestReport(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/gateway"
	warnings := []string{"concurrent_calls: each request executes the function 2 times"}
	for _, tc := range []struct {
		name     string
		settings map[string]any
		want     Report
	}{
		{
			"a function",
			map[string]any{"function_name": "f", "qualifier": "live", "assume_role": map[string]any{"role_arn": role}},
			Report{
				Invokes:  "function f:live, region us-west-2, endpoint http://127.0.0.1:1, role " + role,
				Function: "f:live", Region: "us-west-2", Endpoint: "http://127.0.0.1:1", Role: role,
				Warnings: warnings,
			},
		},
		{
			"patterns",
			map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Shop-*", "arn:aws:lambda:us-west-2:123456789012:function:f"}},
			Report{
				Invokes: "function from the param Lambda, the name's first letter put into upper case (function_name_case), region us-west-2, endpoint http://127.0.0.1:1, allowed [Shop-* arn:aws:lambda:us-west-2:123456789012:function:f]",
				Param:   "Lambda", Allowed: []string{"Shop-*", "arn:aws:lambda:us-west-2:123456789012:function:f"},
				Region: "us-west-2", Endpoint: "http://127.0.0.1:1", Warnings: warnings,
			},
		},
		{
			"every name",
			map[string]any{"function_param_name": "Lambda"},
			Report{
				Invokes: "function from the param Lambda, the name's first letter put into upper case (function_name_case), region us-west-2, endpoint http://127.0.0.1:1, every name allowed",
				Param:   "Lambda", Region: "us-west-2", Endpoint: "http://127.0.0.1:1", Warnings: append(slices.Clone(warnings),
					"function_param_name: without allowed_functions, a request can name every function in us-west-2 that the gateway's credentials may invoke in their own account; the gateway puts the first letter of the name into upper case unless function_name_case is 'verbatim'"),
			},
		},
	} {
		for _, checkOnly := range []bool{false, true} {
			var got Report
			NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: "http://127.0.0.1:1"}, CheckOnly: checkOnly}).New(Spec{
				Settings: ns(tc.settings), ConcurrentCalls: 2, Report: func(r Report) { got = r },
			})
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tc.want) {
				t.Errorf("%s, check only %t: got  %+v\nwant %+v", tc.name, checkOnly, got, tc.want)
			}
		}
	}

	var got Report
	NewFactory(Options{Logger: &recorder{}, SDK: testSDK{}}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f", "max_retries": -2}), ConcurrentCalls: 2, Report: func(r Report) { got = r },
	})
	if got.Err == nil {
		t.Error("got no error for a bad configuration")
	}
	if got.Err = nil; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", Report{Warnings: warnings}) {
		t.Errorf("got %+v with the error, want only the warnings", got)
	}
}
