package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// A NamespaceCheck finds the namespaces in a krakend.json that a build does not know. KrakenD
// ignores them without a warning.
type NamespaceCheck struct {
	// Missing has a sentence for each component that the build lacks and that would refuse or
	// change requests or responses.
	Missing []string
	// Ignored has a sentence for each other namespace that has no effect.
	Ignored []string

	own      []string
	wired    []string
	endpoint string // or async agent: the one that the next backends are part of
	backends int    // of it, so far
}

// NewNamespaceCheck returns a check for a build with the components of these namespaces. own are
// the namespaces of a Lambda backend, the preferred one first; it must not be empty.
func NewNamespaceCheck(own []string, wired ...string) *NamespaceCheck {
	return &NamespaceCheck{own: own, wired: wired}
}

// Service checks the extra_config of the service.
func (c *NamespaceCheck) Service(extra map[string]any) { c.check("the service", extra, false) }

// routerPlaceholder finds the placeholders in an endpoint as KrakenD's routers spell it.
var routerPlaceholder = regexp.MustCompile(`/:([^/]+)`)

// Endpoint checks the extra_config of an endpoint. Its backends follow.
func (c *NamespaceCheck) Endpoint(method, path string, extra map[string]any) {
	c.endpoint, c.backends = method+" "+routerPlaceholder.ReplaceAllString(path, "/{$1}"), 0
	c.check(c.endpoint, extra, false)
}

// Agent checks the extra_config of an async agent. Its backends follow.
func (c *NamespaceCheck) Agent(name string, extra map[string]any) {
	c.endpoint, c.backends = "the async agent "+name, 0
	c.check(c.endpoint, extra, false)
}

// Backend checks the extra_config of the next backend.
func (c *NamespaceCheck) Backend(extra map[string]any) {
	c.backends++
	c.check(fmt.Sprintf("backend %d of %s", c.backends, c.endpoint), extra, true)
}

func (c *NamespaceCheck) check(place string, extra map[string]any, backend bool) {
	isLambda := backend && slices.ContainsFunc(c.own, func(n string) bool { _, ok := extra[n]; return ok })
	for _, namespace := range slices.Sorted(maps.Keys(extra)) {
		known, _ := lookup(namespace)
		switch {
		case isComment(namespace), slices.Contains(c.wired, namespace):
			continue
		case known.short == lambdaShort && backend, known.instead != "" && isLambda:
			continue // the backend factory warns
		}
		sentence := text.Clean(text.Cut(namespace)) + " in the extra_config of " + place + " has no effect"
		if protects(namespace) {
			c.Missing = append(c.Missing, sentence+", and requests pass without it"+c.reason(namespace))
		} else {
			c.Ignored = append(c.Ignored, sentence+c.reason(namespace))
		}
	}
}

// reason says why a namespace has no effect, or suggests the right one.
func (c *NamespaceCheck) reason(namespace string) string {
	known, ok := lookup(namespace)
	if known.short == lambdaShort {
		return ": it belongs in the extra_config of a backend"
	}
	for _, other := range components {
		if !ok || other.short != known.short {
			continue
		}
		for _, name := range []string{other.long, other.short} {
			if slices.Contains(c.wired, name) {
				return ": this build knows it as " + name
			}
		}
	}
	if meant := c.resembled(namespace); !ok && meant != "" {
		return "; did you mean " + meant + "?"
	}
	return ": this build does not contain it"
}

// resembled returns the known namespace that an unknown one resembles, or an empty string.
func (c *NamespaceCheck) resembled(namespace string) string {
	spelled := strings.ToLower(namespace)
	best, distance := "", min(2, len(spelled)/4)+1
	consider := func(name string) {
		if d := editDistance(spelled, name); d < distance {
			best, distance = name, d
		}
	}
	for _, name := range slices.Concat(c.own, c.wired) {
		consider(name)
	}
	for _, known := range components {
		consider(known.short)
		consider(known.long)
	}
	if best == "" && strings.Contains(spelled, "lambda") || best == lambdaShort && !slices.Contains(c.own, best) {
		return c.own[0]
	}
	return best
}
