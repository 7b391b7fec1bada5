package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// pattern is an element of allowed_functions: a name, a partial ARN or an ARN, without
// a qualifier. A * in it stands for any run of characters within one part of an ARN: it
// is no colon. So "*" is every name and no ARN, and a pattern for the functions of one
// account is none for those of another.
//
// It is in the form that path.Match takes, with / for the colons: there a * is no slash.
// What else path.Match knows is in no pattern.
type pattern string

// ListsFunctions tells whether the configuration lists every function that the backend can
// invoke: a fixed one, or patterns without a *.
func (c *Config) ListsFunctions() bool {
	return c.ParamName == "" || c.Allowed != nil && !slices.ContainsFunc(c.Allowed, func(p pattern) bool { return strings.Contains(string(p), "*") })
}

// A part is what AWS's grammar has there, or has a * in it.
const (
	nameWithStars    = `(?:[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]*\*[A-Za-z0-9_*-]*)`
	accountWithStars = `(?:\d{12}|\d*\*[\d*]*)`
)

var (
	namePattern       = regexp.MustCompile(`^` + nameWithStars + `$`)
	partialARNPattern = regexp.MustCompile(`^` + accountWithStars + `:function:` + nameWithStars + `$`)
	arnPattern        = regexp.MustCompile(`^arn:(?:aws[a-z-]*|[a-z-]*\*[a-z*-]*):lambda:([a-z0-9*-]+):` + accountWithStars + `:function:` + nameWithStars + `$`)
)

func parsePattern(s string) (pattern, error) {
	switch {
	case namePattern.MatchString(s), partialARNPattern.MatchString(s), arnPattern.MatchString(s):
		return pattern(asPath(s)), nil
	case s == "":
		return "", errors.New("must not be empty")
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i < len(s)-1 {
		if _, err := parsePattern(s[:i]); err == nil {
			return "", fmt.Errorf("%s has a qualifier, and patterns are for names without theirs", text.Quote(s))
		}
	}
	return "", fmt.Errorf("%s is no name, partial ARN or ARN of a function, with or without *", text.Quote(s))
}

func asPatterns(v any) ([]pattern, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of patterns, is %s", describe(v))
	}
	if len(list) == 0 {
		return nil, errors.New("must not be empty")
	}
	patterns := make([]pattern, len(list))
	var errs []error
	for i, element := range list {
		s, ok := element.(string)
		if !ok {
			errs = append(errs, fmt.Errorf("must be a list of strings, has %s", describe(element)))
			continue
		}
		var err error
		patterns[i], err = parsePattern(s)
		errs = append(errs, err)
	}
	return patterns, errors.Join(errs...)
}

// asPath has slashes for the colons of a name, which has no slash of its own.
func asPath(name string) string { return strings.ReplaceAll(name, ":", "/") }

func (p pattern) String() string { return strings.ReplaceAll(string(p), "/", ":") }

// matches tells whether p admits a name, asPath.
func (p pattern) matches(name string) bool {
	matched, _ := path.Match(string(p), name) // its error is for patterns that are none
	return matched
}

// admitsRegion tells whether p can match an ARN of a region. It is true where p is for no
// ARNs of one.
func (p pattern) admitsRegion(region string) bool {
	m := arnPattern.FindStringSubmatch(p.String())
	return m == nil || pattern(m[1]).matches(region)
}

// AllowedFunctions returns the patterns of allowed_functions, nil without that key.
func (c *Config) AllowedFunctions() []string {
	var patterns []string
	for _, p := range c.Allowed {
		patterns = append(patterns, p.String())
	}
	return patterns
}

// allows tells whether a request may name the function.
func (c *Config) allows(f Function) bool {
	if c.Allowed == nil {
		return !f.arn
	}
	name := asPath(f.Name)
	return slices.ContainsFunc(c.Allowed, func(p pattern) bool { return p.matches(name) })
}

// UnmatchablePatterns returns a warning for each pattern of allowed_functions that no request
// can match. Region must be known by then.
func (c *Config) UnmatchablePatterns() (warnings []string) {
	if c.ParamName == "" {
		return nil
	}
	for _, p := range c.Allowed {
		switch {
		case c.Region != "" && !p.admitsRegion(c.Region):
			warnings = append(warnings, fmt.Sprintf("allowed_functions: nothing matches %q, because the backend's region is %s", p, text.Quote(c.Region)))
		case !c.Verbatim && namePattern.MatchString(string(p)) && upperFirst(string(p)) != string(p):
			warnings = append(warnings, fmt.Sprintf("allowed_functions: nothing matches %q, because the first letter of each name is put into upper case (\"function_name_case\": %q leaves it)", p, verbatim))
		}
	}
	return warnings
}
