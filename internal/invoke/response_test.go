package invoke

import (
	"net/http"
	"testing"
)

// HeaderValue needs canonical keys.
func TestHeaderKeys(t *testing.T) {
	for _, key := range []string{versionHeader, requestIDHeader, functionErrorHeader, logResultHeader, errorTypeHeader, TenantIDHeader, DurableExecutionNameHeader, durableExecutionARNHeader} {
		if canonical := http.CanonicalHeaderKey(key); canonical != key {
			t.Errorf("%s is %s in canonical form", key, canonical)
		}
	}
	h := http.Header{"X-Tea": {"assam", "sencha"}, "X-None": nil}
	if a, b, c := HeaderValue(h, "X-Tea"), HeaderValue(h, "X-None"), HeaderValue(nil, "X-Tea"); a != "assam" || b != "" || c != "" {
		t.Errorf("got %q, %q and %q", a, b, c)
	}
}
