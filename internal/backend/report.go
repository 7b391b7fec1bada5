package backend

// Report tells what has become of a configuration. All but Warnings and Err are zero where Err is
// not nil.
type Report struct {
	// Invokes says in a few words what a request invokes.
	Invokes string
	// Function is the name, partial ARN or ARN, with a qualifier behind a colon where there is
	// one. It is empty where Param is set.
	Function string
	// Param is the param of a request that names the function, empty where Function is set.
	Param string
	// Allowed are the patterns of the functions that Param may name. Nil is every name.
	Allowed []string
	// Region and Endpoint are where the calls go. With an Invoker they are the configuration's,
	// which may have none.
	Region, Endpoint string
	// Role is the ARN of the role to assume, empty for none.
	Role string
	// Warnings are sentences of the log at start that an operator should look at, without what
	// tells the backend.
	Warnings []string
	// Err is what is wrong with the configuration, nil for a good one.
	Err error
}

// Report returns what has become of the backend's configuration.
func (b *Backend) Report() Report {
	if b.broken != nil && b.broken.err != errCheckOnly {
		return Report{Warnings: b.warnings, Err: b.broken.err}
	}
	return Report{
		Invokes: b.cfg.String(), Function: b.cfg.Function.String(), Param: b.cfg.ParamName, Allowed: b.cfg.AllowedFunctions(),
		Region: b.cfg.Region, Endpoint: b.cfg.Endpoint, Role: b.cfg.Role.ARN, Warnings: b.warnings,
	}
}
