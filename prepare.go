package lambda

import (
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
)

// configuredBackends remembers the original ConcurrentCalls of the backends in which a factory has
// changed them. Its zero value is empty.
type configuredBackends struct{ seen sync.Map } // from *config.Backend to int

// prepare changes the settings of a Lambda backend that KrakenD reads after the factory has run.
// spec has the settings that the factory saw first.
func (c *configuredBackends) prepare(remote *config.Backend, spec *backend.Spec) {
	if v, ok := c.seen.Load(remote); ok {
		spec.ConcurrentCalls = v.(int)
	} else if remote.ConcurrentCalls > 1 {
		c.seen.Store(remote, remote.ConcurrentCalls)
	}
	// The backend makes the calls itself.
	remote.ConcurrentCalls = min(remote.ConcurrentCalls, 1)

	if len(remote.Host) == 0 {
		remote.Host = []string{backend.Host} // a Spec with this host is like one without a host
	}
}
