package apigw

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// isText tells whether the format sends a body with these headers as text.
func (a *API) isText(h http.Header) bool {
	mediaType := MediaType(h.Get("Content-Type"))
	if binary := a.settings.BinaryMediaTypes; binary != nil {
		return !slices.ContainsFunc(binary, func(pattern string) bool { return matchesMediaType(pattern, mediaType) })
	}
	switch a.format {
	case REST:
		// A REST API without binary media types treats every body as text.
		return true
	case HTTP:
		return h.Get("Content-Encoding") == "" && isTextForHTTP(mediaType)
	case ALB:
	}
	return h.Get("Content-Encoding") == "" && isTextForALB(mediaType)
}

// matchesMediaType tells whether a media type matches a pattern: image/png, image/* or */*.
func matchesMediaType(pattern, mediaType string) bool {
	if pattern == "*/*" {
		return true
	}
	if main, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(mediaType, main)
	}
	return pattern == mediaType
}

// isTextForHTTP tells whether API Gateway's HTTP APIs pass on bodies of a media type as text.
// This includes types whose suffix says JSON or XML. They send a form, and a body without a
// type, as base64.
func isTextForHTTP(mediaType string) bool {
	return isTextForALB(mediaType) || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
}

// isTextForALB tells whether a load balancer passes on bodies of a media type as text. Source:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func isTextForALB(mediaType string) bool {
	switch mediaType {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(mediaType, "text/")
}

// MediaType returns a content type without its parameters, in lower case.
func MediaType(contentType string) string {
	m, _, err := mime.ParseMediaType(contentType)
	if err != nil { // of the parameters
		m, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	return strings.TrimSpace(m)
}
