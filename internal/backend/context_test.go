package backend

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
)

type contextKey struct{}

func TestContextForgetsItsValues(t *testing.T) {
	var kept context.Context
	b := NewFactory(Options{Logger: &recorder{}, Invoker: invokerFunc(func(ctx aws.Context, _ *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		if got := ctx.Value(contextKey{}); got != "value" {
			t.Errorf("during the call: got %v, want the request's value", got)
		}
		kept = ctx //nolint:fatcontext // a context that outlives its request is what is tested
		return &lambda.InvokeOutput{}, nil
	})}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})

	if _, err := invoke(context.WithValue(t.Context(), contextKey{}, "value"), b, &Request{}); err != nil {
		t.Fatal(err)
	}
	if got := kept.Value(contextKey{}); got != nil {
		t.Errorf("after the call: got %v, want nothing", got)
	}
}
