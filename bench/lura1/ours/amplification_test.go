package main

import (
	"testing"

	lambda "github.com/devopsfaith/krakend-lambda/lura"
	"github.com/luraproject/lura/logging"

	"github.com/devopsfaith/krakend-lambda/bench/load/amplification"
)

func TestAmplification(t *testing.T) {
	amplification.Test(t, adapter(lambda.BackendFactory(noBackend, lambda.WithLogger(logging.NoOp))), 3)
}
