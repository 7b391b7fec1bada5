package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// pattern is an element of allowed_functions: a name, a partial ARN or an ARN, without a
// qualifier. A * in it matches any run of characters other than colons, so it stays within one
// part of an ARN. So "*" matches every name but no ARN, and a pattern for the functions of one
// account never matches those of another.
type pattern string

// Allowlist holds the patterns of allowed_functions. It looks up names in a map, and compares
// only patterns with a *.
type Allowlist struct {
	patterns []pattern            // in the order of the configuration
	names    map[pattern]struct{} // those without a *; never nil
	globs    [][]glob             // those with a *, as the parts between their colons
}

func newAllowlist(patterns []pattern) *Allowlist {
	l := &Allowlist{patterns: patterns, names: make(map[pattern]struct{})}
	for _, p := range patterns {
		if strings.Contains(string(p), "*") {
			l.globs = append(l.globs, p.globs())
		} else {
			l.names[p] = struct{}{}
		}
	}
	return l
}

// admits tells whether a pattern matches a function's name, partial ARN or ARN.
func (l *Allowlist) admits(name string) bool {
	if _, ok := l.names[pattern(name)]; ok {
		return true
	}
	parts := strings.Split(name, ":")
	return slices.ContainsFunc(l.globs, func(globs []glob) bool { return slices.EqualFunc(globs, parts, glob.matches) })
}

// String returns the patterns in brackets, in the order of the configuration.
func (l *Allowlist) String() string { return fmt.Sprint(l.patterns) }

// ListsFunctions tells whether the configuration lists every function that the backend can
// invoke: a fixed one, or patterns without a *.
func (c *Config) ListsFunctions() bool {
	return c.ParamName == "" || c.Allowed != nil && len(c.Allowed.globs) == 0
}

// Each part matches AWS's grammar for it, or has a * in it.
const (
	nameWithStars    = `(?:[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]*\*[A-Za-z0-9_*-]*)`
	accountWithStars = `(?:\d{12}|\d*\*[\d*]*)`
)

var (
	namePattern       = regexp.MustCompile(`^` + nameWithStars + `$`)
	partialARNPattern = regexp.MustCompile(`^` + accountWithStars + `:function:` + nameWithStars + `$`)
	arnPattern        = regexp.MustCompile(`^arn:(?:aws[a-z-]*|[a-z-]*\*[a-z*-]*):lambda:([a-z0-9*-]+):` + accountWithStars + `:function:` + nameWithStars + `$`)
)

func isPattern(s string) bool {
	return namePattern.MatchString(s) || partialARNPattern.MatchString(s) || arnPattern.MatchString(s)
}

func parsePattern(s string) (pattern, error) {
	switch {
	case isPattern(s):
		return pattern(s), nil
	case s == "":
		return "", errors.New("must not be empty")
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i < len(s)-1 && isPattern(s[:i]) {
		return "", fmt.Errorf("%s has a qualifier: write the pattern without it", text.Quote(s))
	}
	return "", fmt.Errorf("%s is not a pattern: write a name, a partial ARN or an ARN, with or without *", text.Quote(s))
}

func asAllowlist(v any) (*Allowlist, error) {
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
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return newAllowlist(patterns), nil
}

// globs returns the parts of p between its colons.
func (p pattern) globs() []glob {
	var globs []glob
	for part := range strings.SplitSeq(string(p), ":") {
		globs = append(globs, newGlob(part))
	}
	return globs
}

// admitsRegion tells whether p can match an ARN of a region. It is true if p is not a pattern
// for ARNs with a region.
func (p pattern) admitsRegion(region string) bool {
	m := arnPattern.FindStringSubmatch(string(p))
	return m == nil || newGlob(m[1]).matches(region)
}

// AllowedFunctions returns the patterns of allowed_functions, nil without that key.
func (c *Config) AllowedFunctions() []string {
	if c.Allowed == nil {
		return nil
	}
	var patterns []string
	for _, p := range c.Allowed.patterns {
		patterns = append(patterns, string(p))
	}
	return patterns
}

// allows tells whether a request may name the function.
func (c *Config) allows(f Function) bool {
	if c.Allowed == nil {
		return !f.isARN()
	}
	return c.Allowed.admits(f.Name)
}

// UnmatchablePatterns returns a warning for each pattern of allowed_functions that no request
// can match. Region must be set before.
func (c *Config) UnmatchablePatterns() (warnings []string) {
	if c.ParamName == "" || c.Allowed == nil {
		return nil
	}
	for _, p := range c.Allowed.patterns {
		switch {
		case c.Region != "" && !p.admitsRegion(c.Region):
			warnings = append(warnings, fmt.Sprintf("allowed_functions: no function can match %s, because the backend's region is %s", text.Quote(string(p)), text.Quote(c.Region)))
		case !c.Verbatim && namePattern.MatchString(string(p)) && upperFirst(string(p)) != string(p):
			warnings = append(warnings, fmt.Sprintf("allowed_functions: no function can match %s, because the gateway puts the first letter of each name into upper case: do so in the pattern, or set function_name_case to '%s'", text.Quote(string(p)), verbatim))
		}
	}
	return warnings
}
