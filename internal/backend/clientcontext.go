package backend

import (
	"encoding/base64"
	"maps"
	"strings"
)

// maxClientContext is Lambda's limit for a client context, in bytes of base64.
// Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const maxClientContext = 3583

// clientContext is the client context of a request, in base64: its headers, query
// strings and params under custom. Where they have one name, the param wins over the
// query string, and that over the header. The values are strings and the other members
// objects, because there are runtimes that take nothing else: those of Go and Java for
// the first, Python's for the second.
func (b *Backend) clientContext(r *Request) (string, *Error) {
	headers := endToEnd(r.Headers)
	custom := make(map[string]string, len(headers)+len(r.Query)+len(r.Params))
	for name, values := range headers {
		custom[name] = strings.Join(values, ",")
	}
	for name, values := range r.Query {
		custom[name] = strings.Join(values, ",")
	}
	maps.Copy(custom, b.names.originals(r.Params))

	encoded := base64.StdEncoding.EncodeToString(marshal(map[string]any{
		"client": struct{}{},
		"custom": custom,
		"env":    struct{}{},
	}))
	if len(encoded) > maxClientContext {
		return "", headersTooLarge(len(encoded))
	}
	return encoded, nil
}
