package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/server"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

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

// useTransport makes KrakenD's transport the default one, as its router does. All
// contestants call through it.
func useTransport() error {
	cfg, err := parse(load.GatewayOf(config.ConfigVersion, 1))
	if err == nil {
		server.InitHTTPDefaultTransport(cfg)
	}
	return err
}

func parse(krakend []byte) (config.ServiceConfig, error) {
	return config.NewParserWithFileReader(func(string) ([]byte, error) { return krakend, nil }).Parse("krakend.json")
}
