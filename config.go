package lambda

import (
	"context"
	"errors"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
)

// Namespace is the key of a backend's extra_config under which the configuration
// of its function is.
const Namespace = "github.com/devopsfaith/krakend-lambda"

// shortNamespace is KrakenD 2's name for the Namespace. KrakenD 1.x has no such names.
const shortNamespace = "backend/lambda"

// backendSpec translates KrakenD's configuration of a backend. It is false for a
// backend that is none of Lambda's.
func backendSpec(remote *config.Backend) (backend.Spec, bool) {
	settings := backend.Settings(remote.ExtraConfig, Namespace)
	return backend.Spec{
		Settings:        settings,
		ExtraConfig:     remote.ExtraConfig,
		URLPattern:      remote.URLPattern,
		Host:            remote.Host,
		Method:          remote.Method,
		Encoding:        remote.Encoding,
		ConcurrentCalls: remote.ConcurrentCalls,
		ForwardsHost:    forwardsHost,
		SharedBody:      true, // in proxy.NewConcurrentMiddleware
	}, len(settings) > 0
}

func isNoOp(remote *config.Backend) bool { return remote.Encoding == encoding.NOOP }

// statusHandler is KrakenD's own for the replies that have a status for it to accept or
// not, and none for all others.
func statusHandler(remote *config.Backend, b *backend.Backend) client.HTTPStatusHandler {
	if b.HasStatus() {
		return client.GetHTTPStatusHandler(remote)
	}
	return client.NoOpHTTPStatusHandler
}

// refused makes of a status that KrakenD does not accept what it makes of an HTTP
// backend's: with return_error_details a response that says so, else an error.
func refused(err error) (*proxy.Response, error) {
	named, ok := err.(interface {
		Name() string
		StatusCode() int
	})
	if !ok {
		return nil, err
	}
	return &proxy.Response{
		Data:     map[string]interface{}{"error_" + named.Name(): err},
		Metadata: proxy.Metadata{StatusCode: named.StatusCode()},
	}, nil
}

// detailsName is the name that return_error_details gives to a backend's errors,
// empty where they are not to be shown. KrakenD's own status handler knows, and is
// asked with a reply that it cannot accept. As with HTTP backends, no-op shows
// none.
func detailsName(remote *config.Backend) string {
	if _, ok := remote.ExtraConfig[client.Namespace]; !ok || isNoOp(remote) {
		return ""
	}
	_, err := client.GetHTTPStatusHandler(remote)(context.Background(), &http.Response{
		StatusCode: http.StatusInternalServerError,
		Body:       http.NoBody,
	})
	var named interface{ Name() string }
	if errors.As(err, &named) {
		return named.Name()
	}
	return ""
}

// withDetails makes of an error what KrakenD makes of an HTTP backend's where
// return_error_details has a name for it: a response with the details as its data.
func withDetails(name string, err error) (*proxy.Response, error) {
	var e *backend.Error
	if name == "" || !errors.As(err, &e) {
		return nil, err
	}
	detailed := e.WithDetails()
	if detailed == e { // it has none to show
		return nil, err
	}
	return &proxy.Response{
		Data: map[string]interface{}{
			"error_" + name: client.HTTPResponseError{Code: detailed.StatusCode(), Msg: detailed.Error()},
		},
		Metadata: proxy.Metadata{StatusCode: e.StatusCode()},
	}, nil
}
