package backend

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// maxNesting is how deep a reply may be nested. For JSON it is encoding/json's own limit. XML
// has no such limit: KrakenD's decoders would recurse until the process runs out of stack.
const maxNesting = 10_000

// checkNesting returns an error for XML that is nested deeper than limit, and for invalid XML.
func checkNesting(document []byte, limit int) error {
	if bytes.Count(document, []byte("<")) <= limit {
		return nil // it cannot be
	}
	d := xml.NewDecoder(asciiReader{bytes.NewReader(document)})
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for depth := 0; ; {
		token, err := d.RawToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth = max(depth-1, 0)
		}
		if depth > limit {
			return fmt.Errorf("it is nested in more than %d levels", limit)
		}
	}
}

// asciiReader makes text of any encoding that extends ASCII readable for encoding/xml: it
// replaces every byte that is not ASCII with an x.
type asciiReader struct{ io.Reader }

// Read implements io.Reader.
func (a asciiReader) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	for i, c := range p[:n] {
		if c >= 0x80 {
			p[i] = 'x'
		}
	}
	return n, err
}
