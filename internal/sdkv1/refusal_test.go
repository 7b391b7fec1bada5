package sdkv1

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// For a foreign answer, the SDK only reports that it cannot decode it. The error still has the answer's
// message.
func TestForeignRefusals(t *testing.T) {
	for _, tc := range []struct{ contentType, body, want string }{
		{"text/plain; charset=utf-8", "404 page not found\n", "404 page not found"},
		{"text/plain", `{"errorMessage":"no pear left","errorType":"string"}`, "no pear left"},
		{"text/html", "<html><title>no</title></html>", "HTML page: no"},
		{"application/xml", "<no/>", "failed to unmarshal response error: invalid character '<' looking for beginning of value"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.contentType)
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, tc.body)
		}))
		for _, stream := range []bool{false, true} {
			r := &invoke.Request{Function: "f", Stream: stream}
			_, err := attempt(t.Context(), lambda.New(testSession(t, s.URL)), r, &invoke.Policy{MaxReply: 10})
			if err == nil || err.Kind != invoke.KindAPI || err.Status != http.StatusNotFound || err.Code != "" || err.Message != tc.want {
				t.Errorf("%s, stream %t: got %#v, want the message %q", tc.body, stream, err, tc.want)
			}
		}
		s.Close()
	}
}
