package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Identity tells whose credentials sign the calls. At least one of its fields is set.
type Identity struct {
	// Profile is a profile of the shared AWS files. If it is empty, the AWS SDK chooses.
	Profile string
	// Role is the role to assume with the credentials that are found. Its ARN is empty if there is
	// none.
	Role Role
}

// Role is an IAM role to assume.
type Role struct {
	ARN string
	// ExternalID is empty if the role's trust policy needs none.
	ExternalID string
	// SessionName is the caller's name in CloudTrail.
	SessionName string
}

const defaultSessionName = "krakend-lambda"

// A roleField is a key of assume_role.
type roleField struct {
	value       func(*Role) *string
	grammar     *regexp.Regexp // for the whole value, ASCII only
	least, most int            // characters
	what        string         // the description for the log
}

func (f roleField) valid(s string) bool {
	return f.least <= len(s) && len(s) <= f.most && f.grammar.MatchString(s)
}

// roleFields are the keys of assume_role, with the grammar of AssumeRole's parameters:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
var roleFields = map[string]roleField{
	"role_arn": {
		func(r *Role) *string { return &r.ARN },
		regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\x21-\x7e]+$`), 20, 2048,
		"the ARN of a role",
	},
	"external_id": {
		func(r *Role) *string { return &r.ExternalID },
		regexp.MustCompile(`^[\w+=,.@:/-]*$`), 2, 1224,
		"2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -",
	},
	"session_name": {
		func(r *Role) *string { return &r.SessionName },
		regexp.MustCompile(`^[\w+=,.@-]*$`), 2, 64,
		"2 to 64 of A-Z a-z 0-9 _ + = , . @ -",
	},
}

// RoleKeys returns the keys of assume_role, sorted.
func RoleKeys() []string { return slices.Sorted(maps.Keys(roleFields)) }

func (d *draft) decodeRole(v any) (err error) {
	var warnings []string
	d.role, warnings, err = parseRole(v)
	d.warnings = append(d.warnings, warnings...)
	return err
}

// parseRole reads the value of assume_role.
func parseRole(v any) (r Role, warnings []string, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Role{}, nil, fmt.Errorf("must be an object with role_arn, is %s", describe(v))
	}
	r.SessionName = defaultSessionName
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if isComment(key) {
			continue
		}
		f, ok := roleFields[key]
		if !ok {
			warnings = append(warnings, "assume_role: "+unknownKey(key, RoleKeys()))
			continue
		}
		s, err := asString(m[key])
		switch {
		case key == "external_id" && (err != nil || !f.valid(s)): // some treat it as a secret
			errs = append(errs, fmt.Errorf("%s: must be %s", key, f.what))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		case !f.valid(s):
			errs = append(errs, fmt.Errorf("%s: must be %s, is %s", key, f.what, text.Quote(s)))
		default:
			*f.value(&r) = s
		}
	}
	if _, ok := m["role_arn"]; !ok {
		errs = append(errs, errors.New("role_arn: missing"))
	}
	return r, warnings, errors.Join(errs...)
}
