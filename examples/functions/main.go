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

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9001", "the `address` to listen on, on loopback")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	functions := Functions()
	server, err := lambdatest.Listen(*addr, functions)
	if err != nil {
		log.Fatal("functions: ", err)
	}
	defer server.Close()

	fmt.Println("Invoke API:", server.URL)
	fmt.Println("Functions: ", strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	<-ctx.Done()
}
