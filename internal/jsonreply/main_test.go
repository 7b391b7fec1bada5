package jsonreply

import (
	"encoding/json"
	"io"
)

// These decoders work like those of every KrakenD generation. The adapters' tests use KrakenD's own.

func ownObject(r io.Reader, v *map[string]any) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	return d.Decode(v)
}

func ownList(r io.Reader, v *map[string]any) error {
	var list []any
	d := json.NewDecoder(r)
	d.UseNumber()
	if err := d.Decode(&list); err != nil {
		return err
	}
	*v = map[string]any{collection: list}
	return nil
}

func ownAny(r io.Reader, v *map[string]any) error {
	value, err := reference(r)
	if err != nil {
		return err
	}
	switch value := value.(type) {
	case map[string]any:
		*v = value
	case []any:
		*v = map[string]any{collection: value}
	default:
		*v = map[string]any{"content": value}
	}
	return nil
}

// reference returns the first value in r as encoding/json decodes it.
func reference(r io.Reader) (value any, err error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

var known = NewKnown(ownObject, ownList, ownAny)

// owns are the decoders that this package's decoders replace.
var owns = map[string]Decoder{"Object": ownObject, "List": ownList, "Any": ownAny}
