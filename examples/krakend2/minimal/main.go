package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := config.NewParser().Parse("krakend.json")
	if err != nil {
		return err
	}
	logger, err := logging.NewLogger("INFO", os.Stdout, "[KRAKEND]")
	if err != nil {
		return err
	}
	missing, ignored := lambda.CheckNamespaces(cfg)
	for _, warning := range append(missing, ignored...) {
		logger.Warning(warning)
	}

	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory)

	router.DefaultFactory(proxy.NewDefaultFactory(backendFactory, logger), logger).NewWithContext(ctx).Run(cfg)
	return nil
}
