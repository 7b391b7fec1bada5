package apigw

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// hopByHop are the headers that describe a connection and not the message. Source: RFC 9110,
// section 7.6.1, and the headers that proxies treat the same way.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// routerHeaders are the headers that KrakenD's routers write themselves.
var routerHeaders = map[string]bool{"X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Via": true}

// EndToEnd returns a copy of a request's headers under their canonical names. It leaves out
// hop-by-hop headers and those without a value. It keeps the headers that a Connection header
// names: a client could name headers there that KrakenD and its components have added.
//
// headers may contain several spellings of a name: the configuration's, and those that
// components write. For X-Forwarded-For, -Host and -Via the canonical spelling counts, which
// KrakenD's routers write. For all other headers the canonical spelling comes from the client,
// so any other spelling takes precedence. Of several other spellings the first in sorted order
// counts.
func EndToEnd(headers map[string][]string) http.Header {
	h := make(http.Header, len(headers)+1)
	var others []string // spellings that are not canonical
	for name, values := range headers {
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
		case len(values) == 0:
		case name == canonical:
			h[name] = values
		default:
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range slices.Backward(others) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if routerHeaders[canonical] && len(headers[canonical]) > 0 {
			continue
		}
		h[canonical] = headers[name]
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
	return h
}

// First returns the first value of a header in the spelling that EndToEnd takes. It returns
// an empty string if there is no such header. name must be canonical.
func First(headers map[string][]string, name string) string {
	value, spelling := "", ""
	for key, values := range headers {
		// All spellings of a name have the same length. EqualFold alone also accepts a Kelvin sign.
		if len(values) == 0 || len(key) != len(name) || !strings.EqualFold(key, name) {
			continue
		}
		if spelling == "" || before(key, spelling, name) {
			value, spelling = values[0], key
		}
	}
	return value
}

// before tells whether a spelling of a header takes precedence over another one.
func before(a, b, canonical string) bool {
	switch canonical {
	case a:
		return routerHeaders[canonical]
	case b:
		return !routerHeaders[canonical]
	}
	return a < b
}

// setForwarded adds the settings about how clients reach the gateway.
func (a *API) setForwarded(h http.Header) {
	if h.Get(protoHeader) == "" && a.settings.ForwardedProto != "" {
		h.Set(protoHeader, a.settings.ForwardedProto)
	}
	if h.Get(portHeader) == "" && a.settings.ForwardedPort != "" {
		h.Set(portHeader, a.settings.ForwardedPort)
	}
}

const (
	protoHeader = "X-Forwarded-Proto"
	portHeader  = "X-Forwarded-Port"
)
