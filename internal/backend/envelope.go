package backend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// envelope is a reply that is an HTTP response, in the format of API Gateway's
// proxy integrations.
type envelope struct {
	status int
	header http.Header // what may go to a client
	body   []byte
}

// What a body is that the function gives no content type for: API Gateway's defaults,
// of its HTTP APIs and of its REST APIs.
const (
	defaultContentType     = "text/plain; charset=utf-8"
	defaultContentTypeREST = "application/json"
)

// parseEnvelope reads the reply of a function that answers for HTTP. In format 1.0 it
// has to be an object with a statusCode. In the others a reply without one is a 200 that
// has the reply itself for a body, a string without its quotes. Source:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func parseEnvelope(payload []byte, format PayloadFormat) (envelope, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil && format == Version1 {
		return envelope{}, errors.New("no JSON object, so no HTTP response")
	}
	if _, ok := fields["statusCode"]; !ok {
		if format == Version1 {
			return envelope{}, errors.New("statusCode: missing")
		}
		return inferredEnvelope(payload)
	}

	e, err := parseHead(fields)
	if err != nil {
		return envelope{}, err
	}
	if e.body, err = parseBody(fields); err != nil {
		return envelope{}, err
	}
	e.header.Del("Content-Length") // the server counts
	if len(e.body) > 0 && e.header["Content-Type"] == nil && hasBody(e.status) {
		contentType := defaultContentType
		if format == Version1 {
			contentType = defaultContentTypeREST
		}
		e.header.Set("Content-Type", contentType)
	}
	return e, nil
}

// inferredEnvelope is what format 2.0 takes data for.
func inferredEnvelope(payload []byte) (envelope, error) {
	if trimmed := bytes.TrimSpace(payload); len(trimmed) > 0 {
		var text string
		switch {
		case !json.Valid(trimmed):
			return envelope{}, errors.New("no JSON")
		case trimmed[0] == '"' && json.Unmarshal(trimmed, &text) == nil:
			payload = []byte(text)
		}
	}
	return envelope{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, payload}, nil
}

// parseBody reads body and isBase64Encoded.
func parseBody(fields map[string]json.RawMessage) ([]byte, error) {
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
	if err != nil {
		return nil, fmt.Errorf("body: isBase64Encoded, and %w", err)
	}
	return decoded, nil
}

// parseHead reads what comes before the body: statusCode, headers, multiValueHeaders
// and cookies.
func parseHead(fields map[string]json.RawMessage) (envelope, error) {
	status, err := parseStatus(fields["statusCode"])
	if err != nil {
		return envelope{}, err
	}
	var single map[string]json.RawMessage
	if err := unmarshal(fields, "headers", &single); err != nil {
		return envelope{}, err
	}
	var multi map[string][]json.RawMessage
	if err := unmarshal(fields, "multiValueHeaders", &multi); err != nil {
		return envelope{}, err
	}
	var cookies []string
	if err := unmarshal(fields, "cookies", &cookies); err != nil {
		return envelope{}, err
	}

	// In sorted order, so that one reply always gives one response.
	h := make(http.Header, len(single)+len(multi)+1)
	type field struct{ name, value string }
	known := make(map[field]bool)
	for _, name := range slices.Sorted(maps.Keys(multi)) {
		for _, raw := range multi[name] {
			value, err := headerValue(name, raw)
			if err != nil {
				return envelope{}, fmt.Errorf("multiValueHeaders: %w", err)
			}
			if value != nil {
				h.Add(name, *value)
				known[field{http.CanonicalHeaderKey(name), *value}] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(single)) {
		value, err := headerValue(name, single[name])
		if err != nil {
			return envelope{}, fmt.Errorf("headers: %w", err)
		}
		// What stands in both is one header.
		if value != nil && !known[field{http.CanonicalHeaderKey(name), *value}] {
			h.Add(name, *value)
		}
	}
	for _, c := range cookies {
		if c != "" && isHeaderValue(c) {
			h.Add("Set-Cookie", c)
		}
	}
	if err := checkHeader(h); err != nil {
		return envelope{}, err
	}
	for _, connection := range h["Connection"] {
		for name := range strings.SplitSeq(connection, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	return envelope{status: status, header: h}, nil
}

// parseStatus takes an integer, and a string that is one, as API Gateway does. A
// status that ends no exchange is none.
func parseStatus(raw json.RawMessage) (int, error) {
	s := string(raw)
	if unquoted, err := strconv.Unquote(s); err == nil {
		s = unquoted
	}
	s = strings.TrimSuffix(s, ".0") // as a float of Python's ends
	status, err := strconv.Atoi(s)
	if err != nil || len(s) != 3 || status < http.StatusOK || status > 599 {
		return 0, fmt.Errorf("statusCode: must be an integer from 200 to 599, is %s", quote(string(raw)))
	}
	return status, nil
}

// unmarshal reads a field of an envelope. One that is not there, or null, leaves v as
// it is.
func unmarshal(fields map[string]json.RawMessage, name string, v any) error {
	raw, ok := fields[name]
	if !ok {
		return nil
	}
	var wrong *json.UnmarshalTypeError // what else could it be: raw is JSON
	if errors.As(json.Unmarshal(raw, v), &wrong) {
		return fmt.Errorf("%s: must not be of the type %s", name, wrong.Value)
	}
	return nil
}

// headerValue is the value of a header: a string, or a number or a boolean as JSON
// spells it. It is nil for a null, and where HTTP cannot carry the name or the value:
// nobody could send that.
func headerValue(name string, raw json.RawMessage) (*string, error) {
	var value string
	switch raw[0] {
	case 'n':
		return nil, nil
	case '{':
		return nil, fmt.Errorf("%s: must be a string, is an object", quote(name))
	case '[':
		return nil, fmt.Errorf("%s: must be a string, is a list", quote(name))
	case '"':
		_ = json.Unmarshal(raw, &value) // a string always decodes
	default:
		value = string(raw)
	}
	value = strings.Trim(value, " \t")
	if !isToken(name) || !isHeaderValue(value) {
		return nil, nil
	}
	return &value, nil
}

// isToken tells whether s can be the name of a header. Source: RFC 9110, section
// 5.6.2.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isHeaderValue tells whether s can be the value of a header. Source: RFC 9110,
// section 5.5.
func isHeaderValue(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
