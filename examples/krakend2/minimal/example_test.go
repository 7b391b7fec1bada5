package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/client"
)

// A test of krakend.json: requests go through KrakenD's router, and functions run in this process.
func Example() {
	functions := lambdatest.NewServer(map[string]any{
		"hello": func(event struct{ Name string }) (map[string]string, error) {
			return map[string]string{"message": "Hello, " + event.Name + "!"}, nil
		},
	})
	defer functions.Close()

	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": functions.URL,
		"AWS_ACCESS_KEY_ID":       "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":   "not-a-secret",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	gateway, err := handler("krakend.json")
	if err != nil {
		fmt.Println(err)
		return
	}

	response := httptest.NewRecorder()
	gateway.ServeHTTP(response, httptest.NewRequest("GET", "/hello/Ada?debug=1", nil))
	fmt.Println(response.Code, response.Body)

	for _, call := range functions.Calls() {
		fmt.Printf("%s in %s got %s\n", call.Function, call.Region, call.Payload)
	}
	// Output:
	// 200 {"message":"Hello, Ada!"}
	// hello in us-west-2 got {"name":"Ada"}
}

// handler returns what KrakenD would serve with the configuration in file.
func handler(file string) (http.Handler, error) {
	cfg, err := config.NewParser().Parse(file)
	if err != nil {
		return nil, err
	}
	logger, err := logging.NewLogger("ERROR", os.Stderr, "[KRAKEND]")
	if err != nil {
		return nil, err
	}
	backendFactory := proxy.CustomHTTPProxyFactory(client.NewHTTPClient)
	backendFactory = lambda.BackendFactory(logger, backendFactory)

	var served http.Handler
	router.NewFactory(router.Config{
		Engine:         router.NewEngine(cfg, router.EngineOptions{Logger: logger, Writer: io.Discard}),
		HandlerFactory: router.EndpointHandler,
		ProxyFactory:   proxy.NewDefaultFactory(backendFactory, logger),
		Logger:         logger,
		RunServer: func(_ context.Context, _ config.ServiceConfig, h http.Handler) error {
			served = h
			return nil
		},
	}).New().Run(cfg)
	return served, nil
}
