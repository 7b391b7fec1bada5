package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	lambda "github.com/devopsfaith/krakend-lambda/lura"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
	"github.com/luraproject/lura/transport/http/server"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run() error {
	backends := lambda.BackendFactory(noBackend, lambda.WithLogger(logging.NoOp))
	cfg, err := parse(load.GatewayOf(config.ConfigVersion, 1))
	if err != nil {
		return err
	}
	server.InitHTTPDefaultTransport(cfg)
	return load.Serve(os.Stdin, os.Stdout, adapter(backends))
}

// adapter is the contestant that calls through the proxies of a backend factory.
func adapter(backends proxy.BackendFactory) load.Contestant {
	return load.Contestant{
		New: func(t load.Target) (load.Caller, error) {
			cfg, err := parse(load.GatewayFor(config.ConfigVersion, t))
			if err != nil {
				return nil, err
			}
			call := backends(cfg.Endpoints[0].Backend[0])
			return func(ctx context.Context, payload io.ReadCloser) (load.Reply, error) {
				response, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: payload})
				if err != nil {
					return load.Reply{}, err
				}
				return load.Reply{Data: response.Data, Body: response.Io}, nil
			}, nil
		},
		Pipes: func(n int) (func() (any, error), error) {
			cfg, err := parse(load.GatewayOf(config.ConfigVersion, n))
			if err != nil {
				return nil, err
			}
			return func() (any, error) {
				factory := proxy.NewDefaultFactory(backends, logging.NoOp)
				pipes := make([]proxy.Proxy, len(cfg.Endpoints))
				for i, endpoint := range cfg.Endpoints {
					if pipes[i], err = factory.New(endpoint); err != nil {
						return nil, err
					}
				}
				return pipes, nil
			}, nil
		},
	}
}

// noBackend stands in where an adapter would take a backend for another component's.
func noBackend(*config.Backend) proxy.Proxy {
	return func(context.Context, *proxy.Request) (*proxy.Response, error) {
		return nil, errors.New("the backend is none of Lambda's")
	}
}

func parse(krakend []byte) (config.ServiceConfig, error) {
	return config.NewParserWithFileReader(func(string) ([]byte, error) { return krakend, nil }).Parse("krakend.json")
}
