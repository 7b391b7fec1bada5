// Command krakend-ce stands in for KrakenD-CE's. It makes one call of the function hello. As in
// KrakenD-CE, components import github.com/golang/protobuf.
package main

import (
	"context"
	"fmt"
	"os"

	_ "github.com/golang/protobuf/protoc-gen-go/descriptor"
	krakend "github.com/krakendio/krakend-ce/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/core"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

func main() {
	backend := &config.Backend{
		Method:      "GET",
		Decoder:     encoding.JSONDecoder,
		ExtraConfig: config.ExtraConfig{"github.com/devopsfaith/krakend-lambda": map[string]interface{}{"function_name": "hello"}},
	}
	call := krakend.NewBackendFactory(logging.NoOp)(backend)
	response, err := call(context.Background(), &proxy.Request{Method: "GET", Params: map[string]string{"Name": "Ada"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(core.KrakendVersion, response.Data)
}
