package backend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// maxClientContext is Lambda's limit for a client context, in bytes of base64.
// Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const maxClientContext = 3583

// clientContext has the form that all Lambda runtimes decode, despite their differences: Go and
// Java read env, Rust reads environment and requires all members of client, and an older .NET
// runtime requires the objects. The values of custom must be strings.
type clientContext struct {
	Client struct {
		InstallationID string `json:"installation_id"`
		AppTitle       string `json:"app_title"`
		AppVersionName string `json:"app_version_name"`
		AppVersionCode string `json:"app_version_code"`
		AppPackageName string `json:"app_package_name"`
	} `json:"client"`
	Custom      json.RawMessage `json:"custom"`
	Env         struct{}        `json:"env"`
	Environment struct{}        `json:"environment"`
}

// clientContext returns the client context of a request, in base64: its headers, query strings
// and params under custom. If their names fold together, the param wins over the header, and the
// header over the query string, because KrakenD or a component may have set the header. trace
// holds headers that carry the gateway's span to the function and replace those of the request.
// They are left out if they do not fit, because tracing must not break a request.
func (b *Backend) clientContext(r *Request, trace map[string]string) (string, *Error) {
	encoded := b.encodedContext(r, trace)
	if len(encoded) > maxClientContext && trace != nil {
		encoded = b.encodedContext(r, nil)
	}
	if len(encoded) > maxClientContext {
		return "", headersTooLarge(len(encoded))
	}
	return encoded, nil
}

func (b *Backend) encodedContext(r *Request, trace map[string]string) string {
	headers := apigw.EndToEnd(r.Headers)
	vouched := b.names.VouchedNames(r.Params)
	custom := paramsOf(r, b.names, len(headers)+len(r.Query))
	known := make(map[string]bool, len(headers)+len(b.hidden)) // the folded names of headers
	for _, name := range b.hidden {
		headers.Del(name)
		known[config.Fold(name)] = true // and no query string replaces it
	}
	for name := range trace {
		headers.Del(name)
	}
	custom = setTrace(custom, trace, vouched, known)
	for name, values := range headers {
		if vouched.Has(name) {
			b.leaveOut("header", name)
			continue
		}
		known[config.Fold(name)] = true
		custom = append(custom, parameter{name: name, value: strings.Join(values, ",")})
	}
	for name, values := range r.Query {
		switch {
		case known[config.Fold(name)]:
		case vouched.Has(name):
			b.leaveOut("query string", name)
		default:
			custom = append(custom, parameter{name: name, value: strings.Join(values, ",")})
		}
	}

	return base64.StdEncoding.EncodeToString(ascii(text.JSON(clientContext{Custom: object(custom)})))
}

// ascii escapes non-ASCII characters in JSON: a runtime receives the client context as the value
// of a header, and Rust's runtime accepts only ASCII.
func ascii(json []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(json))
	for _, r := range string(json) {
		switch {
		case r < 0x7f:
			b.WriteByte(byte(r))
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.Bytes()
}
