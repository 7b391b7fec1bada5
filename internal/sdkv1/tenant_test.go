package sdkv1

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// The SDK's input has no field for tenants and names of durable executions: they are signed headers.
// The response has the execution's ARN.
func TestAttemptWithTenantAndName(t *testing.T) {
	const arn = "arn:aws:lambda:us-west-2:123456789012:function:f:7/durable-execution/order-7/1c9f"
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("X-Amz-Durable-Execution-Arn", arn)
		io.WriteString(w, "{}")
	}))
	defer s.Close()
	for _, r := range []*invoke.Request{
		{Function: "f"},
		{Function: "f", TenantID: "a b"},
		{Function: "f", Qualifier: "$LATEST.PUBLISHED", TenantID: "blue", DurableExecutionName: "order-7"},
	} {
		response, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), r, &invoke.Policy{MaxReply: 100})
		if err != nil {
			t.Fatal(err)
		}
		if response.DurableExecutionARN != arn {
			t.Errorf("got the ARN %q", response.DurableExecutionARN)
		}
		for name, want := range map[string]string{"X-Amz-Tenant-Id": r.TenantID, "X-Amz-Durable-Execution-Name": r.DurableExecutionName} {
			signed := strings.Contains(got.Get("Authorization"), strings.ToLower(name))
			if _, sent := got[name]; got.Get(name) != want || sent != (want != "") || signed != sent {
				t.Errorf("%+v: got %s: %q, signed %t", r, name, got[name], signed)
			}
		}
	}
}

func TestStreamWithTenant(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": lambdatest.Function{TenantIsolation: true, Handler: func() (string, error) { return "tea", nil }}})
	t.Cleanup(s.Close)
	s.RequireCredentials(accessKey, secretKey)
	response, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), &invoke.Request{Function: "f", Stream: true, TenantID: "blue"}, &invoke.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	response.Events.Close()
	if h := s.Calls()[0].Header; h.Get("X-Amz-Tenant-Id") != "blue" || !strings.Contains(h.Get("Authorization"), "x-amz-tenant-id") {
		t.Errorf("got %v", h)
	}
}

// dropping is an Invoker that drops options.
type dropping struct{ *lambda.Lambda }

func (d dropping) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return d.Lambda.InvokeWithContext(ctx, in)
}

func (d dropping) InvokeWithResponseStreamWithContext(ctx aws.Context, in *lambda.InvokeWithResponseStreamInput, _ ...request.Option) (*lambda.InvokeWithResponseStreamOutput, error) {
	return d.Lambda.InvokeWithResponseStreamWithContext(ctx, in)
}

// If a call lost its tenant, the result is an error: the reply may belong to another tenant.
func TestInvokersThatDropTenants(t *testing.T) {
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "tea", nil }})
	t.Cleanup(s.Close)
	i := dropping{lambda.New(testSession(t, s.URL))}
	for _, r := range []*invoke.Request{{TenantID: "blue"}, {DurableExecutionName: "order-7"}, {TenantID: "blue", Stream: true}} {
		r.Function = "f"
		response, err := attempt(t.Context(), i, r, &invoke.Policy{})
		if response != nil || err == nil || err.Kind != invoke.KindInternal || !strings.HasPrefix(err.Message, "the Invoker dropped the options of the call") {
			t.Errorf("%+v: got %+v, %v", r, response, err)
		}
	}
	if _, err := attempt(t.Context(), i, &invoke.Request{Function: "f"}, &invoke.Policy{}); err != nil {
		t.Errorf("neither tenant nor name: got %v", err)
	}
	// An error of AWS for such a call stays.
	s.Fail("f", lambdatest.APIError(http.StatusBadRequest, "InvalidParameterValueException", "no tenant"))
	if _, err := attempt(t.Context(), i, &invoke.Request{Function: "f", TenantID: "blue"}, &invoke.Policy{}); err == nil || err.Code != "InvalidParameterValueException" {
		t.Errorf("refused: got %v", err)
	}
}
