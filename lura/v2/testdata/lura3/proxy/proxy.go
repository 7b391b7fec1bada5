// Package proxy has what the adapter uses of the package of that name in Lura 3.
package proxy

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/luraproject/lura/v3/config"
	"github.com/luraproject/lura/v3/encoding"
)

// Request is a request to a backend.
type Request struct {
	Method  string
	URL     *url.URL
	Query   url.Values
	Path    string
	Body    io.ReadCloser
	Params  map[string]string
	Headers map[string][]string
}

// Metadata is the status and the headers of a Response.
type Metadata struct {
	Headers    map[string][]string
	StatusCode int
}

// Response is the response of a backend.
type Response struct {
	Data       map[string]interface{}
	IsComplete bool
	Metadata   Metadata
	Io         io.Reader
}

// Proxy processes a request.
type Proxy func(context.Context, *Request) (*Response, error)

// BackendFactory makes the proxy of a backend.
type BackendFactory func(*config.Backend) Proxy

// HTTPResponseParser makes a Response of an HTTP response.
type HTTPResponseParser func(context.Context, *http.Response) (*Response, error)

// HTTPResponseParserConfig is what an HTTPResponseParser works with.
type HTTPResponseParserConfig struct {
	Decoder         encoding.Decoder
	EntityFormatter EntityFormatter
}

// EntityFormatter filters and renames the data of a Response.
type EntityFormatter interface {
	Format(Response) Response
}

// DefaultHTTPResponseParserFactory returns the parser for bodies that are decoded.
func DefaultHTTPResponseParserFactory(HTTPResponseParserConfig) HTTPResponseParser { return nil }

// NewEntityFormatter returns the formatter of a backend.
func NewEntityFormatter(*config.Backend) EntityFormatter { return nil }

// Namespace is the key of extra_config.
const Namespace = "proxy"
