package docstest

import "strings"

// An endpoint is an endpoint of a service, with the block that configures it.
type endpoint struct {
	object
	block Block
	wrong bool // on purpose
}

func (e *endpoint) path() string { s, _ := e.object["endpoint"].(string); return s }

func (e *endpoint) method() string {
	if s, _ := e.object["method"].(string); s != "" {
		return strings.ToUpper(s)
	}
	return "GET"
}

func (e *endpoint) String() string { return e.method() + " " + e.path() }

// backends returns the endpoint's backends that are objects. KrakenD reports all others.
func (e *endpoint) backends() (all []object) {
	backends, _ := e.object["backend"].(list)
	for _, b := range backends {
		if b, ok := b.(object); ok {
			all = append(all, b)
		}
	}
	return all
}

// settings returns the Lambda configurations of the endpoint's backends that are objects.
func (e *endpoint) settings() (all []object) {
	for _, b := range e.backends() {
		extra, _ := b["extra_config"].(object)
		for _, name := range []string{lambdaNamespace, shortLambdaNamespace} {
			if settings, ok := extra[name].(object); ok {
				all = append(all, settings)
			}
		}
	}
	return all
}
