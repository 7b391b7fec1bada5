// Package lambda makes AWS Lambda functions backends of a KrakenD gateway: what a
// function returns can be treated and manipulated as the reply of any other
// backend, and no API Gateway stands in between.
//
// This module is for gateways built with github.com/devopsfaith/krakend v1.2
// (KrakenD 1.0 to 1.3). A build wraps its backend factory:
//
//	backendFactory = lambda.BackendFactory(backendFactory, lambda.WithLogger(logger))
//
// From then on every backend whose extra_config has the [Namespace] invokes a
// function:
//
//	"extra_config": {
//	    "github.com/devopsfaith/krakend-lambda": {
//	        "function_name": "lambda-function",
//	        "region": "us-west-2",
//	        "max_retries": 1
//	    }
//	}
//
// https://github.com/devopsfaith/krakend-lambda has every key, what functions receive and
// may return, and the statuses that errors become.
//
// The package translates between KrakenD and internal/backend, which does the work. It
// registers no endpoints, and leaves backends of other namespaces to the next factory.
//
// Read lambda.go first: [BackendFactory] and its options. Then:
//
//   - config.go: what KrakenD says of a backend, and errors as KrakenD wants them
//   - prepare.go: what the factory changes in a backend's configuration, and what stood there before
//   - observer.go: [WithObserver] and [Invocation]
//   - report.go: [Report] and [Check]
//   - namespaces.go: [CheckNamespaces]
//   - router.go: what KrakenD's routers do to a request's Host
package lambda

//go:generate go run ./internal/generate
