package adaptertest

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// Decoder is the type of the decoders of all frameworks.
type Decoder = func(io.Reader, *map[string]any) error

// OnePassDecoders checks that onePass replaces each of a framework's decoders for JSON, and that both
// decode the same.
func OnePassDecoders(t *testing.T, onePass func(Decoder) Decoder, decoders map[string]Decoder) {
	for name, own := range decoders {
		replaced := onePass(own)
		if same(replaced, own) {
			t.Errorf("%s: got KrakenD's decoder itself", name)
		}
		for _, reply := range []string{
			`{}`, `[]`, ` {"a":1,"a":{"b":[1.50,12345678901234567890,"é\ud800` + "\xff" + `"]},"c":null} behind`,
			`[{"a":[]},1,"x",true] [`, `null`, `"a"`, `7`, `false`, ``, `{"a":01}`, `[1,]`, `private`,
		} {
			var got, want map[string]any
			gotErr, wantErr := replaced(strings.NewReader(reply), &got), own(strings.NewReader(reply), &want)
			if !reflect.DeepEqual(got, want) || fmt.Sprintf("%T %[1]v", gotErr) != fmt.Sprintf("%T %[1]v", wantErr) {
				t.Errorf("%s of %s\ngot  %#v, %v\nwant %#v, %v", name, reply, got, gotErr, want, wantErr)
			}
		}
	}
}

// OtherDecoders checks that onePass returns these decoders themselves.
func OtherDecoders(t *testing.T, onePass func(Decoder) Decoder, decoders map[string]Decoder) {
	for name, own := range decoders {
		if !same(onePass(own), own) {
			t.Errorf("%s: got another decoder", name)
		}
	}
}

func same(a, b Decoder) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() }
