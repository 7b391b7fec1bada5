package jsonreply

import (
	"bytes"
	"io"
	"reflect"
)

// A Decoder is what KrakenD calls a decoder: it makes data of the first value that it reads, and
// does not care what is behind it.
type Decoder = func(io.Reader, *map[string]any) error

// collection is the name that KrakenD's decoders give to a list.
const collection = "collection"

// Known are the decoders of a generation of KrakenD that this package can stand for.
type Known struct {
	Object Decoder // encoding.JSONDecoder
	List   Decoder // encoding.JSONCollectionDecoder
	Any    Decoder // encoding.SafeJSONDecoder
}

// OnePass returns a decoder that does what own does, in one pass if own is one of those that are
// known. Else it returns own. own must not be nil. It tells functions by their code, so known must
// have no closures.
func (k Known) OnePass(own Decoder) Decoder {
	switch reflect.ValueOf(own).Pointer() {
	case reflect.ValueOf(k.Object).Pointer():
		return decoder(own, object)
	case reflect.ValueOf(k.List).Pointer():
		return decoder(own, list)
	case reflect.ValueOf(k.Any).Pointer():
		return decoder(own, objectOrList)
	}
	return own
}

// object returns the data that KrakenD's decoder makes of a value, nil if it does not take it.
func object(value any) map[string]any {
	data, _ := value.(map[string]any)
	return data
}

// list is object for a decoder of collections.
func list(value any) map[string]any {
	if elements, ok := value.([]any); ok {
		return map[string]any{collection: elements}
	}
	return nil
}

// objectOrList is object for a decoder that takes lists too.
func objectOrList(value any) map[string]any {
	if data := list(value); data != nil {
		return data
	}
	return object(value)
}

// decoder returns a decoder that reads to the end, decodes in one pass and has data make KrakenD's
// data of the value. It leaves to own what it does not take: a document that is not valid or that
// is no object or list, a value that data returns nil for, data that is there already, and a
// reader with another error than io.EOF. own then reads the same bytes and gets the same error.
func decoder(own Decoder, data func(value any) map[string]any) Decoder {
	return func(r io.Reader, v *map[string]any) error {
		if *v != nil { // encoding/json adds to it
			return own(r, v)
		}
		b, err := readAll(r)
		if err == nil {
			p := newParser(b.bytes)
			value, ok := p.document()
			p.free()
			if ok {
				if *v = data(value); *v != nil {
					b.free()
					return nil
				}
			}
		}
		// The buffer is not used again: own decides how long it reads.
		return own(io.MultiReader(bytes.NewReader(b.bytes), errorReader{err}), v)
	}
}

// errorReader is the end of a reader that has ended with an error, or with nil at its end.
type errorReader struct{ err error }

// Read implements io.Reader.
func (r errorReader) Read([]byte) (int, error) {
	if r.err == nil {
		return 0, io.EOF
	}
	return 0, r.err
}
