package lambda

import (
	"sync"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
)

// originals remembers what the configurations of backends said before a factory changed
// them. Its zero value is empty.
type originals struct{ first sync.Map } // from *config.Backend to original

type original struct {
	host            []string
	concurrentCalls int
}

// prepare changes what KrakenD reads of a Lambda backend after the factory has run. spec says
// what stood there when the factory first saw the backend.
func (o *originals) prepare(remote *config.Backend, spec *backend.Spec) {
	first, _ := o.first.LoadOrStore(remote, original{remote.Host, remote.ConcurrentCalls})
	spec.Host, spec.ConcurrentCalls = first.(original).host, first.(original).concurrentCalls

	if len(remote.Host) == 0 {
		remote.Host = []string{backend.Host}
	}
	// The backend makes the calls itself.
	remote.ConcurrentCalls = min(remote.ConcurrentCalls, 1)
}
