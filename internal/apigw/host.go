package apigw

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A host is the host of a URL: a name or an address, and an optional port.
type host struct {
	name string // with brackets around an IPv6 address
	port string // empty for none
}

// String returns the host as spelled in a Host header and in a URL.
func (h host) String() string {
	if h.port == "" {
		return h.name
	}
	return h.name + ":" + h.port
}

// localhost is used if neither the request nor the backend has a host.
var localhost = host{name: "localhost"}

// hostOfBackend returns the host of a backend, without scheme and path. It returns localhost if
// the backend has no host that is valid in a URL.
func hostOfBackend(s string) host {
	if !strings.Contains(s, "://") {
		s = "//" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return localhost
	}
	if h, ok := parseHost(u.Host); ok {
		return h
	}
	return localhost
}

// parseHost reads host or host:port. It returns false for text that is not valid in a URL: an
// application that puts such text between https:// and the path might take part of the path for
// the host.
func parseHost(s string) (host, bool) {
	var h host
	if strings.HasPrefix(s, "[") {
		address, port, ok := strings.Cut(s, "]")
		if !ok || !isIPv6(address[1:]) || port != "" && port[0] != ':' {
			return host{}, false
		}
		h.name = address + "]"
		if port != "" {
			if h.port = port[1:]; !isPort(h.port) {
				return host{}, false
			}
		}
		return h, true
	}
	name, port, hasPort := strings.Cut(s, ":")
	if !isHostName(name) || hasPort && !isPort(port) {
		return host{}, false
	}
	return host{name, port}, true
}

// isIPv6 rejects zones: a URL for others cannot have one.
func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}

// maxHostName is the longest name that DNS can hold as text, in bytes, without the dot at
// its end. Source: RFC 1035, section 2.3.4.
const maxHostName = 253

// isHostName tells whether s is an IPv4 address or a name of labels with letters, digits,
// hyphens and underscores. The URL parsers of browsers and of Node.js treat a name whose last
// label is a number as an address. Source: https://url.spec.whatwg.org/#host-parsing
func isHostName(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Is4()
	}
	s = strings.TrimSuffix(s, ".")
	if len(s) > maxHostName {
		return false
	}
	last := ""
	for last = range strings.SplitSeq(s, ".") {
		if last == "" || len(last) > 63 || strings.Trim(last, labelCharacters) != "" {
			return false
		}
	}
	return !isNumber(last)
}

const labelCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// isNumber tells whether a label is decimal, or hexadecimal after 0x.
func isNumber(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	hex, ok := strings.CutPrefix(strings.ToLower(label), "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil && s[0] != '+'
}

// domainPrefix returns the first label of a domain name. It is empty for an address.
func domainPrefix(name string) string {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ""
	}
	prefix, _, _ := strings.Cut(name, ".")
	return prefix
}

// firstAddress returns the first address in X-Forwarded-For.
func firstAddress(forwardedFor string) string {
	first, _, _ := strings.Cut(forwardedFor, ",")
	return strings.TrimSpace(first)
}
