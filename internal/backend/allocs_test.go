//go:build !race

package backend

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// replies is a transport that immediately returns the same reply from memory.
type replies string

// RoundTrip implements http.RoundTripper.
func (reply replies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"1"}, "X-Amz-Executed-Version": {"$LATEST"}},
		ContentLength: int64(len(reply)),
		Body:          io.NopCloser(strings.NewReader(string(reply))),
	}, nil
}

func allocBackend(t *testing.T, reply string) *Backend {
	t.Helper()
	sdk := testSDK{endpoint: "https://lambda.us-west-2.amazonaws.com", transport: replies(reply), token: "not-a-token"}
	return NewFactory(Options{Logger: &recorder{}, SDK: sdk}).New(Spec{Method: http.MethodPost, Settings: ns(map[string]any{"function_name": "f"})})
}

// decodeJSON decodes JSON as KrakenD does.
func decodeJSON(r *http.Response) error {
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	return d.Decode(new(map[string]any))
}

// A call makes few allocations, the same number on every machine. It includes those of the test's
// transport and decoder.
func TestAllocations(t *testing.T) {
	b := allocBackend(t, long(100))
	payload := []byte(long(100))
	got := testing.AllocsPerRun(200, func() {
		if err := b.Invoke(t.Context(), &Request{Body: io.NopCloser(bytes.NewReader(payload))}, decodeJSON); err != nil {
			t.Fatal(err)
		}
	})
	const most = 49 // with a reserve for other versions of Go
	t.Logf("%.0f allocations", got)
	if got > most {
		t.Errorf("got %.0f allocations, want %d at most", got, most)
	}
}

// allocated returns how many bytes do allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A long JSON reply allocates no more than its decoding, and a long body less than twice its size.
func TestAllocatedBytes(t *testing.T) {
	const size = 6 << 20
	reply := long(size)
	alone := allocated(func() {
		if err := decodeJSON(&http.Response{Body: io.NopCloser(strings.NewReader(reply))}); err != nil {
			t.Fatal(err)
		}
	})
	b := allocBackend(t, reply)
	got := allocated(func() {
		if err := b.Invoke(t.Context(), &Request{}, decodeJSON); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%d bytes for a reply, %d for its decoding", got, alone)
	if got > alone+alone/50 {
		t.Errorf("got %d bytes for a reply, want no more than for its decoding, %d", got, alone)
	}

	b = allocBackend(t, `{}`)
	got = allocated(func() {
		if err := b.Invoke(t.Context(), &Request{Body: io.NopCloser(struct{ io.Reader }{strings.NewReader(reply)})}, decodeJSON); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%d bytes for a body of %d", got, size)
	if got > 2*size {
		t.Errorf("got %d bytes for a body of %d, want twice that at most", got, size)
	}
}
