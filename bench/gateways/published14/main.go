package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/logging"
	"github.com/luraproject/lura/proxy"
	router "github.com/luraproject/lura/router/gin"
	"github.com/luraproject/lura/transport/http/client"

	lambda "github.com/devopsfaith/krakend-lambda"
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
	} else {
		gin.SetMode(gin.ReleaseMode)
	}
	logger, err := logging.NewLogger(level, out, "[KRAKEND]")
	if err != nil {
		return err
	}

	// Backends without the namespace stay HTTP backends.
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(backendFactory)

	router.NewFactory(router.Config{
		Engine:         gin.Default(),
		HandlerFactory: router.EndpointHandler,
		ProxyFactory:   proxy.NewDefaultFactory(backendFactory, logger),
		Logger:         logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
			err = serve(ctx, cfg, handler)
			return nil // the router would only log it: main has to know
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}
