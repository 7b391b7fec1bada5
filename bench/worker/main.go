package main

import (
	"fmt"
	"os"

	ours "github.com/devopsfaith/krakend-lambda/lura/v2"
	published "github.com/krakendio/krakend-lambda/v2"
	"github.com/luraproject/lura/v2/logging"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one argument is needed, the contestant")
	}
	var c load.Contestant
	switch args[0] {
	case "ours":
		c = adapter(ours.BackendFactory(logging.NoOp, noBackend))
	case "published":
		c = adapter(published.BackendFactory(logging.NoOp, noBackend))
	case "sdk":
		c = load.Contestant{New: sdkCaller}
	case "floor":
		c = load.Contestant{New: floorCaller}
	default:
		return fmt.Errorf("there is no contestant %q", args[0])
	}
	if err := useTransport(); err != nil {
		return err
	}
	return load.Serve(os.Stdin, os.Stdout, c)
}
