package lambda

import (
	"net/http"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
)

// A Report describes the configuration of a Lambda backend. If Err is not nil, all
// other fields except Backend and Warnings are zero.
type Report struct {
	// Backend is the configuration that the report is about. It is never nil.
	Backend *config.Backend
	// Invokes says in a few words what a request invokes: "function orders, region
	// us-west-2".
	Invokes string
	// Function is the name, the partial ARN or the ARN of the function, with a qualifier behind a
	// colon where there is one. It is empty where Param names the function.
	Function string
	// Param is the function_param_name. It is empty where Function is set.
	Param string
	// Allowed are the allowed_functions that requests may name with Param. Nil means every name.
	Allowed []string
	// Region and Endpoint are where calls go: what the configuration says, else what the AWS SDK has
	// found. With [WithInvoker] they are what the configuration says, and may be empty.
	Region, Endpoint string
	// Role is the ARN of assume_role. It is empty for none.
	Role string
	// Warnings are sentences for the operator. They are logged when a
	// BackendFactory makes the proxy. Nil means none.
	Warnings []string
	// Err describes every invalid key. Each request then gets a 500. It is nil
	// for a valid configuration, with CheckOnly as well.
	Err error
}

func newReport(remote *config.Backend, r backend.Report) Report {
	return Report{
		Backend: remote, Invokes: r.Invokes, Function: r.Function, Param: r.Param, Allowed: r.Allowed,
		Region: r.Region, Endpoint: r.Endpoint, Role: r.Role, Warnings: slices.Clone(r.Warnings), Err: r.Err,
	}
}

// Check validates a backend's configuration, for a command that checks
// krakend.json. It makes no proxy, looks up no credentials, makes no calls and logs nothing. It does
// not change the backend, which must be as KrakenD's parser returns it: a BackendFactory may have
// changed one that it has seen.
//
// opts are the options of the BackendFactory, since they determine region and endpoint. WithReport
// and CheckOnly have no effect.
//
// For a backend without the [Namespace] and the [NamespaceAlias], Invokes is empty and Err is nil.
//
// Unlike a gateway made with [CheckOnly], Check does not see other mistakes that KrakenD refuses,
// such as endpoints that conflict.
func Check(remote *config.Backend, opts ...Option) Report {
	o := newOptions(opts)
	o.checkOnly = true
	spec, ok := backendSpec(remote)
	if !ok {
		return Report{Backend: remote}
	}
	spec.Transport = o.transportOf(remote)
	var r Report
	spec.Report = func(found backend.Report) { r = newReport(remote, found) }
	backend.NewFactory(o.backend(logging.NoOp)).New(spec)
	return r
}

// transportOf returns how the transport for a backend is made, nil without WithTransport.
func (o options) transportOf(remote *config.Backend) func() http.RoundTripper {
	if o.transport == nil {
		return nil
	}
	return func() http.RoundTripper { return o.transport(remote) }
}
