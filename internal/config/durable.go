package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
)

// executionName is AWS's grammar for the name of a durable execution, from the service model of
// AWS Lambda.
var executionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// digestName matches names that look like our digests. ExecutionName hashes such a value, so
// that a client cannot send the name of another client's execution.
var digestName = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (d *draft) decodeDurableExecutionName(v any) error {
	t, err := asTemplate(v)
	if err != nil {
		return err
	}
	if len(t.values) == 0 {
		return errors.New("must have a placeholder, such as {input_headers.Idempotency-Key}: if all requests have the same name, only the first one starts the function")
	}
	d.durableExecutionName = t
	return nil
}

// ExecutionName returns the name of the durable execution that a request starts. It is empty if
// no name is configured, or if a placeholder has no value.
//
// If the template is a single placeholder, a value in AWS's grammar is the name itself. Any
// other value, and one that looks like a digest, becomes its SHA-256 in hex. For any other
// template, the name is the SHA-256 of all its parts with their lengths, so that different lists
// of values never have the same name.
func (c *Config) ExecutionName(r RequestValues) string {
	t := c.DurableExecutionName
	if t == nil {
		return ""
	}
	values, ok := t.Values(r)
	switch {
	case !ok:
		return ""
	case len(values) > 1 || t.literals[0] != "" || t.literals[1] != "":
		return t.digest(values)
	case executionName.MatchString(values[0]) && !digestName.MatchString(values[0]):
		return values[0]
	}
	sum := sha256.Sum256([]byte(values[0]))
	return hex.EncodeToString(sum[:])
}

// digest returns the SHA-256 of the template's parts in hex: its text, and for each placeholder
// its key and its value. The length of each part, in 8 bytes in big-endian order, comes before
// the part.
func (t *Template) digest(values []string) string {
	h := sha256.New()
	write := func(part string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		io.WriteString(h, part)
	}
	for i, literal := range t.literals {
		write(literal)
		if i < len(values) {
			write(t.values[i].key())
			write(values[i])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
