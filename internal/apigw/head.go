package apigw

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// MaxHeader bounds the headers that come with a reply, or in it, in bytes: names and values, and
// 32 for each, as HTTP/2 counts them (RFC 9113, section 6.5.2). API Gateway allows a function
// 10,240.
const MaxHeader = 64 << 10

// CheckHeader returns an error for headers that are larger than MaxHeader.
func CheckHeader(h http.Header) error {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value) + 32
		}
	}
	if size > MaxHeader {
		return fmt.Errorf("its headers have %d bytes; the limit is %d", size, MaxHeader)
	}
	return nil
}

// parseHead reads the part before the body: statusCode, headers, multiValueHeaders and cookies.
func parseHead(fields map[string]json.RawMessage) (Response, error) {
	status, err := parseStatus(fields["statusCode"])
	if err != nil {
		return Response{}, err
	}
	var single map[string]json.RawMessage
	if err := unmarshal(fields, "headers", &single); err != nil {
		return Response{}, err
	}
	var multi map[string][]json.RawMessage
	if err := unmarshal(fields, "multiValueHeaders", &multi); err != nil {
		return Response{}, err
	}
	var cookies []string
	if err := unmarshal(fields, "cookies", &cookies); err != nil {
		return Response{}, err
	}

	// In sorted order, so that one reply always gives one response.
	h := make(http.Header, len(single)+len(multi)+1)
	type field struct{ name, value string }
	known := make(map[field]bool)
	for _, name := range slices.Sorted(maps.Keys(multi)) {
		for _, raw := range multi[name] {
			value, err := headerValue(name, raw)
			if err != nil {
				return Response{}, fmt.Errorf("multiValueHeaders: %w", err)
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
			return Response{}, fmt.Errorf("headers: %w", err)
		}
		// A value in both fields is one header.
		if value != nil && !known[field{http.CanonicalHeaderKey(name), *value}] {
			h.Add(name, *value)
		}
	}
	for _, c := range cookies {
		if c != "" && isHeaderValue(c) {
			h.Add("Set-Cookie", c)
		}
	}
	if err := CheckHeader(h); err != nil {
		return Response{}, err
	}
	for _, connection := range h["Connection"] {
		for name := range strings.SplitSeq(connection, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	return Response{Status: status, Header: h}, nil
}

// parseStatus takes an integer, or a string that is an integer, as API Gateway does. It returns
// an error for a status below 200, which does not end an exchange, and for one above 599.
func parseStatus(raw json.RawMessage) (int, error) {
	s := string(raw)
	if unquoted, err := strconv.Unquote(s); err == nil {
		s = unquoted
	}
	s = strings.TrimSuffix(s, ".0") // Python may write it as a float
	status, err := strconv.Atoi(s)
	if err != nil || len(s) != 3 || status < http.StatusOK || status > 599 {
		return 0, fmt.Errorf("statusCode: must be an integer from 200 to 599, is %s", describeStatus(raw))
	}
	return status, nil
}

// describeStatus returns a statusCode as spelled in JSON, shortened if it is too long for a
// status.
func describeStatus(raw json.RawMessage) string {
	if s := string(raw); len(s) < 16 {
		return text.Clean(s)
	}
	return text.QuoteShort(string(raw))
}

// unmarshal reads a field of an envelope. A field that is absent or null leaves v unchanged.
func unmarshal(fields map[string]json.RawMessage, name string, v any) error {
	raw, ok := fields[name]
	if !ok {
		return nil
	}
	var wrong *json.UnmarshalTypeError // raw is JSON, so the only possible error is a wrong type
	if errors.As(json.Unmarshal(raw, v), &wrong) {
		return fmt.Errorf("%s: must not be of the type %s", name, wrong.Value)
	}
	return nil
}

// headerValue returns the value of a header: a string, or a number or a boolean as spelled in
// JSON. It returns nil for a null, and if HTTP cannot carry the name or the value.
func headerValue(name string, raw json.RawMessage) (*string, error) {
	var value string
	switch raw[0] {
	case 'n':
		return nil, nil
	case '{':
		return nil, fmt.Errorf("%s: must be a string, is an object", describeName(name))
	case '[':
		return nil, fmt.Errorf("%s: must be a string, is a list", describeName(name))
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

// describeName returns the name of a header for an error. An invalid name can be any text.
func describeName(name string) string {
	if isToken(name) {
		return text.Quote(name)
	}
	return text.QuoteShort(name)
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
