package sdkv2

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// warnings is a Logger that counts warnings.
type warnings struct {
	silent
	n atomic.Int64
}

func (w *warnings) Warning(...any) { w.n.Add(1) }

// All clients of an endpoint share a clock, for all profiles, so there is one refused attempt for each
// endpoint.
func TestClockOfAnEndpoint(t *testing.T) {
	environment(t, nil, "", defaultKeys+shopKeys)
	refused := make(map[string]int) // by host
	replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		aws := time.Now().Add(10 * time.Minute)
		answer := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header), Body: io.NopCloser(strings.NewReader("{}")), Request: r}
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			return nil, err
		}
		if aws.Sub(signed) > 5*time.Minute {
			refused[r.URL.Host]++
			answer.StatusCode = http.StatusForbidden
			answer.Header.Set("X-Amzn-Errortype", "InvalidSignatureException")
			answer.Header.Set("Date", aws.UTC().Format(http.TimeFormat))
		}
		return answer, nil
	}))
	log := new(warnings)
	sdk := NewSDK(nil, log, false)
	for _, settings := range []invoke.Settings{
		{Region: "us-west-2"}, {Region: "us-west-2", Profile: "shop"}, {Region: "eu-west-1", Profile: "shop"}, {Region: "eu-west-1"},
	} {
		if err := call(t.Context(), clientOf(t, sdk, settings)); err != nil {
			t.Errorf("%+v: %v", settings, err)
		}
	}
	if west, eu := refused["lambda.us-west-2.amazonaws.com"], refused["lambda.eu-west-1.amazonaws.com"]; west != 1 || eu != 1 {
		t.Errorf("got %d and %d refused attempts, want one for each endpoint", west, eu)
	}
	if log.n.Load() != 2 {
		t.Errorf("got %d warnings, want one for each endpoint", log.n.Load())
	}
}

// The gateway does not correct the clock of an Invoker. The error says by how much it is off.
func TestClockOfAnInvoker(t *testing.T) {
	for code, want := range map[string]string{
		"InvalidSignatureException": "the clock of this machine is 10m",
		"AccessDeniedException":     "",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(10*time.Minute+30*time.Second).UTC().Format(http.TimeFormat))
			w.Header().Set("X-Amzn-Errortype", code)
			w.WriteHeader(http.StatusForbidden)
		}))
		t.Cleanup(s.Close)
		for _, stream := range []bool{false, true} {
			_, err := attempt(t.Context(), client(s.URL), &invoke.Request{Function: "f", Stream: stream}, &invoke.Policy{})
			if err == nil || err.Code != code || !strings.HasPrefix(err.Skew, want) || (err.Skew == "") != (want == "") {
				t.Errorf("%s, stream %t: got %#v, want a skew of %q", code, stream, err, want)
			}
		}
	}
}
