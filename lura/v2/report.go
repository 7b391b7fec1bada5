package lambda

import (
	"net/http"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
)

// A Report describes the result of checking a Lambda backend's configuration. If Err is not nil,
// all other fields except Backend and Warnings are zero.
type Report struct {
	// Backend is the configuration that the report is about. It is never nil.
	Backend *config.Backend
	// Invokes says in a few words what a request invokes: "function orders, region
	// us-west-2".
	Invokes string
	// Function is the name, the partial ARN or the ARN of the function, followed by a colon and
	// the qualifier if there is one. It is empty if Param names the function.
	Function string
	// Param is the function_param_name. It is empty if Function is set.
	Param string
	// Allowed are the allowed_functions that requests may name with Param. Nil allows every
	// name.
	Allowed []string
	// Region and Endpoint tell where calls go: the configured values, or those that the AWS SDK
	// found. With [WithInvoker] they are the configured values, and may be empty.
	Region, Endpoint string
	// Role is the ARN of assume_role. It is empty without assume_role.
	Role string
	// Warnings are sentences that an operator should read. A BackendFactory logs them when it
	// makes the proxy. Nil means no warnings.
	Warnings []string
	// Err names every key that is wrong, and says why. Each request gets a 500 then. It is nil
	// for a good configuration, with CheckOnly as well.
	Err error
}

func newReport(remote *config.Backend, r backend.Report) Report {
	return Report{
		Backend: remote, Invokes: r.Invokes, Function: r.Function, Param: r.Param, Allowed: r.Allowed,
		Region: r.Region, Endpoint: r.Endpoint, Role: r.Role, Warnings: slices.Clone(r.Warnings), Err: r.Err,
	}
}

// Check reports how a BackendFactory would handle a backend's configuration, for a command that
// checks krakend.json. It makes no proxy, looks up no credentials, makes no calls and logs
// nothing. It does not change the backend. The backend must be as KrakenD's parser returns it,
// because a BackendFactory changes the backends that it handles.
//
// opts are the options of the BackendFactory, which decide on region and endpoint. WithReport and
// CheckOnly have no effect.
//
// For a backend without the [Namespace] and the [NamespaceAlias], Invokes is empty and Err is nil.
//
// Unlike a gateway made with [CheckOnly], Check does not find what else KrakenD may refuse, such
// as endpoints that conflict.
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

// transportOf returns the function that makes a backend's transport, or nil without
// WithTransport.
func (o options) transportOf(remote *config.Backend) func() http.RoundTripper {
	if o.transport == nil {
		return nil
	}
	return func() http.RoundTripper { return o.transport(remote) }
}
