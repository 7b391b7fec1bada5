package main

import (
	"testing"

	ours "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/logging"

	"github.com/devopsfaith/krakend-lambda/bench/load/amplification"
)

func TestAmplification(t *testing.T) {
	amplification.Test(t, adapter(ours.BackendFactory(logging.NoOp, noBackend)), 2)
}
