package lambda

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
)

func TestMain(m *testing.M) { adaptertest.Main(m) }

// The adapter passes the cases for all adapters.
func TestAdapter(t *testing.T) {
	adaptertest.Run(t, adaptertest.Generation{ForwardsHost: forwardsHost}, adapter)
}

// backendOf returns the configuration that KrakenD's parser makes of a backend.
func backendOf(b adaptertest.Backend) *config.Backend {
	remote := &config.Backend{
		URLPattern:      b.URLPattern,
		Method:          b.Method,
		Encoding:        b.Encoding,
		Group:           b.Group,
		Target:          b.Target,
		Whitelist:       b.Allow,
		Blacklist:       b.Deny,
		Mapping:         b.Mapping,
		IsCollection:    b.IsCollection,
		ConcurrentCalls: b.ConcurrentCalls,
		Timeout:         adaptertest.Timeout,
		Host:            b.Host,
		ExtraConfig:     b.Extra(client.Namespace, proxy.Namespace),
	}
	switch b.Encoding {
	case "decoder:none":
	case "decoder:panic":
		remote.Decoder = func(io.Reader, *map[string]interface{}) error { panic("boom") }
	default:
		remote.Decoder = encoding.Get(strings.ToLower(b.Encoding))(b.IsCollection)
	}
	return remote
}

// adapter implements adaptertest.Adapter.
func adapter(b adaptertest.Backend, o adaptertest.Options) adaptertest.Built {
	remote := backendOf(b)
	built := adaptertest.Built{}
	next := func(*config.Backend) proxy.Proxy {
		built.Next = true
		return proxy.NoopProxy
	}
	opts := []Option{WithLogger(nil), WithSession(o.Session), WithInvoker(o.Invoker), WithReport(nil)}
	if o.Logger != nil {
		opts = append(opts, WithLogger(o.Logger))
	}
	if o.Report != nil {
		opts = append(opts, WithReport(func(r Report) { o.Report(reportOf(remote, r)) }))
	}
	opts = append(opts, WithTransport(nil))
	if o.Transport != nil {
		opts = append(opts, WithTransport(func(*config.Backend) http.RoundTripper { return o.Transport() }))
	}
	forCheck := slices.Clone(opts) // Check needs no CheckOnly
	if o.CheckOnly {
		opts = append(opts, CheckOnly())
	}
	p := BackendFactory(next, opts...)(remote)

	built.Host = remote.Host
	built.Check = func() (adaptertest.Report, bool) {
		fresh := backendOf(b)
		before := *fresh
		report := Check(fresh, forCheck...)
		after := *fresh
		before.Decoder, after.Decoder = nil, nil // functions cannot be compared
		return reportOf(fresh, report), !reflect.DeepEqual(before, after)
	}
	built.Proxy = func(ctx context.Context, r *adaptertest.Request) (*adaptertest.Response, error) {
		got, err := p(ctx, &proxy.Request{Method: r.Method, Params: r.Params, Query: r.Query, Headers: r.Headers, Body: r.Body})
		if got == nil {
			return nil, err
		}
		return &adaptertest.Response{
			Data:       got.Data,
			IsComplete: got.IsComplete,
			StatusCode: got.Metadata.StatusCode,
			Headers:    got.Metadata.Headers,
			Io:         got.Io,
		}, err
	}
	return built
}

// reportOf returns the part of a report that adaptertest checks.
func reportOf(remote *config.Backend, r Report) adaptertest.Report {
	if r.Backend != remote {
		r.Invokes = "another backend"
	}
	return adaptertest.Report{
		Invokes: r.Invokes, Function: r.Function, Param: r.Param, Allowed: r.Allowed, Region: r.Region, Endpoint: r.Endpoint, Role: r.Role,
		Warnings: r.Warnings, Err: r.Err,
	}
}
