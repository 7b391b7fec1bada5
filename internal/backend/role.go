package backend

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Role is an IAM role to assume.
type Role struct {
	ARN string
	// ExternalID is empty where the role's trust policy asks for none.
	ExternalID string
	// SessionName is the caller's name in CloudTrail.
	SessionName string
}

const defaultSessionName = "krakend-lambda"

// The grammar of AssumeRole's parameters:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\x21-\x7e]{1,1000}$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]{2,1000}[\w+=,.@:/-]{0,224}$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// parseRole reads the value of assume_role.
func parseRole(v any) (r Role, warnings []string, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Role{}, nil, fmt.Errorf("must be an object with role_arn, is %s", describe(v))
	}
	r.SessionName = defaultSessionName
	fields := map[string]struct {
		value   *string
		grammar *regexp.Regexp
		what    string
	}{
		"role_arn":     {&r.ARN, roleARN, "ARN of a role"},
		"external_id":  {&r.ExternalID, externalID, "external id: 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -"},
		"session_name": {&r.SessionName, sessionName, "name of a session: 2 to 64 of A-Z a-z 0-9 _ + = , . @ -"},
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if isComment(key) {
			continue
		}
		f, ok := fields[key]
		if !ok {
			warnings = append(warnings, "assume_role: "+unknownKey(key, slices.Sorted(maps.Keys(fields))))
			continue
		}
		s, err := asString(m[key])
		switch {
		case key == "external_id" && (err != nil || !f.grammar.MatchString(*s)): // some take it for a secret
			errs = append(errs, fmt.Errorf("%s: is no %s", key, f.what))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		case !f.grammar.MatchString(*s):
			errs = append(errs, fmt.Errorf("%s: %s is no %s", key, quote(*s), f.what))
		default:
			*f.value = *s
		}
	}
	if _, ok := m["role_arn"]; !ok {
		errs = append(errs, errors.New("role_arn: missing"))
	}
	return r, warnings, errors.Join(errs...)
}
