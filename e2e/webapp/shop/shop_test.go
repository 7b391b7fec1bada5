package shop

import (
	"compress/gzip"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// do sends a request to the shop. headers has names and values in turn.
func do(t *testing.T, method, target, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	New().ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCatalogue(t *testing.T) {
	const etag = `"b44e8beef81b975a"`
	for _, tc := range []struct {
		method, target, body string
		header               []string
		status               int
		want                 string // a part of the answer
	}{
		{"GET", "/teas?tag=green", "", nil, 200, `"id":"dragon-well"`},
		{"GET", "/teas?origin=Mars", "", nil, 200, `[]`},
		{"GET", "/teas/mat%C3%A9", "", nil, 200, `"name":"Yerba maté"`},
		{"GET", "/teas/coffee", "", nil, 404, `no tea \"coffee\"`},
		{"GET", "/teas/assam", "", []string{"If-None-Match", `"0", W/` + etag}, 304, ""},
		{"POST", "/teas", `{"id":"x"}`, nil, 201, `"id":"x"`},
		{"POST", "/teas", `{"id":"assam"}`, nil, 409, "there is a tea"},
		{"POST", "/teas", `{"id":`, nil, 400, "unexpected EOF"},
		{"POST", "/teas", `id=x`, []string{"Content-Type", "text/plain"}, 415, "JSON only"},
		{"PUT", "/teas/assam", `{"name":"A"}`, []string{"If-Match", etag}, 200, `"name":"A","origin":""`},
		{"PUT", "/teas/assam", `{"name":"A"}`, []string{"If-Match", `"0"`}, 412, "changed"},
		{"PATCH", "/teas/assam", `{"price":8}`, nil, 200, `"origin":"India","tags":["black","malty"],"price":8`},
		{"DELETE", "/teas/assam", "", nil, 204, ""},
		{"DELETE", "/teas/gyokuro", "", nil, 409, "waiting"},
	} {
		header := append([]string{"Content-Type", "application/json"}, tc.header...)
		r := do(t, tc.method, tc.target, tc.body, header...)
		if body := read(t, r.Body); r.StatusCode != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: got %d %s, want %d with %s", tc.method, tc.target, r.StatusCode, body, tc.status, tc.want)
		}
	}
}

// A placeholder has the decoded value, for every way to escape it.
func TestSegments(t *testing.T) {
	for target, want := range map[string]string{
		"/labels/a+b":           "a+b",
		"/labels/a%2Bb":         "a+b",
		"/labels/a%2Cb,c":       "a,b,c",
		"/labels/what%3F%23%25": "what?#%",
		"/labels/th%C3%A9":      "thé",
	} {
		if got := read(t, do(t, "GET", target, "").Body); !strings.Contains(got, `"name":"`+want+`"`) {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
}

func TestCompression(t *testing.T) {
	r := do(t, "GET", "/", "", "Accept-Encoding", "gzip")
	if got := r.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("got Content-Encoding %q", got)
	}
	zr, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, zr); !strings.Contains(got, "Earl Grey &amp; Bergamot &lt;fresh&gt;") {
		t.Errorf("got %s", got)
	}
}

func TestOrder(t *testing.T) {
	r := do(t, "POST", "/purchases", "tea=assam&grams=100", "Content-Type", "application/x-www-form-urlencoded")
	location := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, "/purchases/") {
		t.Fatalf("got %d %q", r.StatusCode, location)
	}
	if got := read(t, do(t, "GET", location, "").Body); !strings.Contains(got, "on its way") {
		t.Errorf("got %s", got)
	}
}

// The basket is in the customer's cookies.
func TestBasket(t *testing.T) {
	r := do(t, "PUT", "/basket/earl-grey", "", "Cookie", "basket=assam")
	if got, want := r.Cookies()[0].Value, "assam|earl-grey"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := len(r.Header["Set-Cookie"]), 4; got != want {
		t.Errorf("got %d cookies, want %d", got, want)
	}
}

func TestLogo(t *testing.T) {
	r := do(t, "GET", "/logo.png", "")
	if got, want := r.Header.Get("Content-Type"), "image/png"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := png.Decode(r.Body); err != nil {
		t.Error(err)
	}
	if r := do(t, "GET", "/logo.png", "", "Range", "bytes=0-3"); r.StatusCode != http.StatusPartialContent || read(t, r.Body) != "\x89PNG" {
		t.Errorf("of a range: got %d", r.StatusCode)
	}
}

func TestCellar(t *testing.T) {
	r := do(t, "GET", "/cellar", "")
	if r.StatusCode != http.StatusUnauthorized || r.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("got %d %q", r.StatusCode, r.Header)
	}
}
