package lambda

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend/encoding"
)

// The one-pass decoders have the same results as KrakenD's JSON decoders.
func TestOnePassDecoders(t *testing.T) {
	for name, own := range map[string]encoding.Decoder{
		"json":             encoding.NewJSONDecoder(false),
		"is_collection":    encoding.NewJSONDecoder(true),
		"safejson":         encoding.NewSafeJSONDecoder(false),
		"safejson, a list": encoding.NewSafeJSONDecoder(true),
	} {
		onePass := krakendJSON.OnePass(own)
		if reflect.ValueOf(onePass).Pointer() == reflect.ValueOf(own).Pointer() {
			t.Errorf("%s: got KrakenD's decoder itself", name)
		}
		for _, reply := range []string{
			`{}`, `[]`, ` {"a":1,"a":{"b":[1.50,12345678901234567890,"é\ud800` + "\xff" + `"]},"c":null} behind`,
			`[{"a":[]},1,"x",true] [`, `null`, `"a"`, `7`, `false`, ``, `{"a":01}`, `[1,]`, `private`,
		} {
			var got, want map[string]interface{}
			gotErr, wantErr := onePass(strings.NewReader(reply), &got), own(strings.NewReader(reply), &want)
			if !reflect.DeepEqual(got, want) || fmt.Sprintf("%T %[1]v", gotErr) != fmt.Sprintf("%T %[1]v", wantErr) {
				t.Errorf("%s of %s\ngot  %#v, %v\nwant %#v, %v", name, reply, got, gotErr, want, wantErr)
			}
		}
	}
}

// All other decoders decode replies themselves.
func TestOtherDecoders(t *testing.T) {
	for name, own := range map[string]encoding.Decoder{
		"string":     encoding.NewStringDecoder(false),
		"no-op":      encoding.NoOpDecoder,
		"of a build": func(io.Reader, *map[string]interface{}) error { return nil },
		"a wrapper":  func(r io.Reader, v *map[string]interface{}) error { return encoding.JSONDecoder(r, v) },
	} {
		if got := krakendJSON.OnePass(own); reflect.ValueOf(got).Pointer() != reflect.ValueOf(own).Pointer() {
			t.Errorf("%s: got another decoder", name)
		}
	}
}
