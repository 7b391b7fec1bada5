package answertest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// SetTarget returns a change of a request: of its path and query string.
func SetTarget(target string) func(*Request) { return func(r *Request) { r.Target = target } }

// SetHeader returns a change of a request: it has one header of that name.
func SetHeader(name, value string) func(*Request) {
	return func(r *Request) {
		others := slices.DeleteFunc(slices.Clone(r.Header), func(f Field) bool { return f.Name == name })
		r.Header = append(others, Field{name, value})
	}
}

// SplitHeader returns a change of a request: each part of a header, between commas, is in a
// header of its own.
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

// Become returns a change of an answer into another one altogether. It has no other header
// than its Content-Type, and none where that is empty.
func Become(status int, contentType, body string) func(*Response) {
	return func(r *Response) {
		*r = Response{status, make(http.Header), []byte(body)}
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
	}
}

// Replace returns a change of an answer: of every occurrence of a text, in its body and in
// the values of its headers.
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
