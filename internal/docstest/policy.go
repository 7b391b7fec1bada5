package docstest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A policy is one of IAM's: an identity's, or a role's trust policy, whose statements have
// principals.
type policy struct {
	block      Block
	statements []statement
}

// trusts tells whether the policy is about who may take a role.
func (p *policy) trusts() bool {
	return slices.ContainsFunc(p.statements, func(s statement) bool { return s.principals != nil })
}

type statement struct {
	allow              bool
	actions, resources []string
	principals         []string // nil where it has none
	conditions         []condition
}

// A condition holds where the request has one of the values under the key.
type condition struct {
	operator, key string
	values        []string
}

func isPolicy(v any) bool {
	o, _ := v.(object)
	return o["Version"] != nil && o["Statement"] != nil
}

// parsePolicy takes the part of IAM's grammar that documentation has: what it does not know
// is an error.
func parsePolicy(b Block, v any) (*policy, error) {
	p := &policy{block: b}
	o := v.(object)
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if key != "Version" && key != "Id" && key != "Statement" {
			return nil, fmt.Errorf("%q is no member of a policy", key)
		}
	}
	if o["Version"] != "2012-10-17" {
		return nil, fmt.Errorf("the Version of a policy is 2012-10-17, not %s", encode(o["Version"]))
	}
	statements, ok := o["Statement"].(list)
	if !ok {
		statements = list{o["Statement"]}
	}
	if len(statements) == 0 {
		return nil, fmt.Errorf("the policy has no statement")
	}
	for _, s := range statements {
		parsed, err := parseStatement(s)
		if err != nil {
			return nil, err
		}
		p.statements = append(p.statements, parsed)
	}
	return p, nil
}

var (
	statementID  = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionName   = regexp.MustCompile(`^(?:\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`)
	resourceName = regexp.MustCompile(`^(?:\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+)$`)
)

func parseStatement(v any) (s statement, err error) {
	o, ok := v.(object)
	if !ok {
		return s, fmt.Errorf("%s is no statement", encode(v))
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value := o[key]
		switch key {
		case "Sid":
			if id, ok := value.(string); !ok || !statementID.MatchString(id) {
				err = fmt.Errorf("%s is no Sid", encode(value))
			}
		case "Effect":
			s.allow = value == "Allow"
			if !s.allow && value != "Deny" {
				err = fmt.Errorf("%s is no Effect", encode(value))
			}
		case "Action":
			s.actions, err = names(key, value, actionName)
		case "Resource":
			s.resources, err = names(key, value, resourceName)
		case "Principal":
			s.principals, err = parsePrincipals(value)
		case "Condition":
			s.conditions, err = parseConditions(value)
		default:
			err = fmt.Errorf("the test knows no member %q of a statement", key)
		}
		if err != nil {
			return s, err
		}
	}
	switch {
	case o["Effect"] == nil || s.actions == nil:
		err = fmt.Errorf("a statement has an Effect and an Action")
	case s.resources == nil && s.principals == nil:
		err = fmt.Errorf("a statement has a Resource; in a trust policy it has a Principal")
	case s.allow && slices.Contains(s.principals, "*") && s.conditions == nil:
		err = fmt.Errorf("a statement that trusts everyone")
	}
	return s, err
}

// names reads a string or a list of strings, each of which is like the pattern.
func names(key string, v any, pattern *regexp.Regexp) (all []string, err error) {
	values, ok := v.(list)
	if !ok {
		values = list{v}
	}
	for _, value := range values {
		s, ok := value.(string)
		if !ok || !pattern.MatchString(s) {
			return nil, fmt.Errorf("%s: %s is none", key, encode(value))
		}
		all = append(all, s)
	}
	if all == nil {
		return nil, fmt.Errorf("%s is empty", key)
	}
	return all, nil
}

var (
	awsPrincipal     = regexp.MustCompile(`^(?:\*|\d{12}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.+)$`)
	servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$`)
	federation       = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:(?:oidc|saml)-provider/.+$`)
)

func parsePrincipals(v any) (all []string, err error) {
	if v == "*" {
		return []string{"*"}, nil
	}
	o, _ := v.(object)
	for _, key := range slices.Sorted(maps.Keys(o)) {
		pattern, ok := map[string]*regexp.Regexp{"AWS": awsPrincipal, "Service": servicePrincipal, "Federated": federation}[key]
		if !ok {
			return nil, fmt.Errorf("the test knows no principal %q", key)
		}
		some, err := names(key, o[key], pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if all == nil {
		return nil, fmt.Errorf("%s is no Principal", encode(v))
	}
	return all, nil
}

var conditionValue = regexp.MustCompile(`.`)

func parseConditions(v any) (all []condition, err error) {
	operators, _ := v.(object)
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		if operator != "StringEquals" && operator != "StringLike" {
			return nil, fmt.Errorf("the test knows no condition %q", operator)
		}
		keys, _ := operators[operator].(object)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values, err := names(key, keys[key], conditionValue)
			if err != nil {
				return nil, err
			}
			all = append(all, condition{operator, key, values})
		}
	}
	if all == nil {
		return nil, fmt.Errorf("%s is no Condition", encode(v))
	}
	return all, nil
}

// A request is what IAM decides on.
type request struct {
	action string
	// resource is empty where the policy is the resource's own: a role's trust policy.
	resource string
	// keys are those that conditions may ask for.
	keys map[string]string
}

func (q request) String() string {
	s := q.action
	if q.resource != "" {
		s += " on " + q.resource
	}
	for _, key := range slices.Sorted(maps.Keys(q.keys)) {
		s += fmt.Sprintf(" with the %s %q", key, q.keys[key])
	}
	return s
}

// isTrust tells whether the policy is a role's own: it says who may assume the role.
func (p *policy) isTrust() bool { return p.statements[0].resources == nil }

// isAbout tells whether the policy is one for such a request, whatever it says of it.
func (p *policy) isAbout(q request) bool {
	service, _, _ := strings.Cut(q.action, ":")
	for _, s := range p.statements {
		if (s.resources == nil) == (q.resource == "") && slices.ContainsFunc(s.actions, func(action string) bool {
			return action == "*" || strings.HasPrefix(action, service+":")
		}) {
			return true
		}
	}
	return false
}

// allows tells whether the policy allows what is requested: where a statement does, and none
// denies it.
func (p *policy) allows(q request) (allowed bool) {
	for _, s := range p.statements {
		if s.matches(q) {
			if !s.allow {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

func (s statement) matches(q request) bool {
	is := func(name string, ignoreCase bool) func(string) bool {
		return func(pattern string) bool { return wildcard(pattern, ignoreCase).MatchString(name) }
	}
	if !slices.ContainsFunc(s.actions, is(q.action, true)) {
		return false
	}
	if (q.resource == "") != (s.resources == nil) || q.resource != "" && !slices.ContainsFunc(s.resources, is(q.resource, false)) {
		return false
	}
	for _, c := range s.conditions {
		value, ok := q.keys[c.key]
		if !ok || !slices.ContainsFunc(c.values, func(want string) bool {
			return value == want || c.operator == "StringLike" && is(value, false)(want)
		}) {
			return false
		}
	}
	return true
}

// wildcard is one of IAM's patterns: * is any run of characters, ? is one.
func wildcard(pattern string, ignoreCase bool) *regexp.Regexp {
	pattern = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	if ignoreCase {
		pattern = "(?i)" + pattern
	}
	return regexp.MustCompile("^(?s:" + pattern + ")$")
}
