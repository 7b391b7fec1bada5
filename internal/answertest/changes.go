package answertest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// SetTarget returns a change that sets a request's path and query string.
func SetTarget(target string) func(*Request) { return func(r *Request) { r.Target = target } }

// SetHeader returns a change that gives a request exactly one header of that name.
func SetHeader(name, value string) func(*Request) {
	return func(r *Request) {
		others := slices.DeleteFunc(slices.Clone(r.Header), func(f Field) bool { return f.Name == name })
		r.Header = append(others, Field{name, value})
	}
}

// SplitHeader returns a change that puts each comma-separated part of a request's header into a
// separate header.
func SplitHeader(name string) func(*Request) {
	return func(r *Request) {
		var header []Field
		for _, f := range r.Header {
			if f.Name != name {
				header = append(header, f)
				continue
			}
			for part := range strings.SplitSeq(f.Value, ",") {
				header = append(header, Field{name, strings.TrimSpace(part)})
			}
		}
		r.Header = header
	}
}

// Become returns a change that replaces an answer. The new one has no header except its
// Content-Type, and none if that is empty.
func Become(status int, contentType, body string) func(*Response) {
	return func(r *Response) {
		*r = Response{status, make(http.Header), []byte(body)}
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
	}
}

// Replace returns a change that replaces every occurrence of a text in an answer's body and
// header values.
func Replace(before, after string) func(*Response) {
	return func(r *Response) {
		r.Body = bytes.ReplaceAll(r.Body, []byte(before), []byte(after))
		for _, values := range r.Header {
			for i, v := range values {
				values[i] = strings.ReplaceAll(v, before, after)
			}
		}
	}
}
