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

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// framework is the module of KrakenD that this gateway is built on.
const framework = "github.com/luraproject/lura/v2"

func main() {
	file := flag.String("c", "krakend.json", "the configuration `file`")
	debug := flag.Bool("d", false, "log at level DEBUG, and run KrakenD in debug mode")
	check := flag.Bool("check", false, "check the configuration, print what each Lambda backend invokes, and exit, with status 1 after an error; makes no calls")
	version := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "krakend: unexpected argument %q: name the configuration file with -c\n", flag.Arg(0))
		os.Exit(2)
	}
	if *version {
		fmt.Println(about())
		return
	}
	tellVersion()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second signal ends the process at once

	if err := run(ctx, *file, *debug, *check); err != nil {
		fmt.Fprintln(os.Stderr, "krakend:", err)
		os.Exit(1)
	}
}

// components are the namespaces of the components that run wires, besides KrakenD's own and
// Lambda's. Add the namespace of each component that you wire.
var components = []string{router.Namespace}

func run(ctx context.Context, file string, debug, check bool) (err error) {
	if check {
		defer recovered(&err)
	}
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		return err
	}
	level, out := "WARNING", os.Stdout
	if debug {
		cfg.Debug, level = true, "DEBUG"
	}
	reports := reports{}
	opts := []lambda.Option{lambda.WithReport(reports.add)}
	if check {
		opts = append(opts, lambda.CheckOnly())
		out = os.Stderr // standard output is the table's
	}
	log, err := logging.NewLogger(level, out, "[KRAKEND]")
	if err != nil {
		return err
	}
	logger := &counter{Logger: log}
	checkNamespaces(cfg, logger, check)

	// Backends without the namespace stay HTTP backends.
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory, opts...)

	router.NewFactory(router.Config{
		Engine: router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: out}),
		HandlerFactory: reports.handlers(
			router.CustomErrorEndpointHandler(logging.NoOp, server.DefaultToHTTPError),
			router.CustomErrorEndpointHandler(logger, server.DefaultToHTTPError)),
		ProxyFactory: proxy.NewDefaultFactory(backendFactory, logger),
		Logger:       logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
			reports.print(os.Stdout, cfg.Endpoints)
			if check {
				err = result(reports, cfg.Endpoints, logger)
			} else {
				err = server.RunServer(ctx, cfg, handler)
			}
			return nil // the router would only log it: main has to know
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}
