package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-chi/chi/v5"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
)

// Both functions answer events of their format.
func TestFunctions(t *testing.T) {
	for function, event := range map[string]string{
		"webapp":    `{"version":"2.0","rawPath":"/teas","rawQueryString":"tag=malty","requestContext":{"http":{"method":"GET"}}}`,
		"webapp-v1": `{"httpMethod":"GET","path":"/teas","multiValueQueryStringParameters":{"tag":["malty"]}}`,
	} {
		reply, err := lambda.NewHandler(Functions()[function]).Invoke(t.Context(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			StatusCode int
			Body       string
		}
		if err := json.Unmarshal(reply, &got); err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != 200 || !strings.HasPrefix(got.Body, `[{"id":"assam"`) {
			t.Errorf("%s: got %s", function, reply)
		}
	}
}

// Every endpoint of krakend.json is a route of the shop, and its backend asks for the
// same path.
func TestConfiguration(t *testing.T) {
	file, err := os.ReadFile("krakend.json")
	if err != nil {
		t.Fatal(err)
	}
	var cfg struct {
		Endpoints []struct {
			Endpoint, Method string
			Backend          []struct {
				URLPattern string `json:"url_pattern"`
			}
		}
	}
	if err := json.Unmarshal(file, &cfg); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Endpoints) == 0 {
		t.Error("no endpoints")
	}
	routes := shop.New().(chi.Routes)
	for _, e := range cfg.Endpoints {
		if !routes.Match(chi.NewRouteContext(), e.Method, e.Endpoint) {
			t.Errorf("the shop has no %s %s", e.Method, e.Endpoint)
		}
		if len(e.Backend) != 1 || e.Backend[0].URLPattern != e.Endpoint {
			t.Errorf("%s %s: got the backends %+v", e.Method, e.Endpoint, e.Backend)
		}
	}
}
