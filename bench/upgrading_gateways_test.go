package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	published14 "example.com/published/krakend14"
	ours14 "github.com/devopsfaith/krakend-lambda/lura"
	ours2adapter "github.com/devopsfaith/krakend-lambda/lura/v2"
	published2adapter "github.com/krakendio/krakend-lambda/v2"
	config14 "github.com/luraproject/lura/config"
	logging14 "github.com/luraproject/lura/logging"
	proxy14 "github.com/luraproject/lura/proxy"
	router14 "github.com/luraproject/lura/router/gin"
	client14 "github.com/luraproject/lura/transport/http/client"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
	"github.com/luraproject/lura/v2/transport/http/server"

	"github.com/gin-gonic/gin"
)

type object = map[string]any

// gatewayHandlers make the HTTP handler of a gateway from its krakend.json, by module and
// generation. fromYAML makes the numbers of extra_config int, as a YAML file has them.
var gatewayHandlers = map[string]func(t *testing.T, krakend string, fromYAML bool) http.Handler{
	"published": func(t *testing.T, k string, yaml bool) http.Handler {
		return gateway2(t, k, yaml, published2adapter.BackendFactory(logging.NoOp, http2))
	},
	"ours": func(t *testing.T, k string, yaml bool) http.Handler {
		return gateway2(t, k, yaml, ours2adapter.BackendFactory(logging.NoOp, http2))
	},
	"published 1.4": func(t *testing.T, k string, yaml bool) http.Handler {
		return gateway14(t, k, yaml, published14.BackendFactory(http14))
	},
	"ours 1.4": func(t *testing.T, k string, yaml bool) http.Handler {
		return gateway14(t, k, yaml, ours14.BackendFactory(http14, ours14.WithLogger(logging14.NoOp)))
	},
}

var (
	http2  = proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	http14 = proxy14.CustomHTTPProxyFactory(client14.NewHTTPClient)
)

func gateway2(t *testing.T, krakend string, fromYAML bool, backends proxy.BackendFactory) (handler http.Handler) {
	cfg, err := config.NewParserWithFileReader(func(string) ([]byte, error) { return versioned(krakend, config.ConfigVersion), nil }).Parse("krakend.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range cfg.Endpoints {
		for _, b := range e.Backend {
			withInts(b.ExtraConfig, fromYAML)
		}
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	if cfg.ExtraConfig[router.Namespace] != nil { // the router's settings are package variables
		engine = router.NewEngine(cfg, router.EngineOptions{Logger: logging.NoOp, Writer: io.Discard})
		t.Cleanup(func() {
			off := config.ServiceConfig{ExtraConfig: config.ExtraConfig{router.Namespace: object{"return_error_msg": false}}}
			router.NewEngine(off, router.EngineOptions{Logger: logging.NoOp, Writer: io.Discard})
		})
	}
	router.NewFactory(router.Config{
		Engine:         engine,
		HandlerFactory: router.CustomErrorEndpointHandler(logging.NoOp, server.DefaultToHTTPError),
		ProxyFactory:   proxy.NewDefaultFactory(backends, logging.NoOp),
		Logger:         logging.NoOp,
		RunServer: func(_ context.Context, _ config.ServiceConfig, h http.Handler) error {
			handler = h
			return nil
		},
	}).New().Run(cfg)
	return handler
}

func gateway14(t *testing.T, krakend string, fromYAML bool, backends proxy14.BackendFactory) (handler http.Handler) {
	cfg, err := config14.NewParserWithFileReader(func(string) ([]byte, error) { return versioned(krakend, config14.ConfigVersion), nil }).Parse("krakend.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range cfg.Endpoints {
		for _, b := range e.Backend {
			withInts(b.ExtraConfig, fromYAML)
		}
	}
	gin.SetMode(gin.ReleaseMode)
	router14.NewFactory(router14.Config{
		Engine:         gin.New(),
		HandlerFactory: router14.EndpointHandler,
		ProxyFactory:   proxy14.NewDefaultFactory(backends, logging14.NoOp),
		Logger:         logging14.NoOp,
		RunServer: func(_ context.Context, _ config14.ServiceConfig, h http.Handler) error {
			handler = h
			return nil
		},
	}).New().Run(cfg)
	return handler
}

// versioned returns a krakend.json in the version of a generation.
func versioned(krakend string, version int) []byte {
	return fmt.Appendf(nil, `{"version":%d,%s`, version, krakend[1:])
}

func withInts(extra map[string]any, fromYAML bool) {
	for _, settings := range extra {
		if settings, ok := settings.(map[string]any); ok && fromYAML {
			for key, value := range settings {
				if n, ok := value.(float64); ok {
					settings[key] = int(n)
				}
			}
		}
	}
}

// replies writes the answer of a function.
func replies(payload string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		w.Header().Set("X-Amzn-Requestid", "id")
		io.WriteString(w, payload)
	}
}

// refuses writes an error of AWS.
func refuses(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		fmt.Fprint(w, `{"message":"arn:aws:lambda:us-west-2:123456789012:function:f"}`)
	}
}

// fails writes a function's error.
func fails(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Amz-Function-Error", "Unhandled")
	io.WriteString(w, `{"errorType":"E","errorMessage":"spilt","stackTrace":["main.go"]}`)
}
