package lambdatest

import (
	"fmt"
	"time"
)

// A Function is a handler with settings. Pass it instead of a bare handler in the map of
// [NewServer] and [Listen], or to [Server.Handle]. With the zero value of a field, the
// function behaves like a bare handler.
type Function struct {
	// Handler executes calls without a qualifier, and calls for $LATEST and
	// $LATEST.PUBLISHED. It is a handler as Handle takes it, but not a Function.
	Handler any

	// Versions are the handlers of published versions and aliases, by qualifier. A
	// call with another qualifier gets ResourceNotFoundException. If
	// Versions is nil, Handler executes the calls for every qualifier. The server copies
	// the map.
	Versions map[string]any

	// TenantIsolation gives the function the tenant isolation mode PER_TENANT: a call
	// without a tenant id gets InvalidParameterValueException. Without
	// TenantIsolation, a call with a tenant id gets that error.
	TenantIsolation bool

	// Durable makes the function a durable one: a call without a qualifier gets
	// InvalidParameterValueException, and two calls with the same
	// execution name and payload execute the handler once. The package
	// documentation says more. If Durable is false, a call with an execution
	// name gets InvalidParameterValueException.
	Durable bool

	// InitDuration is the Init Duration of a cold start. The REPORT line of the first
	// execution of the handler, and of each version's handler, shows it. It does not make
	// the call longer. If it is zero, no execution reports a cold start. Another call of
	// Handle makes the function cold again.
	InitDuration time.Duration
}

// A declared is a function in the server's table.
type declared struct {
	latest          runnable
	versions        map[string]runnable // nil: latest serves all
	tenantIsolation bool
	durable         bool
}

// declare converts the argument of Handle. It returns an error for names that no call
// could use for a function or a version.
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

// version returns the handler for a qualifier, which may be empty.
func (d declared) version(qualifier string) (runnable, bool) {
	if d.versions == nil || qualifier == "" || qualifier == latest || qualifier == latestPublished {
		return d.latest, true
	}
	f, ok := d.versions[qualifier]
	return f, ok
}
