package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"
)

func main() {
	file := flag.String("c", "krakend.json", "the configuration file")
	check := flag.Bool("check", false, "print what each Lambda backend invokes, and exit, with status 1 after an error")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q: name the configuration file with -c\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *file, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, check bool) error {
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		return err
	}
	logger, err := logging.NewLogger("INFO", os.Stdout, "[KRAKEND]")
	if err != nil {
		return err
	}
	missing, ignored := lambda.CheckNamespaces(cfg, router.Namespace)
	for _, warning := range append(missing, ignored...) {
		logger.Warning(warning)
	}
	if check {
		return report(cfg, len(missing))
	}

	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory)

	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: os.Stdout}),
		HandlerFactory: router.EndpointHandler,
		ProxyFactory:   proxy.NewDefaultFactory(backendFactory, logger),
		Logger:         logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
			err = server.RunServer(ctx, cfg, handler)
			return nil // the router would only log it: main has to know
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}

// report prints what each Lambda backend invokes, and returns an error if a backend has a bad
// configuration, or neither a host nor a function, or if a component is missing.
func report(cfg config.ServiceConfig, missing int) error {
	bad := missing
	for _, e := range cfg.Endpoints {
		for _, b := range e.Backend {
			r := lambda.Check(b)
			for _, w := range r.Warnings {
				fmt.Println(e.Method, e.Endpoint, "warning:", w)
			}
			switch {
			case r.Err != nil:
				bad++
				fmt.Println(e.Method, e.Endpoint, "error:", strings.ReplaceAll(r.Err.Error(), "\n", "; "))
			case r.Invokes != "":
				fmt.Println(e.Method, e.Endpoint, "invokes the", r.Invokes)
			case len(b.Host) == 0:
				bad++
				fmt.Println(e.Method, e.Endpoint, "error: a backend has neither a host nor a function: add a host, or correct the namespace in its extra_config")
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("the configuration has errors: %d", bad)
	}
	return nil
}
