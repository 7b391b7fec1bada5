package sdkv2

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// For a foreign answer, the SDK only reports that it cannot decode it, or nothing. The error still has
// the answer's message.
func TestForeignRefusals(t *testing.T) {
	for _, tc := range []struct{ contentType, body, code, want string }{
		{"text/plain; charset=utf-8", "404 page not found\n", "", "404 page not found"},
		{"text/plain", `{"errorMessage":"no pear left","errorType":"string"}`, "", "no pear left"},
		{"application/json", `{"__type":"ServiceException","errorMessage":"no"}`, "ServiceException", ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.contentType)
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, tc.body)
		}))
		for _, stream := range []bool{false, true} {
			r := &invoke.Request{Function: "f", Stream: stream}
			_, e := attempt(t.Context(), client(s.URL), r, &invoke.Policy{MaxReply: 10})
			if e == nil || e.Kind != invoke.KindAPI || e.Status != http.StatusNotFound || e.Code != tc.code || e.Message != tc.want {
				t.Errorf("%s, stream %t: got %#v, want %q and the message %q", tc.body, stream, e, tc.code, tc.want)
			}
		}
		s.Close()
	}
}
