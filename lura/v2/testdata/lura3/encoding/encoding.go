// Package encoding has what the adapter uses of the package of that name in Lura 3.
package encoding

import "io"

// NOOP is the encoding of what is not decoded.
const NOOP = "no-op"

// Decoder decodes a body.
type Decoder func(io.Reader, *map[string]interface{}) error

// JSONDecoder decodes an object.
func JSONDecoder(io.Reader, *map[string]interface{}) error { return nil }

// JSONCollectionDecoder decodes a list.
func JSONCollectionDecoder(io.Reader, *map[string]interface{}) error { return nil }

// SafeJSONDecoder decodes any JSON.
func SafeJSONDecoder(io.Reader, *map[string]interface{}) error { return nil }

// DecoderRegister has the decoders by encoding.
type DecoderRegister struct{}

// GetRegister returns the register.
func GetRegister() *DecoderRegister { return nil }

// Get returns what makes the decoders of an encoding.
func (*DecoderRegister) Get(string) func(bool) func(io.Reader, *map[string]interface{}) error {
	return nil
}
