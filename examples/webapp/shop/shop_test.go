package shop

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// do sends the shop a request; body is a form.
func do(t *testing.T, method, target, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	New(0).ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	fromElsewhere := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	from := func(origin, host string) func(*http.Request) { // for older browsers, and for HTTP without TLS
		return func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Host", host) // as adapters set both
			r.Host, _, _ = strings.Cut(host, ":")
		}
	}
	long := strings.Repeat("é", maxName)
	for _, tc := range []struct {
		name, method, target, body string
		change                     func(*http.Request)
		status                     int
		want                       string // a part of the page
	}{
		{"home", "GET", "/", "", nil, 200, `<a href="/teas/mat%c3%a9">Yerba maté</a>`},
		{"tea", "GET", "/teas/earl-grey", "", nil, 200, "<h1>Earl Grey &amp; Bergamot</h1>"},
		{"sold out", "GET", "/teas/gyokuro", "", nil, 200, "Sold out."},
		{"no such tea", "GET", "/teas/coffee", "", nil, 404, "<h1>We do not have this</h1>"},
		{"no such page", "GET", "/attic", "", nil, 404, "<h1>We do not have this</h1>"},
		{"no such asset", "GET", "/assets/x.css", "", nil, 404, "<h1>We do not have this</h1>"},
		{"path out of the assets", "GET", "/assets/..%2ftemplates%2fhome.html", "", nil, 404, "<h1>We do not have this</h1>"},
		{"style sheet", "GET", "/assets/style.css", "", nil, 200, "prefers-color-scheme"},
		{"empty order", "POST", "/teas/assam", "grams=&name=+", nil, 422, "Choose how much you would like."},
		{"order without a name", "POST", "/teas/assam", "grams=250", nil, 422, `<option value="250" selected>250 g, €18.75</option>`},
		{"order of an odd amount", "POST", "/teas/assam", "grams=1&name=Ada", nil, 422, `value="Ada"`},
		{"order with a long name", "POST", "/teas/assam", "grams=50&name=" + long + "x", nil, 422, "The name has 61 characters."},
		{"order with the longest name", "POST", "/teas/assam", "grams=50&name=" + long, nil, 303, ""},
		{"order with markup", "POST", "/teas/assam", "name=%22%3E%3Cb%3E", nil, 422, `value="&#34;&gt;&lt;b&gt;"`},
		{"order of a tea that is sold out", "POST", "/teas/gyokuro", "grams=50&name=Ada", nil, 409, "Gyokuro is sold out"},
		{"broken form", "POST", "/teas/assam", "name=%zz", nil, 400, "We cannot read this form"},
		{"form of another site", "POST", "/teas/assam", "grams=50&name=Ada", fromElsewhere, 403, "This form is not ours"},
		{"form of this site, by its origin", "POST", "/teas/assam", "grams=50&name=Ada", from("http://192.0.2.1:8080", "192.0.2.1:8080"), 303, ""},
		{"form of another, by its origin", "POST", "/teas/assam", "grams=50&name=Ada", from("http://192.0.2.1:8081", "192.0.2.1:8080"), 403, "This form is not ours"},
		{"form of another, by its origin, which names itself", "POST", "/teas/assam", "grams=50&name=Ada", func(r *http.Request) {
			from("http://evil.example", "192.0.2.1:8080")(r)
			r.Header.Set("X-Forwarded-Host", "evil.example")
		}, 403, "This form is not ours"},
		{"order of another spelling", "POST", "/teas/assam", "grams=%2B50&name=Ada", nil, 422, "Choose how much you would like."},
		{"order with a control character", "POST", "/teas/assam", "grams=50&name=A%0d%0aSet-Cookie:x", nil, 422, "do not fit on a label"},
		{"order that is not text", "POST", "/teas/assam", "grams=50&name=%ff", nil, 422, "do not fit on a label"},
		{"link from another site", "GET", "/teas/assam", "", fromElsewhere, 200, "Assam"},
		{"order without a cookie", "GET", "/purchases/01234567", "", nil, 404, "We do not know this order"},
		{"kettle", "GET", "/kettle", "", nil, 200, strings.Join(steps, "\n") + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := do(t, tc.method, tc.target, tc.body, tc.change)
			if body := w.Body.String(); w.Code != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("got %d %s, want %d with %s", w.Code, body, tc.status, tc.want)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
				t.Errorf("got the Content-Security-Policy %q", csp)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	placed := do(t, "POST", "/teas/maté", "grams=50&name=Ada+%26+co", nil).Result()
	cookies := placed.Cookies()
	if placed.StatusCode != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("got %d with the cookies %v", placed.StatusCode, cookies)
	}
	cookie, path := cookies[0], placed.Header.Get("Location")
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != path {
		t.Errorf("got the cookie %v, want it for %s", cookie, path)
	}

	for value, want := range map[string]int{
		cookie.Value: 200,
		strings.Replace(cookie.Value, "50", "500", 1): 404, // the order's number differs
		"tea=coffee":            404,
		url.QueryEscape("%zz;"): 404,
	} {
		page := do(t, "GET", path, "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "order", Value: value}) })
		if page.Code != want {
			t.Errorf("%s: got %d, want %d", value, page.Code, want)
		}
		if shown := strings.Contains(page.Body.String(), "Thank you, Ada &amp; co."); shown != (want == 200) {
			t.Errorf("%s: got %s", value, page.Body)
		}
	}
}

func TestFooter(t *testing.T) {
	if body := do(t, "GET", "/", "", nil).Body.String(); !strings.Contains(body, "without Lambda") {
		t.Errorf("got %s", body)
	}
	called := do(t, "GET", "/", "", func(r *http.Request) {
		*r = *r.WithContext(lambdacontext.NewContext(r.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-7"}))
	})
	if body := called.Body.String(); !strings.Contains(body, "<dd>request-7</dd>") {
		t.Errorf("got %s", body)
	}
}
