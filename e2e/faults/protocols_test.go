package faults

import "github.com/devopsfaith/krakend-lambda/internal/gatewaytest"

// A protocol is how clients speak to a gateway.
type protocol struct {
	name string
	// http2 has the clients of a row speak HTTP/2, and reset streams where others close a
	// connection.
	http2   bool
	options gatewaytest.Options
	service object // of krakend.json
}

// protocols are those of a gateway. With TLS net/http serves HTTP/2, over h2c golang.org/x/net/http2.
func protocols(g generation) []protocol {
	all := []protocol{{name: "http1"}}
	if g.http2 {
		all = append(all,
			protocol{name: "http2", http2: true, options: gatewaytest.Options{TLS: true}},
			protocol{name: "h2c", http2: true, service: object{"use_h2c": true}},
		)
	}
	return all
}
