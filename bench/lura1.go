package main

import (
	"context"
	"io"
	"net/http"

	published "example.com/published/krakend14"
	ours "github.com/devopsfaith/krakend-lambda/lura"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
)

func ours1() contestant {
	return lura1("ours-1.4", "this module, KrakenD 1.4", ours.BackendFactory(notLambda1, ours.WithLogger(logging.NoOp)))
}

func published1() contestant {
	return lura1("published-1.4", "published v1.4.0", published.BackendFactory(notLambda1))
}

// lura1 returns a contestant that calls the proxies of a backend factory for KrakenD 1.4.
func lura1(name, title string, backends proxy.BackendFactory) contestant {
	return contestant{
		name:  name,
		title: title,
		open: func(s settings) (caller, error) {
			cfg, err := parse1(s)
			if err != nil {
				return nil, err
			}
			call := backends(cfg.Endpoints[0].Backend[0])
			return func(ctx context.Context, payload io.ReadCloser) (map[string]any, error) {
				response, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: payload})
				if err != nil {
					return nil, err
				}
				return response.Data, nil
			}, nil
		},
		pipes: func(n int) (func() (any, error), error) {
			cfg, err := parse1(manySettings(n)...)
			return func() (any, error) {
				factory := proxy.NewDefaultFactory(backends, logging.NoOp)
				pipes := make([]proxy.Proxy, len(cfg.Endpoints))
				for i, endpoint := range cfg.Endpoints {
					if pipes[i], err = factory.New(endpoint); err != nil {
						return nil, err
					}
				}
				return pipes, nil
			}, err
		},
	}
}

func notLambda1(*config.Backend) proxy.Proxy {
	return func(context.Context, *proxy.Request) (*proxy.Response, error) { return nil, errNotLambda }
}

func parse1(all ...settings) (config.ServiceConfig, error) {
	krakend := gatewayOf(config.ConfigVersion, all...)
	return config.NewParserWithFileReader(func(string) ([]byte, error) { return krakend, nil }).Parse("krakend.json")
}
