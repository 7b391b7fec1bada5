// Command krakend-ce stands in for KrakenD-CE's. It makes one call of the function hello without
// telemetry/opentelemetry, and one with it, and says what is in the schema.
package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"strings"

	krakend "github.com/krakend/krakend-ce/v2"
	otelstate "github.com/krakend/krakend-otel/state"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/core"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

//go:embed schema
var embedSchema embed.FS

func main() {
	schema, err := embedSchema.ReadFile("schema/schema.json")
	if err != nil {
		fail(err)
	}
	fmt.Println("lint knows log_tail:", strings.Contains(string(schema), `"log_tail"`))
	call()
	otelstate.SetGlobalState(&otelstate.OTELState{})
	call()
}

func call() {
	backend := &config.Backend{
		Method:      "GET",
		Decoder:     encoding.JSONDecoder,
		ExtraConfig: config.ExtraConfig{"github.com/devopsfaith/krakend-lambda": map[string]interface{}{"function_name": "hello"}},
	}
	call := krakend.NewBackendFactory(logging.NoOp)(backend)
	response, err := call(context.Background(), &proxy.Request{Method: "GET", Params: map[string]string{"Name": "Ada"}})
	if err != nil {
		fail(err)
	}
	fmt.Println(core.KrakendVersion, response.Data)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
