package backend

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// startedARN is the ARN in AWS's answer for a durable function.
const startedARN = "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/order-7/1c9f"

// headerAPI is an Invoke API that records the headers of calls.
type headerAPI struct {
	url string

	mu    sync.Mutex
	calls []http.Header
}

// newHeaderAPI returns an API that answers with this status, these headers (names and values
// alternate) and this body.
func newHeaderAPI(t *testing.T, status int, body string, header ...string) *headerAPI {
	t.Helper()
	a := &headerAPI{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.calls = append(a.calls, r.Header.Clone())
		a.mu.Unlock()
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

// take returns the headers of the calls since the last take.
func (a *headerAPI) take() []http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

// Placeholders stand for params, headers and query strings. The signature of a call covers the
// resulting headers.
func TestTemplatesInCalls(t *testing.T) {
	api := newHeaderAPI(t, http.StatusOK, "{}")
	r := &Request{
		Params:  map[string]string{"Id": "7", "JWT.sub": "me"},
		Headers: map[string][]string{"X-Tenant": {"blue", "red"}, "User-Agent": {"curl"}, "Idempotency-Key": {"k-1"}},
		Query:   map[string][]string{"tenant": {"green"}, "Id": {"8"}, "id": {"9"}, "JWT.sub": {"you"}},
	}
	for _, tc := range []struct{ key, template, header, want string }{
		{"tenant_id", "blue", "X-Amz-Tenant-Id", "blue"},
		{"tenant_id", "{id}", "X-Amz-Tenant-Id", "7"},
		{"tenant_id", "{JWT.sub}", "X-Amz-Tenant-Id", "me"},
		{"tenant_id", "{input_headers.x-tenant}", "X-Amz-Tenant-Id", "blue"},
		{"tenant_id", "{input_query_strings.tenant}", "X-Amz-Tenant-Id", "green"},
		{"tenant_id", "shop:{id}", "X-Amz-Tenant-Id", "shop:7"},
		{"durable_execution_name", "{input_headers.Idempotency-Key}", "X-Amz-Durable-Execution-Name", "k-1"},
		{"durable_execution_name", "{input_headers.Missing}", "X-Amz-Durable-Execution-Name", ""},
		{"durable_execution_name", "{input_headers.User-Agent}", "X-Amz-Durable-Execution-Name", ""}, // hidden
	} {
		f := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.url}})
		b := f.New(Spec{Settings: ns(map[string]any{"function_name": "f:7", tc.key: tc.template}), Endpoint: "/{id}", HiddenHeaders: []string{"User-Agent"}})
		if _, err := do(t.Context(), b, r); err != nil {
			t.Errorf("%s %s: %v", tc.key, tc.template, err)
		}
		calls := api.take()
		if len(calls) != 1 || calls[0].Get(tc.header) != tc.want {
			t.Errorf("%s %s: got %v, want the header %q", tc.key, tc.template, calls, tc.want)
			continue
		}
		signed := strings.Contains(calls[0].Get("Authorization"), strings.ToLower(tc.header))
		if signed != (tc.want != "") {
			t.Errorf("%s %s: signed is %t", tc.key, tc.template, signed)
		}
	}
	if len(r.Headers) != 3 {
		t.Errorf("the request's headers have changed: %v", r.Headers)
	}
}

// A request without a tenant, or with an invalid one, is a 400 and makes no call.
func TestInvalidTenantMakesNoCall(t *testing.T) {
	api := newHeaderAPI(t, http.StatusOK, "{}")
	for _, tenants := range [][]string{nil, {}, {""}, {"", "blue"}, {" blue"}, {"a\r\nX-Amz-Tenant-Id: red"}, {"blü"}, {"a,b"}, {strings.Repeat("t", 257)}} {
		l := &recorder{}
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: api.url}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "tenant_id": "{input_headers.X-Tenant}"})})
		_, err := do(t.Context(), b, &Request{Headers: map[string][]string{"X-Tenant": tenants}, Query: map[string][]string{"X-Tenant": {"blue"}}})
		var e *Error
		var invalid *config.InvalidTenant
		if !errors.As(err, &e) || e.StatusCode() != http.StatusBadRequest || e.Error() != "lambda: invalid tenant" || !errors.As(err, &invalid) {
			t.Errorf("%.40q: got %v, want a 400", tenants, err)
		}
		if calls := api.take(); len(calls) != 0 {
			t.Errorf("%.40q: got the calls %v", tenants, calls)
		}
		if lines := l.level("INFO"); len(lines) != 1 || strings.ContainsAny(lines[0], "\r\n") {
			t.Errorf("%.40q: got the lines %q", tenants, lines)
		}
	}
}

// Clients see name and id of an execution, but not its ARN, which contains the account.
func TestDurableExecutionOfAReply(t *testing.T) {
	const prefix = "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/"
	for arn, want := range map[string]string{
		startedARN: "order-7/1c9f",
		"arn:aws:lambda:us-west-2:123456789012:function:f:$LATEST.PUBLISHED/durable-execution/a_b/c": "a_b/c",
		"": "", "order-7": "", prefix: "", prefix + "a": "", prefix + "a/": "", prefix + "a/b/c": "", prefix + "a/b:c": "", prefix + "a b/c": "",
		prefix + "arn:aws:lambda::123456789012:x/durable-execution/a/b": "",
	} {
		for name, settings := range map[string]map[string]any{
			"data":         {},
			"asynchronous": {"invocation_type": "Event"},
			"proxy":        {"response_format": "proxy"},
		} {
			api := newHeaderAPI(t, http.StatusOK, `{"statusCode":200,"headers":{"X-Amz-Durable-Execution":"forged"}}`, "X-Amz-Durable-Execution-Arn", arn)
			settings["function_name"] = "f:7"
			for _, encoding := range []string{"json", "no-op"} {
				b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.url}}).New(Spec{Settings: ns(settings), Encoding: encoding})
				response, err := do(t.Context(), b, &Request{})
				if err != nil {
					t.Fatal(err)
				}
				if got := response.Header.Get("X-Amz-Durable-Execution"); got != want {
					t.Errorf("%s, %s, %s: got %q, want %q", arn, name, encoding, got, want)
				}
				for key, values := range response.Header {
					if strings.Contains(strings.Join(values, ""), "123456789012") {
						t.Errorf("%s, %s, %s: %s contains the account: %q", arn, name, encoding, key, values)
					}
				}
			}
		}
	}
}

// A second start with another payload is a 409 without a retry, and does not tell the client about
// the first one.
func TestDurableExecutionAlreadyStarted(t *testing.T) {
	api := newHeaderAPI(t, http.StatusConflict, `{"Message":"`+startedARN+` exists"}`, "X-Amzn-Errortype", "DurableExecutionAlreadyStartedException", "X-Amz-Durable-Execution-Arn", startedARN)
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.url}}).New(Spec{Settings: ns(map[string]any{"function_name": "f:7", "durable_execution_name": "{id}"})})
	_, err := do(t.Context(), b, &Request{Params: map[string]string{"Id": "order-7"}})
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusConflict || e.Error() != "lambda: the execution has started already" || e.Headers() != nil {
		t.Errorf("got %v, want a 409", err)
	}
	if got, want := string(e.Details()), `{"errorType":"DurableExecutionAlreadyStartedException","errorMessage":"the execution has started already"}`; got != want {
		t.Errorf("got the details %s, want %s", got, want)
	}
	if calls := api.take(); len(calls) != 1 {
		t.Errorf("got %d calls, want 1", len(calls))
	}
}

// Concurrent calls have the same name, so they start one execution.
func TestConcurrentCallsHaveOneName(t *testing.T) {
	api := newHeaderAPI(t, http.StatusOK, "{}")
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.url}}).New(Spec{
		Settings: ns(map[string]any{"function_name": "f:7", "tenant_id": "{id}", "durable_execution_name": "{id}"}), ConcurrentCalls: 3,
	})
	if _, err := do(t.Context(), b, &Request{Params: map[string]string{"Id": "a"}}); err != nil {
		t.Fatal(err)
	}
	calls := api.take()
	if len(calls) == 0 {
		t.Fatal("got no call")
	}
	for _, h := range calls {
		if h.Get("X-Amz-Durable-Execution-Name") != "a" || h.Get("X-Amz-Tenant-Id") != "a" {
			t.Errorf("got %v", h)
		}
	}
}

// Unless the adapter makes KrakenD's validator set a claim, a url_pattern must contain it.
func TestUnsetClaims(t *testing.T) {
	const sub, tenant = "KrakenD sets {JWT.sub} only if a url_pattern of the endpoint contains it: add it to one, such as /?sub={JWT.sub}", "KrakenD sets {JWT.tenant} only if a url_pattern of the endpoint contains it: add it to one, such as /?tenant={JWT.tenant}"
	for _, tc := range []struct {
		urlPattern      string
		sets, checkOnly bool
		want            []string
	}{
		{"/f", false, false, []string{tenant, sub}},
		{"/f?a={{.JWT.sub}}", false, false, []string{tenant}},
		{"/f/{{.JWT.tenant}}/{{.JWT.sub}}", false, false, nil},
		{"/f", true, false, nil},
		{"/f", false, true, nil},
	} {
		l := &recorder{}
		b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: "http://127.0.0.1:1"}, CheckOnly: tc.checkOnly}).New(Spec{
			URLPattern: tc.urlPattern, SetsClaims: tc.sets,
			Settings: ns(map[string]any{"function_name": "f:7", "tenant_id": "{JWT.tenant}", "durable_execution_name": "{JWT.sub}:{id}"}),
		})
		var want []string
		for _, w := range tc.want {
			want = append(want, "WARNING [BACKEND: "+tc.urlPattern+"][Lambda] "+w)
		}
		if got := l.level("WARNING"); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tc.urlPattern, got, want)
		}
		if got := b.Claims(); !slices.Equal(got, []string{"JWT.tenant", "JWT.sub"}) {
			t.Errorf("%s: got the claims %q", tc.urlPattern, got)
		}
	}
}

// A header that the operator does not pass to the backend names no tenant.
func TestHiddenHeaderIsNoTenant(t *testing.T) {
	api := newHeaderAPI(t, http.StatusOK, "{}")
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: api.url}}).New(Spec{HiddenHeaders: []string{"User-Agent"}, Settings: ns(map[string]any{"function_name": "f", "tenant_id": "{input_headers.User-Agent}"})})
	if _, err := do(t.Context(), b, &Request{Headers: map[string][]string{"User-Agent": {"curl"}}}); err == nil || len(api.take()) != 0 {
		t.Errorf("got %v, want an error and no call", err)
	}
}
