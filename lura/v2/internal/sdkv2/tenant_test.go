package sdkv2

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Tenants and names of durable executions are fields of the SDK's inputs, so they reach AWS even through
// an Invoker that drops options.
func TestTenantAndName(t *testing.T) {
	const arn = "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/order-7/1c9f"
	var got *http.Request
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("X-Amz-Durable-Execution-Arn", arn)
		io.WriteString(w, "{}")
	})
	for how, i := range map[string]Invoker{"the client": client(url), "one without options": withoutOptions{client(url)}} {
		for _, r := range []*invoke.Request{
			{Function: "f"},
			{Function: "f", TenantID: "a b"},
			{Function: "f", Qualifier: "$LATEST.PUBLISHED", TenantID: "blue", DurableExecutionName: "order-7"},
			{Function: "f", TenantID: "blue", Stream: true},
		} {
			response, err := attempt(t.Context(), i, r, &invoke.Policy{MaxReply: 100})
			if err != nil {
				t.Fatal(err)
			}
			if response.Events != nil {
				response.Events.Close()
			} else if response.DurableExecutionARN != arn {
				t.Errorf("%s: got the ARN %q", how, response.DurableExecutionARN)
			}
			if q := got.URL.Query().Get("Qualifier"); q != r.Qualifier {
				t.Errorf("%s: got the qualifier %q, want %q", how, q, r.Qualifier)
			}
			for name, want := range map[string]string{"X-Amz-Tenant-Id": r.TenantID, "X-Amz-Durable-Execution-Name": r.DurableExecutionName} {
				signed := strings.Contains(got.Header.Get("Authorization"), strings.ToLower(name))
				if got.Header.Get(name) != want || signed != (want != "") {
					t.Errorf("%s, %+v: got %s: %q, signed %t", how, r, name, got.Header[name], signed)
				}
			}
		}
	}
}
