package apigw

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Response is the HTTP response that a function returned.
type Response struct {
	Status int
	Header http.Header // only headers that may go to a client
	Body   []byte
}

// The default content types of bodies: of API Gateway's HTTP APIs, of its REST APIs, and of load
// balancers.
const (
	defaultContentType     = "text/plain; charset=utf-8"
	defaultContentTypeREST = "application/json"
	// OctetStream is also the default content type of a stream.
	OctetStream = "application/octet-stream"
)

// ParseResponse reads a reply that is an HTTP response. In the formats REST and ALB it must be
// an object with a statusCode. In HTTP a reply without a statusCode becomes a 200 with the reply
// as its body; a string loses its quotes. Source:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//
// multiValue tells which field an ALB reply uses: multiValueHeaders, or headers. Like a load
// balancer, ParseResponse ignores the other field, and cookies.
func ParseResponse(payload []byte, f Format, multiValue bool) (Response, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil && f != HTTP {
		return Response{}, notObject(payload, err)
	}
	if _, ok := fields["statusCode"]; !ok {
		if f != HTTP {
			return Response{}, noStatus(fields)
		}
		return inferredResponse(payload)
	}
	if f == ALB {
		delete(fields, "cookies")
		delete(fields, map[bool]string{true: "headers", false: "multiValueHeaders"}[multiValue])
	}

	r, err := parseHead(fields)
	if err != nil {
		return Response{}, err
	}
	if r.Body, err = parseBody(fields, f); err != nil {
		return Response{}, err
	}
	r.Header.Del("Content-Length") // the server computes the length
	if len(r.Body) > 0 && r.Header["Content-Type"] == nil && HasBody(r.Status) {
		r.Header.Set("Content-Type", map[Format]string{HTTP: defaultContentType, REST: defaultContentTypeREST, ALB: OctetStream}[f])
	}
	return r, nil
}

// inferredResponse returns the response that format 2.0 infers from a reply without a
// statusCode.
func inferredResponse(payload []byte) (Response, error) {
	if trimmed := bytes.TrimSpace(payload); len(trimmed) > 0 {
		var s string
		switch {
		case !json.Valid(trimmed):
			return Response{}, notJSON(payload, "it is not JSON")
		case trimmed[0] == '"' && json.Unmarshal(trimmed, &s) == nil:
			payload = []byte(s)
		}
	}
	return Response{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, payload}, nil
}

// notObject returns the error for a reply that is not the JSON object of an HTTP response.
func notObject(payload []byte, err error) error {
	if is, _ := text.JSONKinds(err); is != "" {
		return fmt.Errorf("it is %s, not an HTTP response", is)
	}
	return notJSON(payload, "it is not JSON, so it is not an HTTP response")
}

// noStatus returns the error for an object without a statusCode. Emulators of Lambda may return
// a function's error as a reply.
func noStatus(fields map[string]json.RawMessage) error {
	const missing = "statusCode: missing"
	if fields["errorType"] != nil && fields["errorMessage"] != nil {
		return errors.New(missing + "; with errorType and errorMessage, the reply looks like a function's error")
	}
	return errors.New(missing)
}

// notJSON returns an error for a payload that does not parse, with a hint if it begins like a
// stream.
func notJSON(payload []byte, what string) error {
	if HasPrelude(payload) {
		return fmt.Errorf("%s: %w", what, ErrNeedsStream)
	}
	return errors.New(what)
}

// parseBody reads body and isBase64Encoded. If isBase64Encoded is true and the body is not
// base64, it returns the text in the format REST, as a REST API does, and an error in all
// others.
func parseBody(fields map[string]json.RawMessage, f Format) ([]byte, error) {
	var body *string
	if err := unmarshal(fields, "body", &body); err != nil || body == nil {
		return nil, err
	}
	var isBase64 *bool
	if err := unmarshal(fields, "isBase64Encoded", &isBase64); err != nil {
		return nil, err
	}
	if isBase64 == nil || !*isBase64 {
		return []byte(*body), nil
	}
	decoded, err := base64.StdEncoding.DecodeString(*body)
	switch {
	case err == nil:
		return decoded, nil
	case f == REST:
		return []byte(*body), nil
	}
	return nil, fmt.Errorf("body: isBase64Encoded is true, but the text is not base64: %w", err)
}

// HasBody tells whether a response of this status may have a body.
func HasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
