package lambda

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/proxy"
	"github.com/devopsfaith/krakend/transport/http/client"
)

func TestMain(m *testing.M) { adaptertest.Main(m) }

// The cases that every adapter runs.
func TestAdapter(t *testing.T) {
	adaptertest.Run(t, adaptertest.Generation{ForwardsHost: forwardsHost}, adapter)
}

// adapter implements adaptertest.Adapter.
func adapter(b adaptertest.Backend, o adaptertest.Options) adaptertest.Built {
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
		opts = append(opts, WithReport(func(r Report) {
			if r.Backend != remote {
				r.Invokes = "another backend"
			}
			o.Report(r.Invokes, r.Err)
		}))
	}
	if o.CheckOnly {
		opts = append(opts, CheckOnly())
	}
	p := BackendFactory(next, opts...)(remote)

	built.Host = remote.Host
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
