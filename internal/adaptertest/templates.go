package adaptertest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// templates checks that templates get their values from the framework's params, headers and
// query strings, and that clients see the name and id of the durable execution that their
// request starts.
func templates(t *testing.T, adapter Adapter) {
	var calls []http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Header)
		w.Header().Set("X-Amzn-Requestid", "1")
		w.Header().Set("X-Amz-Durable-Execution-Arn", "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/k-1/1c9f")
		w.Write([]byte("{}"))
	}))
	t.Cleanup(s.Close)
	for _, tc := range []struct {
		encoding, tenant, name string
		wantTenant, wantName   string
		headers                []string // of the response
	}{
		{"json", "{JWT.sub}", "{input_headers.idempotency-key}", "me", "k-1", []string{"X-Amz-Durable-Execution", "X-Amzn-Requestid"}},
		{"no-op", "{id}-{input_query_strings.tenant}", "{input_headers.Missing}", "7-blue", "", []string{"Content-Type", "X-Amz-Durable-Execution", "X-Amzn-Requestid"}},
	} {
		calls = nil
		settings := map[string]any{"function_name": "f:7", "tenant_id": tc.tenant, "durable_execution_name": tc.name}
		built := adapter(with(Backend{Encoding: tc.encoding, URLPattern: "/?a={{.JWT.sub}}"}, settings), Options{Session: newSession(t, s.URL), Logger: &Recorder{}})
		response, err := built.Proxy(t.Context(), &Request{
			Params:  map[string]string{"Id": "7", "JWT.sub": "me"},
			Headers: map[string][]string{"Idempotency-Key": {"k-1", "k-2"}},
			Query:   map[string][]string{"tenant": {"blue", "red"}, "Id": {"8"}, "JWT.sub": {"you"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(calls) != 1 || calls[0].Get("X-Amz-Tenant-Id") != tc.wantTenant || calls[0].Get("X-Amz-Durable-Execution-Name") != tc.wantName {
			t.Errorf("%s: got the calls %v, want the tenant %q and the name %q", tc.encoding, calls, tc.wantTenant, tc.wantName)
		}
		var names []string
		for name, values := range response.Headers {
			names = append(names, name)
			if strings.Contains(strings.Join(values, ""), "123456789012") {
				t.Errorf("%s: the header %s contains the account: %q", tc.encoding, name, values)
			}
		}
		slices.Sort(names)
		if got := http.Header(response.Headers).Get("X-Amz-Durable-Execution"); got != "k-1/1c9f" || !slices.Equal(names, tc.headers) {
			t.Errorf("%s: got the execution %q, headers %q; want %q", tc.encoding, got, names, tc.headers)
		}
	}
}
