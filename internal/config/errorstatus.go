package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// ErrorStatuses maps function errors to HTTP statuses: function_error_status. Nil has no status
// for any error.
type ErrorStatuses struct {
	types map[string]int // by errorType: the patterns without *
	globs []errorStatus  // patterns with *, in order of precedence
}

// An errorStatus is the status for the errors whose errorType matches pattern. A * in pattern
// stands for any run of characters.
type errorStatus struct {
	pattern string
	status  int
	glob    glob // of pattern
}

// maxErrorType is the longest errorType that is compared with patterns, in bytes. It bounds the
// work for an error, which can be 6 MB long. Class names are far shorter.
const maxErrorType = 1 << 10

// asErrorStatuses decodes an object of statuses. Every key is a pattern, even one that looks
// like a comment.
func asErrorStatuses(v any) (*ErrorStatuses, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be an object of statuses, is %s", describe(v))
	}
	if len(m) == 0 {
		return nil, errors.New("must not be empty")
	}
	all := make([]errorStatus, 0, len(m))
	for pattern := range m {
		all = append(all, errorStatus{pattern: pattern, glob: newGlob(pattern)})
	}
	slices.SortFunc(all, precedence)
	statuses := &ErrorStatuses{types: make(map[string]int)}
	var errs []error
	for _, s := range all {
		status, err := asErrorStatus(m[s.pattern])
		if s.pattern == "" {
			err = errors.New("must not be empty: write an errorType or a pattern")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", text.Quote(s.pattern), err))
			continue
		}
		if s.status = status; len(s.glob) > 1 {
			statuses.globs = append(statuses.globs, s)
		} else {
			statuses.types[s.pattern] = status
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return statuses, nil
}

func asErrorStatus(v any) (int, error) {
	n, err := asInt(v)
	switch {
	case err != nil:
		return 0, err
	case n < 400 || n > 599:
		return 0, fmt.Errorf("must be 400 to 599, is %d", n)
	}
	return n, nil
}

// precedence sorts patterns by their number of bytes other than *, the longest first. Of two
// equal ones, the one with fewer * comes first, then the one that sorts first as a string. An
// errorType without * precedes all patterns that match it, so ErrorStatuses looks it up first.
func precedence(a, b errorStatus) int {
	return cmp.Or(
		cmp.Compare(len(b.pattern)-len(b.glob), len(a.pattern)-len(a.glob)),
		cmp.Compare(len(a.glob), len(b.glob)),
		strings.Compare(a.pattern, b.pattern),
	)
}

// Of returns the status for a function's error, or 0. Timeouts and custom runtimes may have an
// empty errorType: it matches only "*", and so does an errorType longer than maxErrorType.
func (s *ErrorStatuses) Of(errorType string) int {
	if s == nil {
		return 0
	}
	if len(errorType) > maxErrorType {
		errorType = ""
	}
	if status, ok := s.types[errorType]; ok {
		return status
	}
	for _, e := range s.globs {
		if e.matches(errorType) {
			return e.status
		}
	}
	return 0
}

// ownTypes are the prefixes of the error types that Lambda and its runtimes report for a
// function that they cannot execute: one that crashes, times out, returns too much, does not
// load, or has no handler. Ruby's runtime writes Init<…>.
var ownTypes = []string{"Extension.", "Function.", "Init<", "Runtime.", "Runtime<", "Sandbox.", "java.lang.ClassNotFoundException"}

// matches reports whether e, which has a *, applies to errors of the type. Types of ownTypes
// match only patterns with the same prefix, so that "*NotFound" does not match
// Runtime.HandlerNotFound, and "*", which matches all errors.
func (e errorStatus) matches(errorType string) bool {
	if strings.Trim(e.pattern, "*") == "" {
		return true
	}
	for _, own := range ownTypes {
		if strings.HasPrefix(errorType, own) && !strings.HasPrefix(e.glob[0], own) {
			return false
		}
	}
	return e.glob.matches(errorType)
}
