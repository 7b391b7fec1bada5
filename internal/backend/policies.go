package backend

import (
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// policies are the policies for the calls of a backend. They never change.
type policies struct {
	policy invoke.Policy
	peek   invoke.Policy // for calls whose long replies are streamed
}

// policyKey is the part of a backend's configuration that policies depend on.
type policyKey struct {
	maxRetries          int
	retryFunctionErrors bool
	maxReply            int64
	format              format
}

// policiesFor returns the policies for a key. Backends with equal keys share them, except those
// with a transport from the build.
func (f *Factory) policiesFor(key policyKey, transport http.RoundTripper) *policies {
	if transport != nil {
		return newPolicies(key, transport)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.policies[key]
	if !ok {
		p = newPolicies(key, nil)
		f.policies[key] = p
	}
	return p
}

func newPolicies(key policyKey, transport http.RoundTripper) *policies {
	p := policies{policy: invoke.Policy{
		MaxRetries: key.maxRetries, RetryFunctionErrors: key.retryFunctionErrors, MaxReply: key.maxReply, Transport: transport,
	}}
	p.peek = p.policy
	p.peek.Peek, p.peek.Decodes = peekSize(key.format), key.format != raw
	return &p
}
