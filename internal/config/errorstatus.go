package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// ErrorStatuses are HTTP statuses for the errors of functions: function_error_status. The
// pattern that counts comes first. Nil has no status for any error.
type ErrorStatuses []errorStatus

// An errorStatus is the status for the errors whose errorType matches pattern. A * in pattern
// stands for any run of characters.
type errorStatus struct {
	pattern string
	status  int
}

// asErrorStatuses takes an object of statuses. Each of its keys is a pattern: an errorType may
// begin as a comment does.
func asErrorStatuses(v any) (ErrorStatuses, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be an object of statuses, is %s", describe(v))
	}
	if len(m) == 0 {
		return nil, errors.New("must not be empty")
	}
	statuses := make(ErrorStatuses, 0, len(m))
	for pattern := range m {
		statuses = append(statuses, errorStatus{pattern: pattern})
	}
	slices.SortFunc(statuses, precedence)
	var errs []error
	for i, s := range statuses {
		status, err := asErrorStatus(m[s.pattern])
		if s.pattern == "" {
			err = errors.New("must not be empty, name an errorType or a pattern")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", text.Quote(s.pattern), err))
		}
		statuses[i].status = status
	}
	return statuses, errors.Join(errs...)
}

func asErrorStatus(v any) (int, error) {
	n, err := asInt(v)
	switch {
	case err != nil:
		return 0, err
	case *n < 400 || *n > 599:
		return 0, fmt.Errorf("must be 400 to 599, is %d", *n)
	}
	return *n, nil
}

// precedence sorts patterns by their number of bytes other than *, the longest first. Of two
// that are alike, the one with fewer * comes first, then the one that sorts first as a string.
// An errorType without * so comes before all other patterns that it matches.
func precedence(a, b errorStatus) int {
	starsA, starsB := strings.Count(a.pattern, "*"), strings.Count(b.pattern, "*")
	return cmp.Or(
		cmp.Compare(len(b.pattern)-starsB, len(a.pattern)-starsA),
		cmp.Compare(starsA, starsB),
		strings.Compare(a.pattern, b.pattern),
	)
}

// Of returns the status for a function's error, or 0 for none. An empty errorType, which
// timeouts and custom runtimes may have, matches "*" alone.
func (s ErrorStatuses) Of(errorType string) int {
	for _, e := range s {
		if e.matches(errorType) {
			return e.status
		}
	}
	return 0
}

// ownTypes is how the types of the errors begin that Lambda and its runtimes report of a
// function that they cannot execute: one that crashes, runs out of its time, returns too much,
// does not load, or has no handler. Ruby's runtime writes Init<…>.
var ownTypes = []string{"Extension.", "Function.", "Init<", "Runtime.", "Runtime<", "Sandbox.", "java.lang.ClassNotFoundException"}

// matches reports whether e is for errors of the type. Those of ownTypes match
// patterns that begin like them, so that "*NotFound" is not for Runtime.HandlerNotFound; and
// "*", which is for all errors.
func (e errorStatus) matches(errorType string) bool {
	parts := strings.Split(e.pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if strings.Trim(e.pattern, "*") == "" {
		return true
	}
	for _, own := range ownTypes {
		if strings.HasPrefix(errorType, own) && !strings.HasPrefix(first, own) {
			return false
		}
	}
	rest, ok := strings.CutPrefix(errorType, first)
	if len(parts) == 1 || !ok {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, last)
}
