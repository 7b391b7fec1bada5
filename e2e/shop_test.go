package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// shopHost is the address of the shop in a browser. It is not localhost, and has no TLS, so the
// browser does not send Sec-Fetch-Site.
const shopHost = "tea.example:8080"

// The example shop takes orders from its own pages at any address, with the krakend.json of the
// example gateways. It refuses those from other sites.
func TestOrdersOfTheShop(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		api.Handle("webapp", httpadapter.NewV2(shop.New(0)).ProxyWithContext)
		dir := map[string]string{"1": "krakend", "1.4": "krakend14", "2": "krakend2"}[g.Name]
		file, err := os.ReadFile(filepath.Join("..", "examples", dir, "krakend.json"))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(file), "http://127.0.0.1:9002", api.URL)
		// Users of KrakenD 1.0 to 1.3 set the address.
		const host = `"host": ["http://127.0.0.1:8080"]`
		if got, want := strings.Count(text, host) == 1, !g.forwardsHost; got != want {
			t.Errorf("the configuration has the host: %t, want %t", got, want)
		}
		text = strings.ReplaceAll(text, host, `"host": ["http://`+shopHost+`"]`)
		var config struct{ Endpoints []map[string]any }
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			t.Fatal(err)
		}
		gw := process{gatewaytest.Start(t, g.Gateway, config.Endpoints, options{Secrets: func() []string { return payloadsOf(t) }})}

		for headers, want := range map[string]int{
			"":                                         http.StatusSeeOther, // curl
			"Origin: http://" + shopHost + "\r\n":      http.StatusSeeOther,
			"Origin: https://" + shopHost + "\r\n":     http.StatusSeeOther, // TLS ends at a proxy
			"Sec-Fetch-Site: same-origin\r\n":          http.StatusSeeOther,
			"Origin: http://tea.example:8081\r\n":      http.StatusForbidden,
			"Origin: http://tea.example\r\n":           http.StatusForbidden,
			"Origin: http://shop.tea.example:8080\r\n": http.StatusForbidden,
			"Origin: http://evil.example\r\n":          http.StatusForbidden,
			"Origin: http://localhost\r\n":             http.StatusForbidden,
			"Origin: null\r\n":                         http.StatusForbidden,
			"Sec-Fetch-Site: cross-site\r\nOrigin: http://" + shopHost + "\r\n":                       http.StatusForbidden,
			"Origin: http://evil.example\r\nReferer: http://" + shopHost + "/teas/assam\r\n":          http.StatusForbidden,
			"Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\n":                       http.StatusForbidden,
			"Origin: http://evil.example\r\nX-Host: evil.example\r\nForwarded: host=evil.example\r\n": http.StatusForbidden,
		} {
			const form = "grams=50&name=Ada"
			got := gw.spelled(t, "POST /teas/assam HTTP/1.1\r\nHost: "+shopHost+"\r\nConnection: close\r\n"+headers+
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\n"+form)
			if got.status != want {
				t.Errorf("%q: got %d, want %d", headers, got.status, want)
			}
		}
	})
}
