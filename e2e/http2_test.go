package e2e

import (
	"encoding/binary"
	"io"
	"testing"
)

// A field is a header field of HTTP/2. Those whose names begin with a colon come first.
type field struct{ name, value string }

// Frames of HTTP/2. Source: RFC 9113, section 6.
const (
	frameData      = 0x0
	frameHeaders   = 0x1
	frameRSTStream = 0x3
	frameSettings  = 0x4
	frameGoAway    = 0x7

	flagEndStream  = 0x1
	flagEndHeaders = 0x4
)

// spelledHTTP2 sends a GET with these fields, which net/http's client would change or refuse, over a
// new connection. It reports whether the gateway answered the request. The alternative is that it
// refused it with an error of HTTP/2. The gateway must have TLS.
func (p process) spelledHTTP2(t *testing.T, fields ...field) (answered bool) {
	t.Helper()
	var block []byte
	for _, f := range append([]field{{":method", "GET"}, {":scheme", "https"}}, fields...) {
		block = append(block, 0) // a literal of a new name. Source: RFC 7541, section 6.2.2
		for _, s := range []string{f.name, f.value} {
			if len(s) >= 0x7f {
				t.Fatalf("%.40q... is too long", s) // its length would take more than a byte
			}
			block = append(append(block, byte(len(s))), s...)
		}
	}
	conn := p.dial(t, "h2")
	defer conn.Close()
	request := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	request = appendFrame(request, frameSettings, 0, 0, nil)
	request = appendFrame(request, frameHeaders, flagEndStream|flagEndHeaders, 1, block)
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			t.Fatal(err)
		}
		length := int64(head[0])<<16 | int64(binary.BigEndian.Uint16(head[1:]))
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			t.Fatal(err)
		}
		switch kind, flags := head[3], head[4]; kind {
		case frameRSTStream, frameGoAway:
			return false
		case frameData, frameHeaders:
			if flags&flagEndStream != 0 {
				return true
			}
		}
	}
}

func appendFrame(b []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	b = append(b, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, flags)
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}
