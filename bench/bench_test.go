package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// TestMain runs the program itself if the process is one that the program has started, such as the API.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"api", "gateway", "pipes"}, os.Args[1]) {
		main()
		os.Exit(0)
	}
	useCredentials()
	os.Exit(m.Run())
}

// The API of the measurements does not verify signatures, so here each contestant calls an API that does.
func TestContestantsCall(t *testing.T) {
	all, err := contestants()
	if err != nil {
		t.Fatal(err)
	}
	reply, orders := document(medium)
	const function = "orders"
	server := lambdatest.NewServer(map[string]any{function: func() (json.RawMessage, error) { return json.RawMessage(reply), nil }})
	defer server.Close()
	server.RequireCredentials("AKIDEXAMPLE", "not-a-secret")
	payload, _ := document(small)
	for _, who := range all {
		server.Reset()
		call, err := who.open(target(server.URL, function))
		if err != nil {
			t.Fatal(err)
		}
		if err := once(t.Context(), call, []byte(payload), orders); err != nil {
			t.Errorf("%s: %v", who.name, err)
		}
		if err := once(t.Context(), call, []byte(payload), orders+1); err == nil {
			t.Errorf("%s: the check of the reply accepts a wrong reply", who.name)
		}
		if calls := server.Calls(); len(calls) != 2 || !calls[0].Executed || string(calls[0].Payload) != payload {
			t.Errorf("%s: got the calls %+v, want two executions with the payload", who.name, calls)
		}
	}
}

// The sources for both generations differ only in imports and names.
func TestSameAdapters(t *testing.T) {
	source := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ = bytes.Cut(text, []byte("title string, "))
		text, _, _ = bytes.Cut(text, []byte("// useTransport"))
		return strings.TrimSpace(string(text))
	}
	want := strings.NewReplacer("parse2", "parse1", "notLambda2", "notLambda1").Replace(source("lura2.go"))
	if got := source("lura1.go"); got != want || got == "" {
		t.Errorf("lura1.go has\n%s\nwant\n%s", got, want)
	}
}

func TestDocument(t *testing.T) {
	for size, want := range map[int]int{small: 0, 1 << 10: 4, medium: 46} {
		text, orders := document(size)
		data, err := decode([]byte(text))
		if err != nil || len(text) != size || orders != want || len(data["orders"].([]any)) != want {
			t.Errorf("a document of %d bytes has %d bytes and %d orders, %v; want %d orders", size, len(text), orders, err, want)
		}
		// KrakenD decodes and encodes it, the published module with numbers as float64.
		var published any
		if err := json.Unmarshal([]byte(text), &published); err != nil {
			t.Fatal(err)
		}
		for _, data := range []any{data, published} {
			if again, err := json.Marshal(data); err != nil || string(again) != text {
				t.Errorf("a document of %d bytes changes when it is decoded and encoded again", size)
			}
		}
	}
}

func TestAPI(t *testing.T) {
	counted := new(api)
	server := httptest.NewServer(counted)
	defer server.Close()
	signature := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request"
	for _, tc := range []struct {
		method, path, signature string
		want                    int
	}{
		{http.MethodPost, invokePrefix + "100" + invokeSuffix, signature, http.StatusOK},
		{http.MethodPost, invokePrefix + "100" + invokeSuffix, "", http.StatusForbidden},
		{http.MethodPut, invokePrefix + "100" + invokeSuffix, signature, http.StatusForbidden},
		{http.MethodPost, invokePrefix + "100", signature, http.StatusForbidden},
		{http.MethodPost, invokePrefix + "99" + invokeSuffix, signature, http.StatusNotFound},
		{http.MethodPost, invokePrefix + "x" + invokeSuffix, signature, http.StatusNotFound},
		{http.MethodPost, plainPrefix + "100", "", http.StatusOK},
		{http.MethodPost, plainPrefix + "100/7", "", http.StatusOK},
		{http.MethodPost, "/", "", http.StatusNotFound},
	} {
		r, err := http.NewRequest(tc.method, server.URL+tc.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", tc.signature)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != tc.want {
			t.Errorf("%s %s: got %d, want %d", tc.method, tc.path, reply.StatusCode, tc.want)
		}
	}
	got, err := (&remoteAPI{addr: server.Listener.Addr().String()}).counts()
	if want := (counts{Calls: 1, Bytes: 2, Plain: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestClient(t *testing.T) {
	long := strings.Repeat("x", 20<<10) // so long that net/http sends it in chunks
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/error" {
			w.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprintf(w, "%s%s", body, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	defer server.Close()
	addr := server.Listener.Addr().String()
	for _, tc := range []struct {
		path, payload, reply string
		ok                   bool
	}{
		{"/short", "payload ", "payload short", true},
		{"/%0A", "with a newline", "with a newline", true},
		{"/long", long, long + "long", true},
		{"/", "", "", true},
		{"/short", "", "shor", false},
		{"/long", long, long + "longer", false},
		{"/error", "", "error", false},
	} {
		c := connection{load: newLoad(addr, http.MethodPost, tc.path, tc.payload, tc.reply)}
		for range 2 { // the second time on the same connection
			if err := c.exchange(); (err == nil) != tc.ok {
				t.Errorf("%.20s with %d bytes and a reply of %d: got error %v, want success: %t", tc.path, len(tc.payload), len(tc.reply), err, tc.ok)
			}
			if !tc.ok {
				break
			}
		}
		c.close()
	}
	if n, err := newLoad(addr, http.MethodGet, "/a", "", "a").send(3, 1); n < 1 || err != nil {
		t.Errorf("got %d requests, %v, want at least one", n, err)
	}
	server.Close()
	if _, err := newLoad(addr, http.MethodGet, "/a", "", "a").send(1, 1); err == nil {
		t.Error("got no error for requests to a closed port")
	}
}

func TestStats(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		want   float64
		spread string
	}{
		{[]float64{3}, 3, "3.00 (3.00 to 3.00)"},
		{[]float64{3, 1}, 2, "2.00 (1.00 to 3.00)"},
		{[]float64{9, 1, 5}, 5, "5.00 (1.00 to 9.00)"},
		{[]float64{8, 1, 2, 3, 4, 5, 6, 7}, 4.5, "4.50 (3.00 to 7.00)"},
	} {
		if got := median(tc.values); got != tc.want {
			t.Errorf("median(%v) = %v, want %v", tc.values, got, tc.want)
		}
		if got := spread(tc.values); got != tc.spread {
			t.Errorf("spread(%v) = %s, want %s", tc.values, got, tc.spread)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of no values is %v, want NaN", got)
	}
	if got, want := ratios([]float64{2, 9, 4}, []float64{1, 3}), []float64{2, 3}; !slices.Equal(got, want) {
		t.Errorf("got the ratios %v, want %v", got, want)
	}
	for round, want := range [][]int{{1, 2, 3, 4}, {2, 1, 4, 3}, {3, 4, 1, 2}, {4, 3, 2, 1}, {1, 2, 3, 4}} {
		if got := rotated([]int{1, 2, 3, 4}, round); !slices.Equal(got, want) {
			t.Errorf("round %d has the order %v, want %v", round, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	want := "|  | time | size |\n|---|---:|---:|\n| one | 1 | 2 |\n| two | 3 | 4 |\n\n"
	if got := table("|time|size", row("one", "1", "2"), row("two", "3", "4")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for value, want := range map[float64]string{0.123: "0.12", 12.34: "12.3", 1234.5: "1234"} {
		if got := number(value); got != want {
			t.Errorf("number(%v) = %s, want %s", value, got, want)
		}
	}
	if _, err := between("a begin b", "begin", "end", ""); err == nil {
		t.Error("got no error for a page without its mark")
	}
}

func TestOptions(t *testing.T) {
	for _, args := range [][]string{{"dance"}, {"-rounds", "0"}, {"-duration", "0s"}, {"-at-once", "0"}, {"-nothing"}} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// All measurements except gateways, which make bench-smoke runs.
func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "performance.md")
	const head, tail = "# Performance\n", "the end\n"
	marks := "<!-- calls: written by make bench -->\nold\n<!-- end of calls -->\n<!-- start: written by make bench -->\n<!-- end of start -->\n"
	if err := os.WriteFile(page, []byte(head+marks+tail), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-smoke", "-write", dir, "calls", "start"}, io.Discard, os.Stderr); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) || strings.Contains(got, "old") || strings.Contains(got, "NaN") {
		t.Errorf("got the page\n%s", got)
	}
	for _, want := range []string{"| 1 MB, 4 concurrent |", "| this module, KrakenD 2 / published v2.0.3 |", "Medians of 1 turns"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q:\n%s", want, got)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "performance.svg"))
	if err != nil {
		t.Fatal(err)
	}
	var plot struct {
		Bars []struct{} `xml:"rect"`
	}
	if err := xml.Unmarshal(svg, &plot); err != nil || len(plot.Bars) != 1+2*len(cells()) {
		t.Errorf("the plot has %d rectangles, %v; want one and %d bars", len(plot.Bars), err, 2*len(cells()))
	}
}
