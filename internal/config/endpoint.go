package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// The grammar of an endpoint: http or https, a host, a port, a path. It is only a regular
// expression, so that schema/lambda.json can have the same one.
const (
	// The last label must not be all digits: otherwise it would be part of an address.
	hostName   = `(?:[A-Za-z0-9_-]+\.)*[0-9]*[A-Za-z_-][A-Za-z0-9_-]*\.?`
	octet      = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv4       = octet + `(?:\.` + octet + `){3}`
	portNumber = `(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])`
	urlPath    = `(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?`
)

// ipv6 matches eight groups, or fewer with :: for groups of zeros. It does not match an IPv4
// address at the end or a zone, which endpoints do not use.
var ipv6 = strings.ReplaceAll(
	`(?:g:){7}g|(?:g:){1,7}:|(?:g:){1,6}:g|(?:g:){1,5}(?::g){1,2}|(?:g:){1,4}(?::g){1,3}|`+
		`(?:g:){1,3}(?::g){1,4}|(?:g:){1,2}(?::g){1,5}|g:(?::g){1,6}|:(?::g){1,7}|::`,
	"g", `[0-9A-Fa-f]{1,4}`,
)

var (
	hostAndPort = `(?:` + hostName + `|` + ipv4 + `|\[(?:` + ipv6 + `)\])(?::` + portNumber + `)?`
	authority   = regexp.MustCompile(`^` + hostAndPort + `$`)
	endpointURL = regexp.MustCompile(`^[Hh][Tt][Tt][Pp][Ss]?://` + hostAndPort + urlPath + `$`)
	validPort   = regexp.MustCompile(`^` + portNumber + `$`)
)

// isPlainEndpoint tells whether s is one of the usual endpoints, those without a path: a host name
// with letters, digits, hyphens and dots, or an IPv4 address, and perhaps a port. endpointURL
// matches all of them, but takes much longer and 80 KB.
func isPlainEndpoint(s string) bool {
	_, authority, ok := strings.Cut(s, "://")
	if !ok || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return false
	}
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
			return false
		}
	}
	last := ""
	for last = range strings.SplitSeq(host, ".") {
		if last == "" || strings.ContainsFunc(last, func(r rune) bool { return r >= utf8.RuneSelf || !isAlphanumeric(byte(r)) && r != '-' }) {
			return false
		}
	}
	if strings.Trim(last, "0123456789") != "" { // it has a letter or a hyphen
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is4()
}

// CheckEndpoint returns an error unless endpoint is an http or https URL with a host and,
// optionally, a port and a path. The error repeats nothing that may be a password.
func CheckEndpoint(endpoint string) error {
	if isPlainEndpoint(endpoint) || endpointURL.MatchString(endpoint) {
		return nil
	}
	const example = "such as http://127.0.0.1:4566"
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		// The parser's error repeats the URL, which may hold a password.
		return errors.New("must be an http or https URL " + example + "; this one cannot be parsed")
	case u.User != nil:
		return errors.New("must not carry a user or a password")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		if strings.ContainsAny(endpoint, "@?#") { // may hold a secret
			return errors.New("must be an http or https URL " + example)
		}
		return fmt.Errorf("must be an http or https URL %s, is %s", example, text.Quote(endpoint))
	case strings.ContainsAny(endpoint, "?#"):
		return errors.New("must not have a query or a fragment")
	case strings.HasSuffix(u.Host, ":"):
		return errors.New("must have a port after the colon")
	case u.Port() != "" && !validPort.MatchString(u.Port()):
		return fmt.Errorf("has the port %s, which is not a number from 1 to 65535", text.Quote(u.Port()))
	case !authority.MatchString(u.Host):
		return fmt.Errorf("has the host %s, which is neither a host name nor an IP address", text.Quote(u.Host))
	default:
		return errors.New("has a path with characters that must be escaped, as %20 is for a space")
	}
}
