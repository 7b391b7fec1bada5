package lambdatest

import (
	"fmt"
	"time"
)

// A Function is a handler with the settings of its function. It stands in the place of a
// handler in the map of [NewServer] and [Listen], and as the argument of [Server.Handle].
// The zero value of each field is what a bare handler has.
type Function struct {
	// Handler executes calls without a qualifier, and those for $LATEST and
	// $LATEST.PUBLISHED. It is a handler as Handle takes it, but not a Function.
	Handler any

	// Versions are the handlers of published versions and aliases, by qualifier. A
	// call with another qualifier is answered with ResourceNotFoundException. Where
	// Versions is nil, Handler executes the calls for every qualifier. The map is
	// copied.
	Versions map[string]any

	// TenantIsolation makes the function one with the tenant isolation mode
	// PER_TENANT: a call without a tenant id is answered with
	// InvalidParameterValueException. So is a call with one where
	// TenantIsolation is false.
	TenantIsolation bool

	// Durable makes the function a durable one: a call without a qualifier is
	// answered with InvalidParameterValueException, and two calls with one
	// execution name and payload execute the handler once. The package
	// documentation says more. Where Durable is false, a call with an execution
	// name is answered with InvalidParameterValueException.
	Durable bool

	// InitDuration is the Init Duration in the REPORT line of the first execution of the
	// handler, and of each version's: that of a cold start. The call does not take longer
	// for it. Where it is zero, executions report no cold start. A second Handle makes
	// the function cold again.
	InitDuration time.Duration
}

// A declared is a function as the server keeps it.
type declared struct {
	latest          runnable
	versions        map[string]runnable // nil: latest serves all
	tenantIsolation bool
	durable         bool
}

// declare takes what Handle was given, and reports names under which no call would find
// a function or a version.
func declare(name string, handler any) (declared, error) {
	if err := checkName(name); err != nil {
		return declared{}, err
	}
	f, ok := handler.(Function)
	if !ok {
		return declared{latest: newRunnable(handler)}, nil
	}
	d := declared{latest: newRunnable(f.Handler).cold(f.InitDuration), tenantIsolation: f.TenantIsolation, durable: f.Durable}
	if f.Versions == nil {
		return d, nil
	}
	d.versions = make(map[string]runnable, len(f.Versions))
	for qualifier, handler := range f.Versions {
		if !versionOrAlias.MatchString(qualifier) {
			return declared{}, fmt.Errorf("lambdatest: %q is not a version or alias of the function %q", qualifier, name)
		}
		d.versions[qualifier] = newRunnable(handler).cold(f.InitDuration)
	}
	return d, nil
}

// version returns what serves a qualifier, empty for none.
func (d declared) version(qualifier string) (runnable, bool) {
	if d.versions == nil || qualifier == "" || qualifier == latest || qualifier == latestPublished {
		return d.latest, true
	}
	f, ok := d.versions[qualifier]
	return f, ok
}
