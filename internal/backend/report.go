package backend

import "github.com/devopsfaith/krakend-lambda/internal/config"

// Report describes the result of checking a configuration. If Err is not nil, all other fields
// except Warnings are zero.
type Report struct {
	// Invokes says in a few words what a request invokes.
	Invokes string
	// Function is the name, partial ARN or ARN, followed by a colon and the qualifier if there
	// is one. It is empty if Param is set.
	Function string
	// Param is the param of a request that names the function. It is empty if Function is set.
	Param string
	// Allowed are the patterns of the functions that Param may name. Nil allows every name.
	Allowed []string
	// Region and Endpoint tell where the calls go. With an Invoker they are the configured
	// values, and may be empty.
	Region, Endpoint string
	// Role is the ARN of the role to assume. It is empty without a role.
	Role string
	// Warnings are the log's sentences at start that an operator should read, without the prefix
	// that names the backend.
	Warnings []string
	// Err tells what is wrong with the configuration. It is nil for a good one.
	Err error
}

// reportOf returns the Report on a good configuration. invokes is its description.
func reportOf(cfg *config.Config, invokes string, warnings []string) Report {
	r := Report{
		Invokes: invokes, Function: cfg.Function.String(), Param: cfg.ParamName, Allowed: cfg.AllowedFunctions(),
		Region: cfg.Region, Endpoint: cfg.Endpoint, Warnings: warnings,
	}
	if cfg.Identity != nil {
		r.Role = cfg.Identity.Role.ARN
	}
	return r
}
