package sdkv2

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/transport"
)

// httpSettings are the settings for calls from an HTTP client.
type httpSettings struct {
	transport http.RoundTripper
	timeout   time.Duration // of a call; 0 for none
}

// httpOf returns the settings of the HTTP client of a custom config. A client without a transport
// uses http.DefaultTransport as it is at the time of a call. Calls follow no redirects, unless c is
// of a custom type whose Do follows them.
//
// The SDK's BuildableClient always has a transport, even if LoadDefaultConfig made it only for
// AWS_CA_BUNDLE: the two cannot be distinguished. It keeps 10 idle connections for a host.
func httpOf(c aws.HTTPClient) httpSettings {
	switch c := c.(type) {
	case nil:
		return httpSettings{transport: transport.Default()}
	case *http.Client:
		if c.Transport == nil {
			return httpSettings{transport.Default(), c.Timeout}
		}
		return httpSettings{c.Transport, c.Timeout}
	case *awshttp.BuildableClient:
		return httpSettings{c.GetTransport(), c.GetTimeout()}
	default:
		return httpSettings{transport: doer{c}}
	}
}

// hasTransport reports whether the settings of an HTTP client have a transport other than
// http.DefaultTransport.
func hasTransport(c aws.HTTPClient) bool { return httpOf(c).transport != transport.Default() }

// httpOfLoaded returns the settings of the HTTP client that LoadDefaultConfig made. That client is
// nil or only has the certificates of AWS_CA_BUNDLE.
func httpOfLoaded(c aws.HTTPClient) httpSettings {
	if c, ok := c.(*awshttp.BuildableClient); ok {
		return httpSettings{transport: transport.WithCertificates(c.GetTransport())}
	}
	return httpOf(c)
}

// doer is an HTTP client of a custom type.
type doer struct{ client aws.HTTPClient }

// RoundTrip implements http.RoundTripper.
func (d doer) RoundTrip(r *http.Request) (*http.Response, error) { return d.client.Do(r) }
