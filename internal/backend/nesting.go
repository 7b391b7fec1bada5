package backend

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// maxNesting is how deep a reply may be nested. For JSON it is encoding/json's own limit,
// for XML there is none: KrakenD's decoders would recurse until the process is out of stack.
const maxNesting = 10_000

// checkNesting is an error for XML that is nested deeper than limit, or that is none.
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

// asciiReader reads text of any encoding that ASCII is a part of so that encoding/xml takes it:
// whatever is no ASCII becomes an x.
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
