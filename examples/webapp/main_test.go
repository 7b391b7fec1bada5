package main

import (
	"cmp"
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

// The endpoints of the example gateways are routes of the shop, and their backends ask
// for the same path.
func TestConfigurations(t *testing.T) {
	routes := shop.New().(chi.Routes)
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
			for _, extra := range e.Backend[0].ExtraConfig {
				if extra.FunctionName != "webapp" {
					continue
				}
				found++
				if !routes.Match(chi.NewRouteContext(), cmp.Or(e.Method, "GET"), e.Endpoint) {
					t.Errorf("%s: the shop has no %s %s", gateway, e.Method, e.Endpoint)
				}
				if e.Backend[0].URLPattern != e.Endpoint {
					t.Errorf("%s: %s asks for %s", gateway, e.Endpoint, e.Backend[0].URLPattern)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no endpoint of the shop's", gateway)
		}
	}
}
