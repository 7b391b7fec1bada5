package main

import (
	"context"
	"io"
	"net/http"

	ours "github.com/devopsfaith/krakend-lambda/lura/v2"
	published "github.com/krakendio/krakend-lambda/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/server"
)

func ours2() contestant {
	return lura2("ours", "this module, KrakenD 2", ours.BackendFactory(logging.NoOp, notLambda2))
}

func published2() contestant {
	return lura2("published", "published v2.0.3", published.BackendFactory(logging.NoOp, notLambda2))
}

// lura2 returns a contestant that calls the proxies of a backend factory for KrakenD 2.
func lura2(name, title string, backends proxy.BackendFactory) contestant {
	return contestant{
		name:  name,
		title: title,
		open: func(s settings) (caller, error) {
			cfg, err := parse2(s)
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
			cfg, err := parse2(manySettings(n)...)
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

func notLambda2(*config.Backend) proxy.Proxy {
	return func(context.Context, *proxy.Request) (*proxy.Response, error) { return nil, errNotLambda }
}

func parse2(all ...settings) (config.ServiceConfig, error) {
	krakend := gatewayOf(config.ConfigVersion, all...)
	return config.NewParserWithFileReader(func(string) ([]byte, error) { return krakend, nil }).Parse("krakend.json")
}

// useTransport makes KrakenD's HTTP transport the default one.
func useTransport() error {
	cfg, err := parse2(manySettings(1)...)
	server.InitHTTPDefaultTransport(cfg)
	return err
}
