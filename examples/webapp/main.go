package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// pause is the time between two lines of the shop's kettle.
const pause = 600 * time.Millisecond

func main() {
	addr := flag.String("addr", "127.0.0.1:9002", "the `address` to listen on, on loopback")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// On AWS, both are in the environment.
	lambdacontext.FunctionName, lambdacontext.FunctionVersion = "webapp", "$LATEST"

	functions := Functions()
	server, err := lambdatest.Listen(*addr, functions)
	if err != nil {
		log.Fatal("webapp: ", err)
	}
	defer server.Close()

	fmt.Println("Invoke API:", server.URL)
	fmt.Println("Functions: ", strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	<-ctx.Done()
}

// Functions returns the shop as functions for payload_format 2.0: "webapp" replies with complete
// pages, and "webapp-stream", for backends with "stream", while the shop writes. On AWS, their main
// functions would be
//
//	lambda.Start(httpadapter.NewV2(shop.New(pause)).ProxyWithContext)
//	lambdaurl.Start(shop.New(pause))
func Functions() map[string]any {
	app := shop.New(pause)
	return map[string]any{
		"webapp":        httpadapter.NewV2(app).ProxyWithContext,
		"webapp-stream": lambdaurl.Wrap(app),
	}
}
