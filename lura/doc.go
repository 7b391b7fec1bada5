// Package lambda makes AWS Lambda functions backends of a KrakenD gateway. KrakenD treats what a
// function returns like the reply of any other backend, and no API Gateway is needed.
//
// This module is for gateways built with github.com/luraproject/lura v1.4
// (KrakenD 1.4). A build wraps its backend factory:
//
//	backendFactory = lambda.BackendFactory(backendFactory, lambda.WithLogger(logger))
//
// Then every backend with the [Namespace] in its extra_config invokes a function:
//
//	"extra_config": {
//	    "github.com/devopsfaith/krakend-lambda": {
//	        "function_name": "lambda-function",
//	        "region": "us-west-2",
//	        "max_retries": 1
//	    }
//	}
//
// https://github.com/devopsfaith/krakend-lambda documents all keys, what functions receive and
// may return, and the statuses of errors.
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
