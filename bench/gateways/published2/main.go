package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"

	lambda "github.com/krakendio/krakend-lambda/v2"
)

func main() {
	file := flag.String("c", "krakend.json", "the configuration `file`")
	debug := flag.Bool("d", false, "log at level DEBUG, and run KrakenD in debug mode")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, *file, *debug); err != nil {
		fmt.Fprintln(os.Stderr, "krakend:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, debug bool) (err error) {
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		return err
	}
	level, out := "WARNING", os.Stdout
	if debug {
		cfg.Debug, level = true, "DEBUG"
	}
	logger, err := logging.NewLogger(level, out, "[KRAKEND]")
	if err != nil {
		return err
	}

	// Backends without the namespace stay HTTP backends.
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory)

	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: out}),
		HandlerFactory: router.CustomErrorEndpointHandler(logger, server.DefaultToHTTPError),
		ProxyFactory:   proxy.NewDefaultFactory(backendFactory, logger),
		Logger:         logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
			err = server.RunServer(ctx, cfg, handler)
			return nil // the router would only log it: main has to know
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}
