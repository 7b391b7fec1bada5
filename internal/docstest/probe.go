package docstest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// callTheRest calls the endpoints that no block has called: each must invoke its functions.
func (r *run) callTheRest() (errs []error) {
	r.functions.become(nil, nil)
	for _, e := range r.section.service.endpoints {
		if r.called[e] || e.wrong {
			continue
		}
		got, err := r.send(e.probe())
		if err != nil {
			errs = append(errs, e.block.errorf("%s: %w", e, err))
			continue
		}
		for _, settings := range e.settings() {
			if !slices.ContainsFunc(r.calls, func(c lambdatest.Call) bool { return e.invokes(settings, c.Function) }) {
				errs = append(errs, e.block.errorf("%s does not invoke the function of %s; it answers %s", e, encode(settings), got.status))
			}
		}
	}
	return errs
}

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// probe returns a request for the endpoint. Its placeholders are x, except one that names the
// function: that is the first allowed function.
func (e *endpoint) probe() *curl {
	path := placeholder.ReplaceAllStringFunc(e.path(), func(p string) string {
		for _, settings := range e.settings() {
			if settings["function_param_name"] == capitalized(p[1:len(p)-1]) {
				return firstAllowed(settings)
			}
		}
		return "x"
	})
	c := &curl{method: e.method(), url: &url.URL{Path: path}, header: http.Header{}}
	if c.method != http.MethodGet {
		c.body = "{}"
		c.header.Set("Content-Type", "application/json")
	}
	return c
}

func firstAllowed(settings object) string {
	patterns, _ := settings["allowed_functions"].(list)
	if len(patterns) == 0 {
		return "x"
	}
	return strings.ReplaceAll(fmt.Sprint(patterns[0]), "*", "x")
}

// invokes tells whether a backend of the endpoint invokes this function for the probe. If
// another component names the function, any function counts.
func (e *endpoint) invokes(settings object, name string) bool {
	want := fixedFunction(settings)
	for _, p := range placeholder.FindAllStringSubmatch(e.path(), -1) {
		if settings["function_param_name"] == capitalized(p[1]) {
			want = parseFunction(firstAllowed(settings))
		}
	}
	return want.name == "" || name == want.name || name == capitalized(want.name)
}

// capitalized returns a name with its first letter in upper case, as KrakenD writes
// placeholders.
func capitalized(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
