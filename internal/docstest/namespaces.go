package docstest

import "strings"

// A place is a part of krakend.json in which an extra_config may have a namespace.
type place int

const (
	ofBackend place = 1 << iota
	ofEndpoint
	ofService
)

// A namespace is a namespace that the tests' gateways know.
type namespace struct {
	short, long string
	places      place
	// component: it belongs to one of KrakenD-CE's components, which the gateway of KrakenD 2
	// lacks.
	// not have.
	component bool
}

const (
	lambdaNamespace      = "github.com/devopsfaith/krakend-lambda"
	shortLambdaNamespace = "backend/lambda"
)

var namespaces = []namespace{
	{shortLambdaNamespace, lambdaNamespace, ofBackend, false},
	{"backend/http", "github.com/devopsfaith/krakend/http", ofBackend, false},
	{"proxy", "github.com/devopsfaith/krakend/proxy", ofEndpoint | ofBackend, false},
	{"router", "github_com/luraproject/lura/router/gin", ofService, false},

	{"modifier/lua-backend", "github.com/devopsfaith/krakend-lua/proxy/backend", ofBackend, true},
	{"modifier/lua-proxy", "github.com/devopsfaith/krakend-lua/proxy", ofEndpoint, true},
	{"validation/cel", "github.com/devopsfaith/krakend-cel", ofEndpoint | ofBackend, true},
	{"qos/circuit-breaker", "github.com/devopsfaith/krakend-circuitbreaker/gobreaker", ofBackend, true},
	{"qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/juju/proxy", ofBackend, true},
	{"qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/juju/router", ofEndpoint, true},
}

// lookup finds a namespace by either of its names.
func lookup(name string) (namespace, bool) {
	for _, n := range namespaces {
		if name == n.short || name == n.long {
			return n, true
		}
	}
	return namespace{}, false
}

// isLambda tells whether an extra_config belongs to a Lambda backend.
func isLambda(extra object) bool {
	_, long := extra[lambdaNamespace]
	_, short := extra[shortLambdaNamespace]
	return long || short
}

// isComment tells whether a key is a comment, which programs ignore.
func isComment(key string) bool { return key == "" || strings.ContainsRune("@$_#", rune(key[0])) }
