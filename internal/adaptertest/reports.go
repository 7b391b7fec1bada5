package adaptertest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// report checks that each Lambda backend is reported once, and that no other backend is.
func report(t *testing.T, adapter Adapter) {
	for _, tc := range []struct {
		name    string
		extra   map[string]any
		reports []string
	}{
		{
			"good",
			map[string]any{Namespace: map[string]any{"function_name": "f", "region": "us-west-2"}},
			[]string{"function f, region us-west-2: <nil>"},
		},
		{
			"bad",
			map[string]any{Namespace: map[string]any{"function_name": "f", "max_retries": "1", "profile": ""}},
			[]string{": max_retries: must be an integer, is the string '1'\nprofile: must not be empty"},
		},
		{"left to next", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			add := func(r Report) { got = append(got, fmt.Sprintf("%s: %v", r.Invokes, r.Err)) }
			adapter(Backend{ExtraConfig: tc.extra}, Options{Logger: &Recorder{}, Invoker: output(nil), Report: add})
			if !slices.Equal(got, tc.reports) {
				t.Errorf("got %q, want %q", got, tc.reports)
			}
		})
	}
}

// checkOnly checks that CheckOnly looks up no credentials and sends no requests, and that it
// checks the configuration as usual.
func checkOnly(t *testing.T, adapter Adapter) {
	asked := &credentialsAsked{}
	s := lambdatest.NewServer(map[string]any{"f": func() error { return nil }})
	t.Cleanup(s.Close)
	given := newSession(t, s.URL)
	given.Config.Credentials = credentials.NewCredentials(asked)

	var got []string
	add := func(r Report) { got = append(got, fmt.Sprintf("%s: %v", r.Invokes, r.Err)) }
	log := &Recorder{}
	o := Options{Logger: log, Session: given, Report: add, CheckOnly: true}
	built := adapter(with(Backend{}, map[string]any{"function_name": "f"}), o)
	_, err := built.Proxy(t.Context(), &Request{})
	if coded, ok := err.(interface{ StatusCode() int }); !ok || coded.StatusCode() != http.StatusInternalServerError || err.Error() != "lambda: internal error" {
		t.Errorf("got %v, want a 500", err)
	}
	adapter(with(Backend{}, map[string]any{"function_name": "f", "region": "no region"}), o)

	want := []string{"function f, region us-west-2, endpoint " + s.URL + ": <nil>", `: region: 'no region' is not a region`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lines := log.Level("ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "bad configuration") {
		t.Errorf("got the error lines %q, want one about the bad configuration", lines)
	}
	if calls := s.Calls(); len(calls) != 0 || asked.times.Load() != 0 {
		t.Errorf("got %d calls, and credentials asked for %d times; want none", len(calls), asked.times.Load())
	}
}

// credentialsAsked has credentials and counts how often they are retrieved.
type credentialsAsked struct{ times atomic.Int32 }

func (c *credentialsAsked) Retrieve() (credentials.Value, error) {
	c.times.Add(1)
	return credentials.Value{AccessKeyID: accessKey, SecretAccessKey: secretKey}, nil
}

func (c *credentialsAsked) IsExpired() bool { return true }

// check checks that Check returns the same report as a factory, with all fields, and that it
// changes nothing, makes no calls and logs nothing.
func check(t *testing.T, adapter Adapter) {
	asked := &credentialsAsked{}
	custom := newSession(t, "http://127.0.0.1:1")
	custom.Config.Credentials = credentials.NewCredentials(asked)
	const role = "arn:aws:iam::123456789012:role/gateway"

	for _, tc := range []struct {
		name     string
		backend  Backend
		settings any
		want     Report
	}{
		{
			"a function",
			Backend{ConcurrentCalls: 2},
			map[string]any{"function_name": "f:live", "region": "eu-west-1", "assume_role": map[string]any{"role_arn": role}},
			Report{
				Invokes:  "function f:live, region eu-west-1, endpoint http://127.0.0.1:1, role " + role,
				Function: "f:live", Region: "eu-west-1", Endpoint: "http://127.0.0.1:1", Role: role,
				Warnings: []string{"concurrent_calls: each request executes the function 2 times"},
			},
		},
		{
			"a param",
			Backend{},
			map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Shop-*", "123456789012:function:f"}},
			Report{
				Invokes: "function from the param Lambda, the name's first letter put into upper case (function_name_case), region us-west-2, endpoint http://127.0.0.1:1, allowed [Shop-* 123456789012:function:f]",
				Param:   "Lambda", Allowed: []string{"Shop-*", "123456789012:function:f"}, Region: "us-west-2", Endpoint: "http://127.0.0.1:1",
			},
		},
		{
			"an event",
			Backend{URLPattern: "/v2/{{.Id}}"},
			map[string]any{"function_name": "f", "payload_format": "2.0"},
			Report{
				Invokes:  "function f, region us-west-2, endpoint http://127.0.0.1:1, payload format 2.0, events with the path /v2/{id}",
				Function: "f", Region: "us-west-2", Endpoint: "http://127.0.0.1:1",
			},
		},
		{"left to next", Backend{}, nil, Report{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := tc.backend
			if tc.settings != nil {
				b.ExtraConfig = map[string]any{Namespace: tc.settings}
			}
			var reports []Report
			log := &Recorder{}
			built := adapter(b, Options{Logger: log, Session: custom, CheckOnly: true, Report: func(r Report) { reports = append(reports, r) }})
			want := []Report{tc.want}
			if tc.settings == nil {
				want = nil
			}
			if fmt.Sprintf("%+v", reports) != fmt.Sprintf("%+v", want) {
				t.Errorf("reported %+v, want %+v", reports, want)
			}

			lines := len(log.lines)
			var got Report
			var changed bool
			synctest.Test(t, func(*testing.T) {
				got, changed = built.Check()
				synctest.Wait() // for a possible lookup of credentials
			})
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tc.want) || changed {
				t.Errorf("got %+v, changed: %t; want %+v", got, changed, tc.want)
			}
			if len(log.lines) != lines || len(reports) != len(want) || asked.times.Load() != 0 {
				t.Errorf("got the log %q, %d reports, and credentials asked for %d times", log.lines, len(reports), asked.times.Load())
			}
		})
	}

	bad := adapter(with(Backend{}, map[string]any{"function_name": "f", "max_retries": -2, "typo": 1}), Options{Logger: &Recorder{}, Session: custom})
	got, _ := bad.Check()
	if got.Err == nil || got.Err.Error() != "max_retries: must be -1 or more, is -2" || len(got.Warnings) != 1 {
		t.Errorf("got %+v, want the error and the warning", got)
	}
	if got.Err = nil; got.Invokes != "" || got.Function != "" || got.Region != "" {
		t.Errorf("got %+v with the error", got)
	}
}
