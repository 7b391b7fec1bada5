package docstest

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A policy is an IAM policy: an identity's, whose statements have resources, or a role's trust
// policy, whose statements have principals.
type policy struct {
	block      Block
	statements []statement
}

// A statement has the part of IAM's grammar that the documentation uses.
type statement struct {
	Sid, Effect      string
	Action, Resource texts
	Principal        map[string]texts
	Condition        map[string]map[string]texts
}

// texts is a text or a list of texts.
type texts []string

// UnmarshalJSON accepts both.
func (s *texts) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*s = texts{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

func isPolicy(v any) bool {
	o, _ := v.(object)
	return o["Version"] != nil && o["Statement"] != nil
}

// parsePolicy returns an error for a policy that allows too much on its own.
func parsePolicy(b Block, v any) (*policy, error) {
	var document struct {
		Version   string
		Statement []statement
	}
	d := json.NewDecoder(strings.NewReader(encode(v)))
	d.DisallowUnknownFields()
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("this is not a policy: %w", err)
	}
	if document.Version != "2012-10-17" || len(document.Statement) == 0 {
		return nil, fmt.Errorf("a policy has the Version 2012-10-17 and a Statement")
	}
	for _, s := range document.Statement {
		names := slices.Concat(s.Action, s.Resource)
		for _, some := range s.Principal {
			names = append(names, some...)
		}
		switch {
		case s.Effect != "Allow" || len(s.Action) == 0 || (s.Resource == nil) == (s.Principal == nil):
			return nil, fmt.Errorf("a statement has an Effect, an Action, and a Resource or a Principal")
		case slices.Contains(names, "*") || slices.ContainsFunc(s.Action, func(a string) bool { return strings.Contains(a, "*") }):
			return nil, fmt.Errorf("the policy allows everything")
		}
	}
	return &policy{b, document.Statement}, nil
}

// trusts tells whether this is a trust policy.
func (p *policy) trusts() bool { return p.statements[0].Principal != nil }

const invokeFunction, assumeRole, externalID = "lambda:InvokeFunction", "sts:AssumeRole", "sts:ExternalId"

// A permission is a permission that the gateway needed.
type permission struct {
	action, resource string
	// named: a request has named the function, so the resource may be a pattern.
	named bool
}

func (p permission) String() string { return p.action + " on " + p.resource }

// isIn tells whether a resource of a policy matches exactly the permission's.
func (p permission) isIn(resource string) bool {
	if p.named {
		ok, err := path.Match(resource, p.resource)
		return ok && err == nil
	}
	return resource == p.resource
}

// permissions returns the permissions that the section's gateway needed, and the roles that it
// assumed.
func (r *run) permissions() (all []permission, roles []role) {
	for _, c := range r.functions.Calls() {
		f, arn := r.section.service.functionCalled(c)
		all = append(all, permission{invokeFunction, arn, f.name == ""})
	}
	for _, e := range r.section.service.endpoints {
		for _, settings := range e.settings() {
			if role := assumedRole(settings); role.arn != "" && !e.wrong {
				all, roles = append(all, permission{action: assumeRole, resource: role.arn}), append(roles, role)
			}
		}
	}
	return all, roles
}

// checkPolicies compares the section's policies with the gateway's needs: for the actions that
// they name, they must allow exactly those.
func (r *run) checkPolicies() (errs []error) {
	needed, roles := r.permissions()
	about := map[string]*policy{} // by action
	allowed := map[permission]bool{}
	for _, p := range r.section.policies {
		for _, s := range p.statements {
			if p.trusts() {
				errs = append(errs, p.checkTrust(s, roles)...)
				continue
			}
			for _, action := range s.Action {
				about[action] = p
				for _, resource := range s.Resource {
					useful := len(needed) == 0
					for _, n := range needed {
						if n.action == action && n.isIn(resource) {
							allowed[n], useful = true, true
						}
					}
					if !useful {
						errs = append(errs, p.block.errorf("the policy allows %s on %s, which the gateway does not need", action, resource))
					}
				}
			}
		}
	}
	if len(errs) > 0 {
		return errs
	}
	for _, n := range needed {
		if p := about[n.action]; p != nil && !allowed[n] {
			errs = append(errs, p.block.errorf("the policy does not allow %s", n))
		}
	}
	return errs
}

// checkTrust compares a role's trust policy with the roles that the gateway assumed.
func (p *policy) checkTrust(s statement, roles []role) (errs []error) {
	for _, r := range roles {
		if ids := s.Condition["StringEquals"][externalID]; !slices.Contains(s.Action, assumeRole) || strings.Join(ids, " ") != r.externalID {
			errs = append(errs, p.block.errorf("the policy lets %v assume with the external id %v, the gateway sends %q", s.Action, ids, r.externalID))
		}
	}
	return errs
}
