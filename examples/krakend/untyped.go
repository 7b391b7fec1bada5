package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend/config"

	lambda "github.com/devopsfaith/krakend-lambda"
)

// untyped returns the endpoints with a function that gets bodies in events without their
// Content-Type, because the endpoint's or the backend's list of headers lacks it. Without a list,
// KrakenD passes that header.
func (r reports) untyped(endpoints []*config.EndpointConfig) (names []string) {
	for _, e := range endpoints {
		lacking := lacksContentType(e.HeadersToPass) && !slices.Contains(e.HeadersToPass, "*")
		if slices.ContainsFunc(e.Backend, func(b *config.Backend) bool {
			return r.receivesBodyInEvent(b) && (lacking || lacksContentType(ownHeaders(b)))
		}) {
			names = append(names, name(e))
		}
	}
	return names
}

// lacksContentType tells whether a list of headers names some, but not Content-Type.
func lacksContentType(headers []string) bool {
	return len(headers) > 0 && !listed(headers, "Content-Type")
}

// receivesBodyInEvent tells whether a backend is a function that receives events, for a method
// whose requests have bodies. The method is the endpoint's if the backend has none. A DELETE
// seldom has a body.
func (r reports) receivesBodyInEvent(b *config.Backend) bool {
	if report, ok := r[b]; !ok || report.Err != nil {
		return false
	}
	format, _ := settings(b)["payload_format"].(string)
	return slices.Contains([]string{"1.0", "2.0", "alb"}, format) &&
		slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, strings.ToUpper(b.Method))
}

// settings returns the configuration of a Lambda backend, nil if it is not an object.
func settings(b *config.Backend) map[string]any {
	for _, namespace := range []string{lambda.Namespace, "backend/lambda"} {
		if s, ok := b.ExtraConfig[namespace].(map[string]any); ok {
			return s
		}
	}
	return nil
}
