package main

import (
	"errors"
	"fmt"

	"github.com/devopsfaith/krakend/logging"
)

// errorCounter is a logger that counts the errors: KrakenD logs what is wrong with an
// endpoint, and goes on without it.
type errorCounter struct {
	logging.Logger
	errors int
}

func (c *errorCounter) Error(v ...any) {
	c.errors++
	c.Logger.Error(v...)
}

// verdict is what a check has found, once everything is built.
func verdict(r reports, log *errorCounter) error {
	switch bad := r.bad(); {
	case bad > 0:
		return fmt.Errorf("bad configuration of %d of %d Lambda backends", bad, len(r))
	case log.errors > 0:
		return errors.New("bad configuration, see the log")
	}
	return nil
}

// recovered makes an error of a panic: that is how KrakenD refuses a host that is none,
// and its router endpoints which are in each other's way.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("bad configuration: %v", v)
	}
}
