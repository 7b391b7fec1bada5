package faults

import (
	"net/http"
	"testing"

	toxics "github.com/Shopify/toxiproxy/v2/client"
)

// proxyFaults are those of a proxy between the gateway and AWS that delays, cuts or drops bytes.
func proxyFaults() []row {
	down := func(kind string, attributes toxics.Attributes) toxics.Toxic {
		return toxics.Toxic{Type: kind, Stream: "downstream", Attributes: attributes}
	}
	up := func(toxic toxics.Toxic) toxics.Toxic {
		toxic.Stream = "upstream"
		return toxic
	}
	latency := down("latency", toxics.Attributes{"latency": 300, "jitter": 100})
	silence := down("timeout", toxics.Attributes{"timeout": 0})
	closing := down("timeout", toxics.Attributes{"timeout": 100})
	resetting := down("reset_peer", toxics.Attributes{"timeout": 0})
	limit := func(n int) toxics.Toxic { return down("limit_data", toxics.Attributes{"bytes": n}) }
	slices := down("slicer", toxics.Attributes{"average_size": 16, "size_variation": 8, "delay": 10})

	// is returns a row whose reply arrives in the end.
	is := func(name string, toxic ...toxics.Toxic) row {
		return row{name: name, api: behind(nil, toxic...), status: 200, body: goodReply, calls: exactly(1), within: atOnce}
	}
	late := func(name string, handler any, n int, toxic toxics.Toxic) row {
		return row{name: name, api: behind(handler, toxic), endpoint: soon, status: 504, calls: exactly(n), within: atOnce, logged: noAnswer}
	}
	large := replies(sized(1 << 20))
	fails := func(name string, handler any, n calls, toxic toxics.Toxic) row {
		return row{name: name, api: behind(handler, toxic), status: 502, calls: n, within: atOnce, logged: "invocation failed: "}
	}
	cutInTheMiddle := fails("cut-in-the-middle", large, exactly(2), limit(1<<19))
	cutInTheMiddle.logged = brokeOff
	return []row{
		is("latency", latency, up(latency)),
		late("latency-beyond-the-timeout", nil, 1, down("latency", toxics.Attributes{"latency": 60_000})),
		late("latency-of-the-call", nil, 0, up(down("latency", toxics.Attributes{"latency": 60_000}))),
		late("silence", nil, 1, silence),
		late("call-that-never-arrives", nil, 0, up(silence)),
		fails("silence-then-a-close", nil, exactly(2), closing),
		fails("close-before-the-call-arrives", nil, exactly(0), up(closing)),
		// The API may have read the call before its connection breaks.
		fails("peer-reset", nil, calls{1, 2}, resetting),
		fails("peer-reset-of-the-call", nil, calls{0, 2}, up(resetting)),
		fails("cut-after-20-bytes", nil, exactly(2), limit(20)),
		cutInTheMiddle,
		fails("cut-of-the-call", nil, exactly(0), up(limit(100))),
		is("slow-close", down("slow_close", toxics.Attributes{"delay": 60_000})),
		is("slices", slices, up(slices)),
		is("bandwidth-of-1-kb", down("bandwidth", toxics.Attributes{"rate": 1}), up(down("bandwidth", toxics.Attributes{"rate": 1}))),
		late("bandwidth-that-is-too-low", large, 1, down("bandwidth", toxics.Attributes{"rate": 10})),
		proxyThatComesBack(),
	}
}

// proxyThatComesBack is down for one request, and works for the next.
func proxyThatComesBack() row {
	var proxy *toxics.Proxy
	return row{
		name: "proxy-that-comes-back",
		api: func(t *testing.T, function string) (a *api) {
			a, proxy = proxied(t, newLambda(function, nil))
			return a
		},
		request: func(c *client) (response, error) {
			if err := proxy.Disable(); err != nil {
				return response{}, err
			}
			if got, err := c.get(); err != nil || got.status != http.StatusBadGateway {
				c.t.Errorf("while the proxy is down: got %d, %v", got.status, err)
			}
			if err := proxy.Enable(); err != nil {
				return response{}, err
			}
			return c.get()
		},
		status: 200, body: goodReply, calls: exactly(1), within: atOnce, logged: "invocation failed: code RequestError",
	}
}
