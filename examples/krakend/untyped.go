package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend/config"

	lambda "github.com/devopsfaith/krakend-lambda"
)

// untyped returns the endpoints with a function that receives bodies in events and is not
// told what they are: the list of headers that the endpoint lets through lacks
// Content-Type. Without a list, KrakenD lets that header through.
func (r reports) untyped(endpoints []*config.EndpointConfig) (names []string) {
	for _, e := range endpoints {
		typed := len(e.HeadersToPass) == 0 || slices.ContainsFunc(e.HeadersToPass, func(header string) bool {
			return header == "*" || strings.EqualFold(header, "Content-Type")
		})
		if !typed && slices.ContainsFunc(e.Backend, r.receivesBodyInEvent) {
			names = append(names, name(e))
		}
	}
	return names
}

// receivesBodyInEvent tells whether a backend is a function that receives events, and its
// method, which is the endpoint's where it has none, one whose requests have bodies. A DELETE
// seldom has one.
func (r reports) receivesBodyInEvent(b *config.Backend) bool {
	if report, ok := r[b]; !ok || report.Err != nil {
		return false
	}
	format, _ := settings(b)["payload_format"].(string)
	return slices.Contains([]string{"1.0", "2.0", "alb"}, format) &&
		slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, strings.ToUpper(b.Method))
}

// settings returns the configuration of a Lambda backend, nil where it is no object.
func settings(b *config.Backend) map[string]any {
	for _, namespace := range []string{lambda.Namespace, "backend/lambda"} {
		if s, ok := b.ExtraConfig[namespace].(map[string]any); ok {
			return s
		}
	}
	return nil
}
