package jsonreply

import (
	"bytes"
	"io"
	"reflect"
)

// A Decoder is a decoder of KrakenD: it decodes the first value that it reads, and ignores what
// follows.
type Decoder = func(io.Reader, *map[string]any) error

// collection is the name that KrakenD's decoders give to a list.
const collection = "collection"

// Known are the decoders of a KrakenD generation that this package can replace, with their
// replacements, which all backends share. It does not change.
type Known [3]replacement

// A replacement is a decoder that does the same as own in one pass.
type replacement struct{ own, onePass Decoder }

// NewKnown returns the decoders of a KrakenD generation: encoding.JSONDecoder for objects,
// encoding.JSONCollectionDecoder for lists and encoding.SafeJSONDecoder for either. They must be
// functions and not closures, because OnePass identifies them by their code.
func NewKnown(objects, lists, either Decoder) Known {
	return Known{
		{objects, decoder(objects, object)},
		{lists, decoder(lists, list)},
		{either, decoder(either, objectOrList)},
	}
}

// OnePass returns a decoder with the same results as own, in one pass if own is in known.
// Otherwise it returns own, which must not be nil.
func (k *Known) OnePass(own Decoder) Decoder {
	code := reflect.ValueOf(own).Pointer()
	for _, r := range k {
		if code == reflect.ValueOf(r.own).Pointer() {
			return r.onePass
		}
	}
	return own
}

// object returns the data that KrakenD's decoder makes of a value, or nil if that decoder
// rejects it.
func object(value any) map[string]any {
	data, _ := value.(map[string]any)
	return data
}

// list is the same for a decoder of collections.
func list(value any) map[string]any {
	if elements, ok := value.([]any); ok {
		return map[string]any{collection: elements}
	}
	return nil
}

// objectOrList is the same for a decoder that accepts both.
func objectOrList(value any) map[string]any {
	if data := list(value); data != nil {
		return data
	}
	return object(value)
}

// decoder returns a decoder that reads to the end and decodes in one pass; data turns the value
// into KrakenD's data. It falls back to own for a document that is not valid or not an object or
// list, for a value for which data returns nil, if the result already has data, and if the
// reader fails with an error other than io.EOF. own then reads the same bytes and gets the same
// error.
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
		// The buffer is not reused: own decides how long it reads.
		return own(io.MultiReader(bytes.NewReader(b.bytes), errorReader{err}), v)
	}
}

// errorReader ends a reader with its original error, or with io.EOF for nil.
type errorReader struct{ err error }

// Read implements io.Reader.
func (r errorReader) Read([]byte) (int, error) {
	if r.err == nil {
		return 0, io.EOF
	}
	return 0, r.err
}
