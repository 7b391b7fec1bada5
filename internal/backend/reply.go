package backend

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxReply bounds what decompress makes of a reply, in bytes. It is Lambda's limit
// for a synchronous reply, 6 MB.
const maxReply = 6 << 20

// answer is what came back from the Invoke API for an execution that succeeded.
type answer struct {
	payload   []byte
	version   string      // X-Amz-Executed-Version
	requestID string      // empty behind an Invoker that tells none
	header    http.Header // of the HTTP answer; nil behind an Invoker that shows none
}

// response makes of an answer what an HTTP call to a backend would have brought.
// Its Body is http.NoBody where there is nothing to decode: for an empty reply,
// and for a null, which is how Lambda's runtimes spell "nothing".
//
// Where the body goes through a decoder, the header holds just what belongs into
// the metadata of the framework's response: its routers add that to an answer
// whose Content-Type they set themselves.
func (a answer) response(f format) (*http.Response, error) {
	header := make(http.Header, 3)
	setUnlessEmpty(header, "X-Amz-Executed-Version", a.version)
	setUnlessEmpty(header, "X-Amzn-Requestid", a.requestID)

	payload := a.payload
	if f == raw {
		header.Set("Content-Type", "application/json")
		setUnlessEmpty(header, "Content-Type", a.header.Get("Content-Type"))
		setUnlessEmpty(header, "Content-Encoding", a.header.Get("Content-Encoding"))
	} else {
		var err error
		if payload, err = a.decompressed(); err != nil {
			return nil, err
		}
		if f == structured && isNothing(payload) {
			payload = nil
		}
	}

	response := &http.Response{
		StatusCode:    http.StatusOK,
		Header:        header,
		ContentLength: int64(len(payload)),
		Body:          http.NoBody,
	}
	if len(payload) > 0 {
		response.Body = io.NopCloser(bytes.NewReader(payload))
	}
	return response, nil
}

// isNothing tells a reply that KrakenD's JSON decoders, which read the first value
// and no further, would take for a null, or for nothing at all.
func isNothing(payload []byte) bool {
	payload = bytes.TrimLeft(payload, " \t\r\n")
	return len(payload) == 0 || bytes.HasPrefix(payload, []byte("null"))
}

// decompressed is the payload without its Content-Encoding.
func (a answer) decompressed() ([]byte, error) {
	return decompress(a.header.Get("Content-Encoding"), a.payload)
}

func setUnlessEmpty(h http.Header, key, value string) {
	if value != "" {
		h.Set(key, value)
	}
}

// decompress undoes a Content-Encoding. Lambda sends none that was not asked for,
// and the transport undoes what it has asked for itself, but what stands in
// between may. KrakenD 1.x dies of a gzip that is none, so none gets there.
func decompress(encoding string, payload []byte) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return payload, nil
	case "gzip", "x-gzip":
	default:
		return nil, fmt.Errorf("content encoding %s is not supported", quote(encoding))
	}
	if len(payload) == 0 {
		return payload, nil
	}
	zr, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(zr, maxReply+1))
	switch {
	case err != nil:
		return nil, err
	case len(plain) > maxReply:
		return nil, fmt.Errorf("gzip: more than %d bytes", maxReply)
	}
	return plain, nil
}
