package webapp

import (
	"net/http"
	"testing"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/go-chi/chi/v5"

	"github.com/devopsfaith/krakend-lambda/e2e/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/internal/answertest"
	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

type object = map[string]any

var gateways = []*gatewaytest.Gateway{
	gatewaytest.New("1", "../../examples/krakend", 2),
	gatewaytest.New("1.4", "../../examples/krakend14", 2),
	gatewaytest.New("2", "../../examples/krakend2", 3),
}

// formats are API Gateway's payload formats, with a handler for each.
var formats = []struct {
	name    string
	handler func(http.Handler) any
}{
	{"1.0", func(app http.Handler) any { return httpadapter.New(app).ProxyWithContext }},
	{"2.0", func(app http.Handler) any { return httpadapter.NewV2(app).ProxyWithContext }},
}

func TestMain(m *testing.M) { gatewaytest.Main(m) }

// A stack is the shop behind a gateway.
type stack struct {
	gateway, format string
	addr            string // of the gateway, host:port
	api             *lambdatest.Server
}

// eachStack runs a test behind every gateway, in every format.
func eachStack(t *testing.T, test func(t *testing.T, s *stack)) {
	t.Helper()
	t.Parallel()
	for _, g := range gateways {
		for _, f := range formats {
			t.Run("KrakenD "+g.Name+"/format "+f.name, func(t *testing.T) {
				t.Parallel()
				api := lambdatest.NewServer(map[string]any{"webapp": f.handler(shop.New())})
				t.Cleanup(api.Close)
				api.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
				test(t, &stack{g.Name, f.name, start(t, g, endpoints(t, g, object{
					"function_name":  "webapp",
					"region":         "us-east-1",
					"endpoint":       api.URL,
					"payload_format": f.name,
					"max_retries":    0,
				})), api})
			})
		}
	}
}

// beyond are endpoints for routes that the shop does not have, so that the shop answers with the error.
var beyond = []struct{ method, path string }{
	{http.MethodDelete, "/leaflet"},
	{http.MethodGet, "/attic/{room}"},
}

// endpoints returns an endpoint for each of the shop's routes.
func endpoints(t *testing.T, g *gatewaytest.Gateway, settings object) (all []object) {
	t.Helper()
	headers, queries := "headers_to_pass", "querystring_params"
	if g.Version == 3 {
		headers, queries = "input_headers", "input_query_strings"
	}
	add := func(method, path string) {
		all = append(all, object{
			"endpoint":        path,
			"method":          method,
			"output_encoding": "no-op",
			headers:           []string{"*"},
			queries:           []string{"*"},
			"backend": []object{{
				// KrakenD 1.2 does not pass on the client's Host, so the shop gets this name. The
				// gateway does not call it.
				"host":         []string{"http://" + answertest.Host},
				"url_pattern":  path,
				"encoding":     "no-op",
				"extra_config": object{"github.com/devopsfaith/krakend-lambda": settings},
			}},
		})
	}
	err := chi.Walk(shop.New().(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		add(method, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range beyond {
		add(e.method, e.path)
	}
	return all
}

// start runs a gateway until the end of the test, and returns its address.
func start(t *testing.T, g *gatewaytest.Gateway, endpoints []object) (addr string) {
	t.Helper()
	p := gatewaytest.Start(t, g, endpoints, gatewaytest.Options{Quiet: true})
	t.Cleanup(answertest.Client.CloseIdleConnections) // before the gateway ends
	return p.Addr
}
