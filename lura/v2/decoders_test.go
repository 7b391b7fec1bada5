package lambda

import (
	"io"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/luraproject/lura/v2/encoding"
)

// The one-pass decoders have the same results as KrakenD's JSON decoders.
func TestOnePassDecoders(t *testing.T) {
	adaptertest.OnePassDecoders(t, krakendJSON.OnePass, map[string]adaptertest.Decoder{
		"json":             encoding.NewJSONDecoder(false),
		"is_collection":    encoding.NewJSONDecoder(true),
		"safejson":         encoding.NewSafeJSONDecoder(false),
		"safejson, a list": encoding.NewSafeJSONDecoder(true),
	})
}

// All other decoders decode replies themselves.
func TestOtherDecoders(t *testing.T) {
	adaptertest.OtherDecoders(t, krakendJSON.OnePass, map[string]adaptertest.Decoder{
		"string":     encoding.NewStringDecoder(false),
		"no-op":      encoding.NoOpDecoder,
		"of a build": func(io.Reader, *map[string]any) error { return nil },
		"a wrapper":  func(r io.Reader, v *map[string]any) error { return encoding.JSONDecoder(r, v) },
	})
}
