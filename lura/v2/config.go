package lambda

import (
	"context"
	"errors"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/backend"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/proxy"
	"github.com/luraproject/lura/v2/transport/http/client"
)

// Namespace is the key in a backend's extra_config for the configuration of its function.
const Namespace = "github.com/devopsfaith/krakend-lambda"

// NamespaceAlias is KrakenD 2's short name for the Namespace. A backend may have only one of
// the two.
const NamespaceAlias = "backend/lambda"

// backendSpec translates KrakenD's configuration of a backend. It returns false for a
// backend that is not a Lambda backend.
func backendSpec(remote *config.Backend) (backend.Spec, bool) {
	settings := backend.Settings(remote.ExtraConfig, Namespace, NamespaceAlias)
	return backend.Spec{
		Settings:        settings,
		ExtraConfig:     remote.ExtraConfig,
		URLPattern:      remote.URLPattern,
		Host:            remote.Host,
		Method:          remote.Method,
		Encoding:        remote.Encoding,
		Endpoint:        remote.ParentEndpoint,
		EndpointMethod:  remote.ParentEndpointMethod,
		ConcurrentCalls: remote.ConcurrentCalls,
		ForwardsHost:    true, // in router.NewRequest
		SetsClaims:      true, // by requireClaims
	}, len(settings) > 0
}

func isNoOp(remote *config.Backend) bool { return remote.Encoding == encoding.NOOP }

// statusHandler returns KrakenD's status handler for replies that have a status to check,
// and nil for all others.
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

// errorMode is how KrakenD's settings handle a backend's errors.
type errorMode struct {
	details string // the value of return_error_details; empty if it is not set
	code    bool   // return_error_code
}

// errorModeOf returns how KrakenD's settings handle errors. To learn that, it passes KrakenD's own
// status handler a reply that the handler rejects. As with HTTP backends, the settings have no
// effect on no-op.
func errorModeOf(remote *config.Backend) (m errorMode) {
	if _, ok := remote.ExtraConfig[client.Namespace]; !ok || isNoOp(remote) {
		return m
	}
	_, err := client.GetHTTPStatusHandler(remote)(context.Background(), &http.Response{
		StatusCode: http.StatusInternalServerError,
		Body:       http.NoBody,
	})
	switch e := err.(type) {
	case client.NamedHTTPResponseError:
		m.details = e.Name()
	case client.HTTPResponseError:
		m.code = true
	}
	return m
}

// response handles an error as KrakenD does for HTTP backends: with return_error_details it
// returns a response with the details as its data, with return_error_code an error with the
// details as its message.
func (m errorMode) response(err error) (*proxy.Response, error) {
	var e *backend.Error
	if m == (errorMode{}) || !errors.As(err, &e) {
		return nil, err
	}
	detailed := e.WithDetails()
	if m.code || detailed == e {
		return nil, detailed
	}
	return &proxy.Response{
		Data: map[string]interface{}{
			"error_" + m.details: client.HTTPResponseError{
				Code: detailed.StatusCode(),
				Msg:  detailed.Error(),
				Enc:  detailed.Encoding(),
			},
		},
		Metadata: proxy.Metadata{StatusCode: detailed.StatusCode()},
	}, nil
}
