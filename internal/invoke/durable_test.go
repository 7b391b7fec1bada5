package invoke

import (
	"net/http"
	"testing"
)

const executionARN = "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/order-7/1c9f"

// A response has the ARN of the durable execution that the call started, for any invocation type.
func TestDurableExecutionARN(t *testing.T) {
	for _, tc := range []struct {
		invocationType string
		status         int
		header         []string
		want           string
	}{
		{"", http.StatusOK, []string{"X-Amz-Durable-Execution-Arn", executionARN}, executionARN},
		{"Event", http.StatusAccepted, []string{"X-Amz-Durable-Execution-Arn", executionARN}, executionARN},
		{"", http.StatusOK, nil, ""},
	} {
		w := newWorld(func(*http.Request) (*http.Response, error) { return answer(tc.status, "", tc.header...), nil })
		r := &Request{Function: "f", InvocationType: tc.invocationType, DurableExecutionName: "order-7"}
		got := "not used"
		err := w.client(t).Invoke(t.Context(), r, all(), func(response *Response) error {
			got = response.DurableExecutionARN
			return nil
		})
		if err != nil || got != tc.want {
			t.Errorf("%s: got %q, %v; want %q", tc.invocationType, got, err, tc.want)
		}
	}
}

// All attempts have the same tenant and name. So a retry after a broken connection finds the
// execution that the first attempt started.
func TestRetriesKeepTheName(t *testing.T) {
	w := newWorld(fails(errReset), good)
	r := &Request{Function: "f", TenantID: "blue", DurableExecutionName: "order-7"}
	if _, err := send(t.Context(), w.client(t), all(), r); err != nil {
		t.Fatal(err)
	}
	if len(w.attempts) != 2 {
		t.Fatalf("got %d attempts, want 2", len(w.attempts))
	}
	for i, attempt := range w.attempts {
		if tenant, name := attempt.Header.Get("X-Amz-Tenant-Id"), attempt.Header.Get("X-Amz-Durable-Execution-Name"); tenant != "blue" || name != "order-7" {
			t.Errorf("attempt %d: got the tenant %q and the name %q", i+1, tenant, name)
		}
	}
}

// DurableExecutionAlreadyStarted is not retried: the name stays taken.
func TestAStartedExecutionIsNotTriedAgain(t *testing.T) {
	w := newWorld(refuses(http.StatusConflict, "DurableExecutionAlreadyStartedException"), good)
	_, err := send(t.Context(), w.client(t), all(), &Request{Function: "f", DurableExecutionName: "order-7"})
	if e := errorOf(t, err); e.Code != "DurableExecutionAlreadyStartedException" || e.Attempts != 1 {
		t.Errorf("got %v after %d attempts, want the 409 after one", err, e.Attempts)
	}
}
