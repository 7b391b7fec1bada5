package main

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"

	published "github.com/krakendio/krakend-lambda/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"
)

// servePublished serves a gateway for KrakenD 2 with the published module. Its parts are connected as in
// examples/krakend2.
func servePublished(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	file := flags.String("c", "krakend.json", "the configuration `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg, err := config.NewParser().Parse(*file)
	if err != nil {
		return err
	}
	logger, err := logging.NewLogger("WARNING", os.Stdout, "[KRAKEND]")
	if err != nil {
		return err
	}
	backends := published.BackendFactory(logger, proxy.CustomHTTPProxyFactory(client.NewHTTPClient))
	err = errors.New("the gateway did not start")
	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: os.Stdout}),
		HandlerFactory: router.CustomErrorEndpointHandler(logger, server.DefaultToHTTPError),
		ProxyFactory:   proxy.NewDefaultFactory(backends, logger),
		Logger:         logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
			err = server.RunServer(ctx, cfg, handler)
			return nil
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}
