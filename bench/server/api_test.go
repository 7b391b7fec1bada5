package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

func invoke(t *testing.T, url, function string, change func(*http.Request)) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url+prefix+function+suffix, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	sign(r.Header)
	if change != nil {
		change(r)
	}
	return http.DefaultClient.Do(r)
}

func TestReplyIsTheDocumentOfItsSize(t *testing.T) {
	server := httptest.NewServer(newAPI())
	defer server.Close()
	reply, err := invoke(t, server.URL, "reply-1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	data, err := load.DecodeJSON(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	want, err := load.NewDocument(1000)
	if err != nil {
		t.Fatal(err)
	}
	if reply.StatusCode != http.StatusOK || reply.ContentLength != 1000 || !want.Matches(data) {
		t.Errorf("got a %s of %d bytes, want the document of 1000", reply.Status, reply.ContentLength)
	}
	for _, header := range []string{"Content-Type", "X-Amzn-Requestid", "X-Amz-Executed-Version", "Date"} {
		if reply.Header.Get(header) == "" {
			t.Errorf("there is no header %s", header)
		}
	}
}

func TestCallsThatAWSWouldRefuse(t *testing.T) {
	server := httptest.NewServer(newAPI())
	defer server.Close()
	for name, tc := range map[string]struct {
		function string
		change   func(*http.Request)
		want     int
	}{
		"without a signature":         {"reply-100", func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusForbidden},
		"without a length":            {"reply-100", func(r *http.Request) { r.ContentLength = -1 }, http.StatusLengthRequired},
		"with a signature of nothing": {"reply-100", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256") }, http.StatusForbidden},
		"with GET":                    {"reply-100", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusNotFound},
		"of another path":             {"reply-100", func(r *http.Request) { r.URL.Path = "/" }, http.StatusNotFound},
		"of no function":              {"dance-100", nil, http.StatusNotFound},
		"without a size":              {"reply", nil, http.StatusNotFound},
		"of too small a size":         {"reply-1", nil, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			reply, err := invoke(t, server.URL, tc.function, tc.change)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if reply.StatusCode != tc.want {
				t.Errorf("got %d, want %d", reply.StatusCode, tc.want)
			}
		})
	}
}

// Only invocations that have come whole count: that is what measurements are checked by.
func TestCallsAndTheirBytesCount(t *testing.T) {
	api := newAPI()
	server := httptest.NewServer(api)
	defer server.Close()
	for _, change := range []func(*http.Request){
		nil,
		nil,
		func(r *http.Request) { r.Header.Del("Authorization") },
		func(r *http.Request) { r.URL.Path = prefix + "dance-100" + suffix },
	} {
		reply, err := invoke(t, server.URL, "reply-100", change)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
	}
	if calls, bytes := api.calls.Load(), api.bytes.Load(); calls != 2 || bytes != 4 {
		t.Errorf("got %d calls and %d bytes, want 2 and 4", calls, bytes)
	}
}

func TestBarrierOpensWhenAllAreThere(t *testing.T) {
	server := httptest.NewServer(newAPI())
	defer server.Close()
	for range 2 { // it closes again
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				reply, err := invoke(t, server.URL, "barrier-3", nil)
				if err != nil {
					t.Error(err)
					return
				}
				reply.Body.Close()
				if reply.StatusCode != http.StatusOK {
					t.Errorf("got a %s", reply.Status)
				}
			})
		}
		all.Wait()
	}
}

func TestHalfWaitsForItsRelease(t *testing.T) {
	api := newAPI()
	server := httptest.NewServer(api)
	defer server.Close()
	reply, err := invoke(t, server.URL, "half-1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	half := make([]byte, 500)
	if _, err := io.ReadFull(reply.Body, half); err != nil {
		t.Fatal(err)
	}
	for api.held.Load() == 0 { // the function gets there with its next statement
		runtime.Gosched()
	}
	api.release()
	rest, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if all := append(half, rest...); len(all) != 1000 || !json.Valid(all) {
		t.Errorf("got %d bytes, want a document of 1000", len(all))
	}
}
