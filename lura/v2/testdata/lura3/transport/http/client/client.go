// Package client has what the adapter uses of the package of that name in Lura 3.
package client

import (
	"context"
	"net/http"

	"github.com/luraproject/lura/v3/config"
)

// Namespace is that of the settings for HTTP backends. It is a short name, where Lura 2 has
// the path of a package.
const Namespace = "backend/http"

// HTTPStatusHandler accepts the status of a response, or not.
type HTTPStatusHandler func(context.Context, *http.Response) (*http.Response, error)

// GetHTTPStatusHandler returns the handler that the settings of a backend ask for.
func GetHTTPStatusHandler(*config.Backend) HTTPStatusHandler { return nil }

// NoOpHTTPStatusHandler accepts all.
func NoOpHTTPStatusHandler(_ context.Context, r *http.Response) (*http.Response, error) {
	return r, nil
}

// HTTPResponseError is the error of a status that is not accepted.
type HTTPResponseError struct {
	Code int
	Msg  string
	Enc  string
}

// Error implements error.
func (e HTTPResponseError) Error() string { return e.Msg }

// NamedHTTPResponseError is the error with return_error_details.
type NamedHTTPResponseError struct{ HTTPResponseError }

// Name returns the value of return_error_details.
func (NamedHTTPResponseError) Name() string { return "" }
