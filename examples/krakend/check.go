package main

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/logging"

	lambda "github.com/devopsfaith/krakend-lambda"
)

// counter is a logger that counts errors and warnings: KrakenD only logs an error in an endpoint, and
// continues without the endpoint.
type counter struct {
	logging.Logger
	errors, warnings atomic.Int64
}

func (c *counter) Error(v ...any) {
	c.errors.Add(1)
	c.Logger.Error(v...)
}

func (c *counter) Warning(v ...any) {
	c.warnings.Add(1)
	c.Logger.Warning(v...)
}

// checkNamespaces logs the namespaces in krakend.json that have no effect in this build. In a
// check, those of components that protect the gateway are errors.
func checkNamespaces(cfg config.ServiceConfig, log *counter, check bool) {
	missing, ignored := lambda.CheckNamespaces(cfg, components...)
	for _, m := range missing {
		if check {
			log.Error(m)
		} else {
			log.Warning(m)
		}
	}
	for _, i := range ignored {
		log.Warning(i)
	}
}

// result returns the result of a check after the gateway was built. Warnings are not errors.
func result(r reports, endpoints []*config.EndpointConfig, log *counter) error {
	for _, e := range r.nowhere(endpoints) {
		log.Error(e + ": a backend has neither a host nor a function: add a host, or correct the namespace in its extra_config")
	}
	for _, e := range r.untyped(endpoints) {
		log.Warning(e + ": bodies reach a function without their Content-Type, so it cannot tell what they are: add Content-Type to the input_headers (headers_to_pass on KrakenD 1.x) of the endpoint, and to those of the backend if it has any")
	}
	for _, line := range r.withoutValue(endpoints) {
		log.Warning(line)
	}
	switch bad := r.bad(); {
	case bad > 0:
		return fmt.Errorf("bad configuration of %d of %d Lambda backends", bad, len(r))
	case log.errors.Load() > 0:
		return errors.New("bad configuration, see the log")
	}
	fmt.Fprintf(os.Stderr, "krakend: Lambda backends: %d, errors: 0, warnings: %d\n", len(r), log.warnings.Load())
	return nil
}

// recovered turns a panic into an error: KrakenD panics for an invalid host, and its router for
// conflicting endpoints.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("bad configuration: %v", v)
	}
}
