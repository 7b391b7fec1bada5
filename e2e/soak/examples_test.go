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

// An example is the krakend.json of an example gateway.
type example struct {
	service   object // all keys except the endpoints
	endpoints []object
}

// readExample reads the krakend.json of the gateway in dir. It points the Lambda backends at
// lambdaURL, and sets the ports and timeouts that the test needs.
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
	// The test sets the address and the timeout. Only /slow, whose endpoint has a timeout, may reach
	// it, even on a busy machine.
	for _, key := range []string{"endpoints", "port", "listen_ip", "timeout"} {
		delete(e.service, key)
	}
	// Without it, the read_timeout applies, and a POST can use a connection that is being closed.
	e.service["idle_timeout"] = "10m"

	// Only KrakenD 2 has this endpoint, the page for unknown paths.
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
				t.Errorf("%s: %s has a backend that is not a Lambda backend", dir, key(endpoint))
			}
		}
	}
	return e
}

// key returns the key of an endpoint in traffic.
func key(endpoint object) string {
	method, _ := endpoint["method"].(string)
	if method == "" {
		method = http.MethodGet
	}
	return method + " " + endpoint["endpoint"].(string)
}

// checkTraffic reports endpoints without traffic, and traffic without an endpoint.
func (e example) checkTraffic(t *testing.T, dir string) {
	t.Helper()
	known := make(map[string]bool)
	for _, endpoint := range e.endpoints {
		known[key(endpoint)] = true
		if len(traffic[key(endpoint)]) == 0 {
			t.Errorf("%s: %s has no traffic: add some to traffic_test.go", dir, key(endpoint))
		}
	}
	for k := range traffic {
		if !known[k] {
			t.Errorf("%s: there is traffic for %s, which is not an endpoint", dir, k)
		}
	}
}
