package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		stdout, stderr, status := run(t, g, "-version")
		want := fmt.Sprintf(", %s v%s, go1.", g.framework, g.version)
		if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "krakend-lambda ") || !strings.Contains(stdout, want) {
			t.Errorf("got the exit status %d, %q and %q, want %q", status, stdout, stderr, want)
		}
	})
}

// docs/build.md shows how a build sets the version that it tells.
func TestDocsVersion(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/build.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`    go build -ldflags "-X %s/core.KrakendVersion=%s" -o krakend .`, krakend2.framework, krakend2.version); !strings.Contains(string(page), want) {
		t.Errorf("no %q in docs/build.md", want)
	}
}

// userAgent is what KrakenD's routers send to backends if the endpoint does not forward User-Agent.
func (g generation) userAgent() string { return "KrakenD Version " + g.version }

// Clients and backends see the version of KrakenD's framework.
func TestVersionHeaders(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		seen := make(chan http.Header, 1)
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen <- r.Header
			_, _ = w.Write([]byte(`{"tea":"assam"}`))
		}))
		t.Cleanup(backend.Close)
		gw := start(t, g, []object{
			endpoint("/http", httpBackend(backend.URL, "/")),
			with(endpoint("/via", httpBackend(backend.URL, "/")), object{"headers_to_pass": list{"User-Agent"}}),
		}, options{})

		got := gw.get(t, "/http")
		if got, want := got.header.Get("X-Krakend"), "Version "+g.version; got != want {
			t.Errorf("got X-Krakend %q, want %q", got, want)
		}
		if got, want := (<-seen).Get("User-Agent"), g.userAgent(); got != want {
			t.Errorf("got User-Agent %q, want %q", got, want)
		}
		gw.get(t, "/via")
		if got, want := (<-seen).Get("X-Forwarded-Via"), g.userAgent(); got != want {
			t.Errorf("got X-Forwarded-Via %q, want %q", got, want)
		}
	})
}

// KrakenD 2's router can hide the version from clients.
func TestHiddenVersion(t *testing.T) {
	eachGatewayThat(t, returnsErrors, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		gw := start(t, g, []object{endpoint("/a/{id}", lambdaBackend(fixed(api, "f")))}, options{
			Service: object{"extra_config": object{routerNamespace: object{"hide_version_header": true}}},
		})
		if got, want := gw.get(t, "/a/7").header.Get("X-Krakend"), "Version undefined"; got != want {
			t.Errorf("got X-Krakend %q, want %q", got, want)
		}
	})
}
