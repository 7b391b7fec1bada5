package soak

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type object = map[string]any

// An example is one of the examples' gateways, with the endpoints of its krakend.json.
type example struct {
	service   object // the keys beside the endpoints
	endpoints []object
}

// readExample reads the krakend.json of the gateway in dir. Of what stands there it
// changes where the Lambda functions are, and no more.
func readExample(t *testing.T, dir, lambdaURL string) example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "krakend.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e example
	var file struct{ Endpoints []object }
	if err := json.Unmarshal(text, &e.service); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	// Where it listens is the test's affair, and how long it waits: nothing but /slow,
	// which has a timeout of its own, is to reach one on a machine that is busy.
	for _, key := range []string{"endpoints", "port", "listen_ip", "timeout"} {
		delete(e.service, key)
	}
	// Else it is the read_timeout, and a POST can meet a connection that is being closed.
	e.service["idle_timeout"] = "10m"

	// KrakenD 2 alone has that one. It is the page for paths that are not there.
	e.endpoints = slices.DeleteFunc(file.Endpoints, func(e object) bool { return e["endpoint"] == "/{page}" })
	for _, endpoint := range e.endpoints {
		for _, b := range endpoint["backend"].([]any) {
			extra, _ := b.(object)["extra_config"].(object)
			n := 0
			for _, namespace := range []string{"github.com/devopsfaith/krakend-lambda", "backend/lambda"} {
				if settings, ok := extra[namespace].(object); ok {
					settings["endpoint"] = lambdaURL
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %s has a backend that is none of Lambda's", dir, key(endpoint))
			}
		}
	}
	return e
}

// key is how the traffic knows an endpoint.
func key(endpoint object) string {
	method, _ := endpoint["method"].(string)
	if method == "" {
		method = http.MethodGet
	}
	return method + " " + endpoint["endpoint"].(string)
}

// checkTraffic reports endpoints that there is no traffic for, and traffic that there is
// no endpoint for.
func (e example) checkTraffic(t *testing.T, dir string) {
	t.Helper()
	known := make(map[string]bool)
	for _, endpoint := range e.endpoints {
		known[key(endpoint)] = true
		if len(traffic[key(endpoint)]) == 0 {
			t.Errorf("%s: there is no traffic for %s: add some to traffic_test.go", dir, key(endpoint))
		}
	}
	for k := range traffic {
		if !known[k] {
			t.Errorf("%s: there is traffic for %s, which is no endpoint", dir, k)
		}
	}
}
