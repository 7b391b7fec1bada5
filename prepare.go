package lambda

import (
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
)

// configuredBackends remembers the original configurations of the backends that a factory has
// changed. Its zero value is empty.
type configuredBackends struct{ seen sync.Map } // from *config.Backend to configuredBackend

type configuredBackend struct {
	host            []string
	concurrentCalls int
}

// prepare changes the settings of a Lambda backend that KrakenD reads after the factory has run.
// spec has the settings that the factory saw first.
func (c *configuredBackends) prepare(remote *config.Backend, spec *backend.Spec) {
	v, _ := c.seen.LoadOrStore(remote, configuredBackend{remote.Host, remote.ConcurrentCalls})
	first := v.(configuredBackend)
	spec.Host, spec.ConcurrentCalls = first.host, first.concurrentCalls

	if len(remote.Host) == 0 {
		remote.Host = []string{backend.Host}
	}
	// The backend makes the calls itself.
	remote.ConcurrentCalls = min(remote.ConcurrentCalls, 1)
}
