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

// Namespace is the key of a backend's extra_config that holds the configuration of its function.
const Namespace = "github.com/devopsfaith/krakend-lambda"

// shortNamespace is KrakenD 2's name for the Namespace. KrakenD 1.x has no short names.
const shortNamespace = "backend/lambda"

// backendSpec translates KrakenD's configuration of a backend. It returns false for a backend
// without the Namespace.
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
		SharedBody:      true, // proxy.NewConcurrentMiddleware shares it
	}, len(settings) > 0
}

func isNoOp(remote *config.Backend) bool { return remote.Encoding == encoding.NOOP }

// statusHandler returns KrakenD's own handler if replies have a status that KrakenD checks, and
// a handler without effect otherwise.
func statusHandler(remote *config.Backend, b *backend.Backend) client.HTTPStatusHandler {
	if b.HasStatus() {
		return client.GetHTTPStatusHandler(remote)
	}
	return client.NoOpHTTPStatusHandler
}

// refused handles a status that KrakenD does not accept as KrakenD does for HTTP backends: with
// return_error_details it returns a response with the details, otherwise the error.
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

// detailsName returns the name that return_error_details gives to a backend's errors. It is
// empty if the backend does not show them, which includes every no-op backend, as with HTTP
// backends. To learn the name, it passes KrakenD's own status handler a reply that the handler
// rejects.
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

// withDetails handles an error as KrakenD does for HTTP backends: if return_error_details gives
// it a name, it returns a response with the details as its data.
func withDetails(name string, err error) (*proxy.Response, error) {
	var e *backend.Error
	if name == "" || !errors.As(err, &e) {
		return nil, err
	}
	detailed := e.WithDetails()
	if detailed == e { // there are no details to show
		return nil, err
	}
	return &proxy.Response{
		Data: map[string]interface{}{
			"error_" + name: client.HTTPResponseError{Code: detailed.StatusCode(), Msg: detailed.Error()},
		},
		Metadata: proxy.Metadata{StatusCode: e.StatusCode()},
	}, nil
}
