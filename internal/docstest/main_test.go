package docstest

import (
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

var krakend2 = gatewaytest.New("2", "../../examples/krakend2", 3)

func TestMain(m *testing.M) { gatewaytest.Main(m) }
