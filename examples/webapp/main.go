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

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9002", "the `address` to listen on, on loopback")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

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

// Functions returns the shop as functions. Deployed, its main would be
//
//	lambda.Start(httpadapter.NewV2(shop.New()).ProxyWithContext)
func Functions() map[string]any {
	app := shop.New()
	return map[string]any{
		"webapp":    httpadapter.NewV2(app).ProxyWithContext, // payload_format 2.0
		"webapp-v1": httpadapter.New(app).ProxyWithContext,   // payload_format 1.0
	}
}
