package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A request that fails has one line with the cause for each function that failed. The access log
// names the request and its status, and repeats no error.
func TestFailuresAreLoggedOnce(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": fails(plantedError("oh"))})
		gw := start(t, g, []object{
			endpoint("/one", lambdaBackend(fixed(api, "f"), at("/one"))),
			endpoint("/two", lambdaBackend(fixed(api, "f"), at("/a")), lambdaBackend(fixed(api, "f"), at("/b"))),
			endpoint("/none/{lambda}", lambdaBackend(fromPath(api), at("/none"))),
		}, options{})
		check(t, gw.get(t, "/one"), http.StatusBadGateway, "")
		gw.get(t, "/two")
		check(t, gw.get(t, "/none/no.name"), http.StatusNotFound, "")
		gw.Stop(t) // the access log comes behind the response
		log := gw.Log(t)
		for text, want := range map[string]int{
			"][Lambda] the function failed: function f, code plantedError, ": 3,
			"][Lambda] invalid function name 'no.name': ":                    1,
			"ERROR":   3,
			"lambda:": 0, // what clients may see of an error
			"Error #": 0, // gin's errors
		} {
			if got := strings.Count(log, text); got != want {
				t.Errorf("got %q %d times, want %d", text, got, want)
			}
		}
		for _, path := range []string{"/one", "/two", "/none/no.name"} {
			access := 0
			for line := range strings.Lines(log) {
				if strings.HasPrefix(line, "[GIN] ") && strings.Contains(line, path) {
					access++
				}
			}
			if access != 1 {
				t.Errorf("%s: got %d lines of the access log, want 1", path, access)
			}
		}
	})
}
