package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Function is a function to invoke.
type Function struct {
	// Name is the function's name, its partial ARN or its ARN, without a qualifier.
	Name string
	// Qualifier is a version, an alias, $LATEST or $LATEST.PUBLISHED. It is empty for the
	// unqualified function.
	Qualifier string
	// Capitalized tells that the gateway has put the first letter of the request's name into upper case.
	Capitalized bool
}

// isARN tells whether the name is an ARN or a partial one.
func (f Function) isARN() bool { return strings.Contains(f.Name, ":") }

// region returns the region of an ARN. It is empty for all other names.
func (f Function) region() string {
	rest, ok := strings.CutPrefix(f.Name, "arn:")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ":lambda:")
	region, _, _ := strings.Cut(rest, ":")
	return region
}

// String returns the name, followed by a colon and the qualifier if there is one.
func (f Function) String() string {
	if f.Qualifier == "" {
		return f.Name
	}
	return f.Name + ":" + f.Qualifier
}

// AWS's grammar, from the Invoke API's reference:
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const (
	maxName      = 64  // characters
	maxQualifier = 128 // characters

	nameGrammar      = `[A-Za-z0-9_-]{1,64}`
	qualifierGrammar = `(?:[A-Za-z0-9_-]{1,128}|\$LATEST(?:\.PUBLISHED)?)`
)

var (
	partialARN = regexp.MustCompile(`^(\d{12}:function:` + nameGrammar + `)(?::(` + qualifierGrammar + `))?$`)
	fullARN    = regexp.MustCompile(`^(arn:aws[a-z-]*:lambda:(?:[a-z0-9]+-)*[a-z0-9]+:\d{12}:function:` + nameGrammar + `)(?::(` + qualifierGrammar + `))?$`)
	// arnPart matches text that AWS takes for an account, a region or a keyword if a colon
	// follows, and not for a name.
	arnPart = regexp.MustCompile(`^(\d{12}|[a-z]{2,4}(-[a-z]+)+-\d|function)$`)
)

// isQualifier tells whether s matches qualifierGrammar.
func isQualifier(s string) bool {
	return isWord(s, maxQualifier) || s == "$LATEST" || s == "$LATEST.PUBLISHED"
}

// isWord tells whether s has 1 to most characters, all of A-Z a-z 0-9 _ -.
func isWord(s string, most int) bool {
	for _, c := range []byte(s) {
		if !isAlphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= most
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// parseFunction reads a configured function: name, name:qualifier, a partial ARN or an ARN.
func parseFunction(s string) (Function, error) {
	if f, ok := parseARN(s); ok {
		return f, nil
	}
	f, ok := parseName(s)
	switch {
	case !ok:
		return Function{}, fmt.Errorf("%s is not a function: write a name, name:qualifier, a partial ARN or an ARN", text.Quote(s))
	case f.Qualifier != "" && arnPart.MatchString(f.Name):
		return Function{}, fmt.Errorf("%s is ambiguous: AWS takes %s for a part of an ARN, so write the whole ARN", text.Quote(s), text.Quote(f.Name))
	}
	return f, nil
}

// parseName reads name or name:qualifier. The request sends the two separately: AWS would read
// 123456789012:name as a function of that account, and us-east-1:name as one of that region.
func parseName(s string) (Function, bool) {
	name, qualifier, qualified := strings.Cut(s, ":")
	if !isWord(name, maxName) || qualified && !isQualifier(qualifier) {
		return Function{}, false
	}
	return Function{Name: name, Qualifier: qualifier}, true
}

// parseARN reads an ARN or a partial ARN, with or without a qualifier.
func parseARN(s string) (Function, bool) {
	if !strings.Contains(s, ":function:") { // no regular expression for the common name
		return Function{}, false
	}
	if m := fullARN.FindStringSubmatch(s); m != nil {
		return Function{Name: m[1], Qualifier: m[2]}, true
	}
	if m := partialARN.FindStringSubmatch(s); m != nil {
		return Function{Name: m[1], Qualifier: m[2]}, true
	}
	return Function{}, false
}

// Refused is the error for a request that names no function, or one that is not allowed. Its
// text quotes the request: use it in the log, never for the client.
type Refused struct{ reason string }

// Error implements error.
func (r *Refused) Error() string { return r.reason }

// FunctionOf returns the function for a request with these params. Its error is a *Refused. A
// nil map is a request without params.
func (c *Config) FunctionOf(params map[string]string) (Function, error) {
	if c.ParamName == "" {
		return c.Function, nil
	}
	name := params[c.ParamName]
	if name == "" {
		return Function{}, &Refused{fmt.Sprintf("the request has no param %s to name the function", text.Quote(c.ParamName))}
	}
	f, reason := c.named(name)
	if reason != "" {
		return Function{}, &Refused{fmt.Sprintf("invalid function name %s: %s", text.Quote(name), reason)}
	}
	return f, nil
}

// named returns the function that a request names, or the reason for refusing it.
func (c *Config) named(name string) (f Function, reason string) {
	f, ok := parseARN(name)
	if !ok {
		asked := name
		if !c.Verbatim {
			name = upperFirst(name)
		}
		if f, ok = parseName(name); !ok {
			return Function{}, "it is not a valid name"
		}
		f.Capitalized = name != asked
	}
	switch {
	case !c.allows(f) && c.Allowed == nil:
		return Function{}, "an ARN must be in allowed_functions"
	case !c.allows(f):
		return Function{}, "it is not in allowed_functions"
	case f.region() != "" && c.Region != "" && f.region() != c.Region:
		// The SDK would sign for the backend's region.
		return Function{}, "its region is not " + c.Region + ", the backend's region"
	case c.Qualifier != "" && f.Qualifier != "":
		return Function{}, "the configuration sets the qualifier, so the name must not have one"
	case c.Qualifier != "":
		f.Qualifier = c.Qualifier
	}
	return f, ""
}
