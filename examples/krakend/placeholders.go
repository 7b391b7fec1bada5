package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend/config"
)

// templatePlaceholder finds the placeholders of a template.
var templatePlaceholder = regexp.MustCompile(`\{([^{}]+)\}`)

// withoutValue returns a line for each placeholder of a template that never has a value, because
// the endpoint drops the parameter or header that it stands for.
func (r reports) withoutValue(endpoints []*config.EndpointConfig) (lines []string) {
	for _, e := range endpoints {
		for _, b := range e.Backend {
			if report, ok := r[b]; !ok || report.Err != nil {
				continue
			}
			for _, key := range []string{"tenant_id", "durable_execution_name"} {
				template, _ := settings(b)[key].(string)
				for _, match := range templatePlaceholder.FindAllStringSubmatch(template, -1) {
					if reason := whyWithoutValue(e, b, match[1]); reason != "" {
						lines = append(lines, name(e)+": "+key+": {"+match[1]+"} has no value: "+reason)
					}
				}
			}
		}
	}
	return lines
}

// whyWithoutValue returns why the value of a placeholder does not reach a backend, empty if it
// does. KrakenD's validator sets the claims that a url_pattern of the endpoint names. On
// KrakenD 2 the backend factory adds them there.
func whyWithoutValue(e *config.EndpointConfig, b *config.Backend, placeholder string) string {
	if header, ok := strings.CutPrefix(placeholder, "input_headers."); ok {
		own := ownHeaders(b)
		if !lets(e.HeadersToPass, header) || len(own) > 0 && !listed(own, header) {
			return "add " + header + " to the input_headers (headers_to_pass on KrakenD 1.x) of the endpoint, and to those of the backend if it has any"
		}
		return ""
	}
	if query, ok := strings.CutPrefix(placeholder, "input_query_strings."); ok {
		if !slices.Contains(e.QueryString, query) && !slices.Contains(e.QueryString, "*") {
			return "add " + query + " to the input_query_strings (querystring_params on KrakenD 1.x) of the endpoint"
		}
		return ""
	}
	if strings.HasPrefix(placeholder, "JWT.") && !slices.ContainsFunc(e.Backend, func(b *config.Backend) bool {
		return strings.Contains(b.URLPattern, "{{."+placeholder+"}}")
	}) {
		return "add it to a url_pattern of the endpoint, such as /?claim={" + placeholder + "}, so that KrakenD sets the claim"
	}
	return ""
}

// alwaysSet are the headers that the router sets for every endpoint.
var alwaysSet = []string{"X-Forwarded-For", "User-Agent"}

// lets reports whether an endpoint with this list of headers passes a header.
func lets(headers []string, header string) bool {
	if len(headers) == 0 { // KrakenD's default
		headers = []string{"Content-Type"}
	}
	return slices.Contains(headers, "*") || listed(headers, header) || listed(alwaysSet, header)
}

// listed reports whether a list of headers contains one, in any case.
func listed(headers []string, header string) bool {
	return slices.ContainsFunc(headers, func(h string) bool { return strings.EqualFold(h, header) })
}
