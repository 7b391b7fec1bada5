// Package lambda makes AWS Lambda functions backends of a KrakenD gateway. KrakenD treats what a
// function returns like the reply of any other backend, and no API Gateway is needed.
//
// This module is for gateways built with github.com/luraproject/lura/v2 (KrakenD
// 2). A build wraps its backend factory:
//
//	backendFactory = lambda.BackendFactory(logger, backendFactory)
//
// Then every backend with the [Namespace], or with KrakenD 2's short name for it,
// [NamespaceAlias], in its extra_config invokes a function:
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
//   - config.go: translates KrakenD's configuration of a backend, and errors for KrakenD
//   - prepare.go: what the factory changes in a backend's configuration, and the values before
//   - observer.go: [WithObserver], [Invocation] and [WithMeterProvider]
//   - report.go: [Report] and [Check]
//   - namespaces.go: [CheckNamespaces]
package lambda
