// Package lambda makes AWS Lambda functions backends of a KrakenD gateway: KrakenD
// treats and manipulates what a function returns like the reply of any other
// backend. No API Gateway is needed.
//
// This module is for gateways built with github.com/luraproject/lura/v2 (KrakenD
// 2). A build wraps its backend factory:
//
//	backendFactory = lambda.BackendFactory(logger, backendFactory)
//
// From then on every backend whose extra_config has the [Namespace], or KrakenD 2's
// short name for it, [NamespaceAlias], invokes a function:
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
//   - observer.go: [WithObserver], [Invocation] and [WithMeterProvider]
//   - report.go: [Report] and [Check]
//   - namespaces.go: [CheckNamespaces]
package lambda
