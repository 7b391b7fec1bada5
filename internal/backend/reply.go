package backend

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/apigw"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// answer is the response of the Invoke API for an execution that succeeded.
type answer struct {
	payload []byte
	metadata
	header http.Header // of the HTTP response; nil if an Invoker does not show it
}

// integrationResponse is the content type of a reply that begins with status and headers.
// Functions that can stream return it.
const integrationResponse = "application/vnd.awslambda.http-integration-response"

// setOctetStream sets the content type application/octet-stream if the response has a body and
// no content type. It is for responses that begin like a stream.
func setOctetStream(r *apigw.Response, hasBody bool) {
	if hasBody && apigw.HasBody(r.Status) && r.Header["Content-Type"] == nil {
		r.Header.Set("Content-Type", apigw.OctetStream)
	}
}

// statusOfType returns the HTTP status that Lambda sends for a successful invocation of this
// type.
var statusOfType = map[string]int{
	"":                      http.StatusOK,
	config.InvocationEvent:  http.StatusAccepted,
	config.InvocationDryRun: http.StatusNoContent,
}

// response turns an answer into the response that an HTTP backend would have sent. Its Body is
// http.NoBody if there is nothing to decode: for an empty reply, and for a null, which Lambda's
// runtimes send for no result.
func (a answer) response(cfg *config.Config, f format) (*http.Response, error) {
	e, err := a.envelope(cfg, f)
	if err != nil {
		return nil, err
	}
	if f != raw {
		// KrakenD 1.x panics on a body that claims to be gzip and is not.
		if e.Body, err = decompress(invoke.HeaderValue(e.Header, "Content-Encoding"), e.Body, cfg.MaxReply); err != nil {
			return nil, err
		}
		delete(e.Header, "Content-Encoding")
		if f != plain && isNothing(e.Body) {
			e.Body = nil
		}
		// KrakenD's decoders would take the first JSON value and drop the rest, here the body.
		if f == structured && apigw.HasPrelude(e.Body) {
			return nil, apigw.ErrNeedsStream
		}
		if f == markup {
			if err := checkNesting(e.Body, maxNesting); err != nil {
				return nil, err
			}
		}
	}
	own := new(ownResponse)
	a.set(e.Header, new(metadataValues)) // not in own: KrakenD keeps the header when it has dropped the body
	own.Response = http.Response{
		StatusCode:    e.Status,
		Header:        e.Header,
		ContentLength: int64(len(e.Body)),
		Body:          http.NoBody,
	}
	if len(e.Body) > 0 {
		own.body.Reset(e.Body)
		own.Body = &own.body
	}
	return &own.Response, nil
}

// ownResponse is a response with what it refers to, in one allocation.
type ownResponse struct {
	http.Response
	body bytesBody
}

// bytesBody is a body in memory.
type bytesBody struct{ bytes.Reader }

// Close implements io.Closer.
func (*bytesBody) Close() error { return nil }

// envelope has the status and the headers of a reply, if it is or looks like an HTTP response.
func (a answer) envelope(cfg *config.Config, f format) (apigw.Response, error) {
	if !cfg.Proxy {
		e := apigw.Response{Status: statusOfType[cfg.InvocationType], Header: make(http.Header, 4), Body: a.payload}
		if cfg.InvocationType != "" { // an Event or a DryRun has no reply of a function
			e.Body = nil
			return e, nil
		}
		setUnlessEmpty(e.Header, "Content-Encoding", invoke.HeaderValue(a.header, "Content-Encoding"))
		if f == raw {
			e.Header.Set("Content-Type", "application/json")
			setUnlessEmpty(e.Header, "Content-Type", invoke.HeaderValue(a.header, "Content-Type"))
		}
		return e, nil
	}
	payload, err := a.decompressed(cfg.MaxReply)
	if err != nil {
		return apigw.Response{}, err
	}
	if apigw.MediaType(invoke.HeaderValue(a.header, "Content-Type")) == integrationResponse {
		e, body, err := apigw.ParsePrelude(payload)
		if err == nil && e == nil {
			err = apigw.ErrPrelude
		}
		if err != nil {
			return apigw.Response{}, err
		}
		e.Body = body
		e.Header.Del("Content-Length") // the server computes the length
		setOctetStream(e, len(body) > 0)
		return *e, nil
	}
	return apigw.ParseResponse(payload, eventFormats[cfg.PayloadFormat], cfg.Event != nil && cfg.Event.MultiValueHeaders)
}

// isNothing tells whether KrakenD's JSON decoders, which read only the first value, would take a
// reply for a null or for an empty one.
func isNothing(payload []byte) bool {
	payload = bytes.TrimLeft(payload, " \t\r\n")
	return len(payload) == 0 || bytes.HasPrefix(payload, []byte("null"))
}

// decompressed is the payload without its Content-Encoding.
func (a answer) decompressed(limit int64) ([]byte, error) {
	return decompress(invoke.HeaderValue(a.header, "Content-Encoding"), a.payload, limit)
}

// setUnlessEmpty sets a header unless value is empty. The key must be in canonical form.
func setUnlessEmpty(h http.Header, key, value string) {
	if value != "" {
		h[key] = []string{value}
	}
}

// decompress undoes a Content-Encoding. Calls ask for none, but a proxy in between may ignore
// that, or declare gzip for plain data: KrakenD 1.x would panic on that in a merge.
func decompress(encoding string, payload []byte, limit int64) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return payload, nil
	case "gzip", "x-gzip":
	default:
		return nil, fmt.Errorf("content encoding %s is not supported", text.QuoteShort(encoding))
	}
	if len(payload) == 0 {
		return payload, nil
	}
	zr, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	decompressed, err := io.ReadAll(io.LimitReader(zr, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(decompressed)) > limit:
		return nil, fmt.Errorf("gzip: %w", invoke.TooLong(limit))
	}
	return decompressed, nil
}
