package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
)

func main() {
	file := flag.String("c", "krakend.json", "the configuration `file`")
	metrics := flag.String("metrics", "127.0.0.1:9464", "the `address` where Prometheus finds /metrics. Keep it from clients")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "krakend: unexpected argument %q: name the configuration file with -c\n", flag.Arg(0))
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *file, *metrics); err != nil {
		fmt.Fprintln(os.Stderr, "krakend:", err)
		os.Exit(1)
	}
}

// run serves the gateway and its metrics until ctx ends.
func run(ctx context.Context, file, metrics string) (err error) {
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		return err
	}
	logger, err := logging.NewLogger("INFO", os.Stdout, "[KRAKEND]")
	if err != nil {
		return err
	}

	// Spans go to standard error as JSON. A build of your own uses an exporter of OTLP instead:
	// otlptracegrpc.New(ctx).
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(os.Stderr))
	if err != nil {
		return err
	}
	t, err := newTelemetry(exporter)
	if err != nil {
		return err
	}
	defer func() { // export the remaining spans
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = errors.Join(err, t.shutdown(ctx))
	}()

	listener, err := net.Listen("tcp", metrics)
	if err != nil {
		return err
	}
	go func() {
		if err := t.serveMetrics(ctx, listener); err != nil {
			logger.Error("[SERVICE: Metrics]", err.Error())
		}
	}()

	return serveGateway(ctx, cfg, logger, os.Stdout, t, server.RunServer)
}

// serveGateway builds the gateway, and returns when serve does, with its error. The access log goes to out.
func serveGateway(ctx context.Context, cfg config.ServiceConfig, logger logging.Logger, out io.Writer, t *telemetry, serve router.RunServerFunc) (err error) {
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory, lambda.WithMeterProvider(t.meters))
	// The span of a backend is the parent of its invocations' spans, so it is outermost.
	backendFactory = t.backends(backendFactory)

	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: out}),
		HandlerFactory: once(router.CustomErrorEndpointHandler(logging.NoOp, server.DefaultToHTTPError)),
		ProxyFactory:   proxy.NewDefaultFactory(backendFactory, logger),
		Logger:         logger,
		RunServer: func(ctx context.Context, cfg config.ServiceConfig, next http.Handler) error {
			err = serve(ctx, cfg, t.requests(next))
			return nil // the router would only log it: main has to know
		},
	}).NewWithContext(ctx).Run(cfg)
	return err
}

// once makes handlers that log each failure once: the backend logs a function's failure with its
// cause, and the access log all others.
func once(next router.HandlerFactory) router.HandlerFactory {
	return func(e *config.EndpointConfig, p proxy.Proxy) gin.HandlerFunc {
		handle := next(e, p)
		return func(c *gin.Context) {
			handle(c)
			c.Errors = slices.DeleteFunc(c.Errors, func(e *gin.Error) bool {
				_, ofFunction := e.Err.(interface{ FunctionError() string })
				return ofFunction
			})
		}
	}
}
