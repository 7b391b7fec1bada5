package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// JSON encodes v as encoding/json does, without a line feed at the end and without escapes
// for HTML, which would make six bytes of each <. v must be of a type that always encodes:
// maps with string keys, lists, structs, strings, numbers. It returns nil for others.
func JSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// jsonKinds are the names of JSON's types, by encoding/json's names in its errors.
var jsonKinds = map[string]string{"array": "a list", "bool": "a boolean", "number": "a number", "object": "an object", "string": "a string"}

// JSONKinds returns the type of a JSON text and the wanted type, such as "a list" and "an
// object", if err is encoding/json's error for a whole text of the wrong type. Otherwise both
// are empty.
func JSONKinds(err error) (is, want string) {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Field != "" {
		return "", ""
	}
	wants := map[reflect.Kind]string{reflect.Map: "object", reflect.Slice: "array"}
	is, want = jsonKinds[wrong.Value], jsonKinds[wants[wrong.Type.Kind()]]
	if is == "" || want == "" {
		return "", ""
	}
	return is, want
}
