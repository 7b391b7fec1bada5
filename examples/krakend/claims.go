package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend/config"
)

// claimPlaceholder finds the claims that a template names.
var claimPlaceholder = regexp.MustCompile(`\{(JWT\.[^{}]+)\}`)

// unsetClaims returns the endpoints whose templates name a claim that KrakenD's validator does not
// set, with that claim: the validator sets those that a url_pattern of the endpoint names. On
// KrakenD 2 the backend factory sees to that.
func (r reports) unsetClaims(endpoints []*config.EndpointConfig) (unset [][2]string) {
	for _, e := range endpoints {
		for _, b := range e.Backend {
			if report, ok := r[b]; !ok || report.Err != nil {
				continue
			}
			for _, key := range []string{"tenant_id", "durable_execution_name"} {
				template, _ := settings(b)[key].(string)
				for _, match := range claimPlaceholder.FindAllStringSubmatch(template, -1) {
					line := [2]string{name(e), match[1]}
					if !inURLPattern(e, match[1]) && !slices.Contains(unset, line) {
						unset = append(unset, line)
					}
				}
			}
		}
	}
	return unset
}

// inURLPattern tells whether a url_pattern of an endpoint names a param.
func inURLPattern(e *config.EndpointConfig, param string) bool {
	return slices.ContainsFunc(e.Backend, func(b *config.Backend) bool {
		return strings.Contains(b.URLPattern, "{{."+param+"}}")
	})
}
