package backend

import (
	"slices"
	"testing"
)

// A bad configuration does not suppress the warnings.
func TestWarningOfNamespacesWithoutEffect(t *testing.T) {
	const warning = "WARNING [BACKEND: /x][Lambda] qos/http-cache has no effect on a Lambda backend: use cache_ttl of the endpoint to let clients cache responses"
	for _, function := range []any{"f", 1} {
		log := &recorder{}
		settings := map[string]any{"function_name": function}
		NewFactory(Options{Logger: log, SDK: testSDK{}}).New(Spec{
			URLPattern:  "/x",
			Settings:    ns(settings),
			ExtraConfig: map[string]any{"test": settings, "qos/http-cache": map[string]any{}, "qos/circuit-breaker": nil},
		})
		if got := log.level("WARNING"); !slices.Equal(got, []string{warning}) {
			t.Errorf("function_name %v: got %q, want %q", function, got, warning)
		}
	}
}
