package docstest

import (
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A permission is what the gateway has needed, and what is like it and no business of the
// gateway's.
type permission struct {
	request
	beyond []request
}

// permissions are those that the section's gateway has needed.
func (r *run) permissions() (all []permission) {
	seen := map[string]bool{}
	add := func(p permission) {
		if key := p.String(); !seen[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	for _, c := range r.functions.Calls() {
		add(r.invocation(c))
	}
	for _, e := range r.section.service.endpoints {
		for _, settings := range e.settings() {
			if role := assumedRole(settings); role.arn != "" && !e.wrong {
				add(assumption(role))
				add(trust(role))
			}
		}
	}
	return all
}

const invokeFunction, assumeRole, externalID = "lambda:InvokeFunction", "sts:AssumeRole", "sts:ExternalId"

func (r *run) invocation(c lambdatest.Call) permission {
	f, arn := r.section.service.functionCalled(c)
	p := permission{request: request{action: invokeFunction, resource: arn}}
	p.beyond = []request{{action: "lambda:DeleteFunction", resource: arn}}
	if f.name != "" { // else it is for the policy which functions a client may name
		other := strings.Replace(arn, ":function:"+f.name, ":function:another-"+f.name, 1)
		p.beyond = append(p.beyond, request{action: invokeFunction, resource: other})
	}
	return p
}

func assumption(r role) permission {
	return permission{
		request{action: assumeRole, resource: r.arn},
		[]request{{action: assumeRole, resource: r.arn + "-of-others"}, {action: "sts:GetFederationToken", resource: r.arn}},
	}
}

// trust is what the trust policy of the role itself has to allow.
func trust(r role) permission {
	if r.externalID == "" {
		return permission{request: request{action: assumeRole}}
	}
	return permission{
		request{action: assumeRole, keys: map[string]string{externalID: r.externalID}},
		[]request{{action: assumeRole}, {action: assumeRole, keys: map[string]string{externalID: "another"}}},
	}
}

// checkPolicies holds the section's policies against what the gateway has needed.
func (r *run) checkPolicies() (errs []error) {
	permissions := r.permissions()
	for _, needed := range permissions {
		about := slices.DeleteFunc(slices.Clone(r.section.policies), func(p *policy) bool { return !p.isAbout(needed.request) })
		if len(about) > 0 && !slices.ContainsFunc(about, func(p *policy) bool { return p.allows(needed.request) }) {
			errs = append(errs, about[0].block.errorf("the policy does not allow %s", needed))
		}
	}
	for _, p := range r.section.policies {
		useful := len(permissions) == 0 || p.isTrust()
		for _, needed := range permissions {
			useful = useful || p.isAbout(needed.request)
			if !p.allows(needed.request) {
				continue
			}
			if i := slices.IndexFunc(needed.beyond, p.allows); i >= 0 {
				errs = append(errs, p.block.errorf("the policy allows more than %s: %s", needed, needed.beyond[i]))
			}
		}
		if !useful {
			errs = append(errs, p.block.errorf("the policy is about nothing that the gateway needs"))
		}
	}
	return errs
}
