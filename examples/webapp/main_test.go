package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
)

// Both functions answer events of format 2.0.
func TestFunctions(t *testing.T) {
	const event = `{"version":"2.0","rawPath":"/teas/assam","requestContext":{"domainName":"tea.example","http":{"method":"GET","path":"/teas/assam"}}}`
	for name, function := range Functions() {
		reply, err := lambda.NewHandler(function).Invoke(t.Context(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		if want := "<h1>Assam</h1>"; !bytes.Contains(reply, []byte(want)) {
			t.Errorf("%s: got %s, want it with %s", name, reply, want)
		}
	}
}

// The shop takes forms from the event's host only, with its port.
func TestOrigins(t *testing.T) {
	for name, function := range Functions() {
		for origin, want := range map[string]int{
			"http://tea.example:8080": 303,
			"http://tea.example":      403,
			"http://tea.example:8081": 403,
			"http://evil.example":     403,
			"null":                    403,
		} {
			event := fmt.Sprintf(`{"version":"2.0","rawPath":"/teas/assam","body":"grams=50&name=Ada",
				"headers":{"host":"tea.example:8080","origin":%q,"content-type":"application/x-www-form-urlencoded","x-forwarded-host":"evil.example"},
				"requestContext":{"domainName":"tea.example","http":{"method":"POST","path":"/teas/assam"}}}`, origin)
			reply, err := lambda.NewHandler(function).Invoke(t.Context(), []byte(event))
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`{"statusCode":%d,`, want); !bytes.HasPrefix(reply, []byte(want)) {
				t.Errorf("%s, %s: got %s, want it with %s", name, origin, reply, want)
			}
		}
	}
}

// The endpoints of the example gateways are pages of the shop, and their backends have the same path.
func TestConfigurations(t *testing.T) {
	app := shop.New(0)
	example := strings.NewReplacer("{id}", "assam", "{file}", "style.css")
	for _, gateway := range []string{"krakend", "krakend14", "krakend2"} {
		file, err := os.ReadFile("../" + gateway + "/krakend.json")
		if err != nil {
			t.Fatal(err)
		}
		var cfg struct {
			Endpoints []struct {
				Endpoint, Method string
				Backend          []struct {
					URLPattern  string `json:"url_pattern"`
					ExtraConfig map[string]struct {
						FunctionName string `json:"function_name"`
					} `json:"extra_config"`
				}
			}
		}
		if err := json.Unmarshal(file, &cfg); err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, e := range cfg.Endpoints {
			if e.Backend[0].URLPattern != e.Endpoint {
				t.Errorf("%s: the backend of %s has the url_pattern %q", gateway, e.Endpoint, e.Backend[0].URLPattern)
			}
			for _, extra := range e.Backend[0].ExtraConfig {
				if !strings.HasPrefix(extra.FunctionName, "webapp") {
					continue
				}
				found++
				want := 200
				switch {
				case e.Endpoint == "/purchases/{number}", e.Endpoint == "/{page}":
					want = 404 // without the cookie, and for a missing page
				case e.Method == "POST":
					want = 422
				}
				w := httptest.NewRecorder()
				app.ServeHTTP(w, httptest.NewRequest(cmp.Or(e.Method, "GET"), example.Replace(e.Endpoint), nil))
				if w.Code != want {
					t.Errorf("%s: %s %s: got %d, want %d", gateway, e.Method, e.Endpoint, w.Code, want)
				}
			}
		}
		if found < 6 {
			t.Errorf("%s: got %d endpoints of the shop, want at least 6", gateway, found)
		}
	}
}
