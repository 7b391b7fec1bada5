package load

import (
	"bytes"
	"context"
	"io"
)

// Target is a function, and where it is.
type Target struct {
	URL      string `json:"url"` // of the Invoke API, without a path
	Function string `json:"function"`
	// NoOp is for a reply that is passed on as it is, not decoded.
	NoOp bool `json:"no_op,omitempty"`
	// RetryFunctionErrors has the function's own errors tried again.
	RetryFunctionErrors bool `json:"retry_function_errors,omitempty"`
}

// Caller invokes a function with the payload. It is called by many goroutines at once.
// The payload is read once; nobody has to close it.
type Caller func(ctx context.Context, payload io.ReadCloser) (Reply, error)

// Reply is what a call brings: Data where the reply is decoded, Body where it is passed on.
// A contestant that cannot pass a reply on has Data in both cases.
type Reply struct {
	Data map[string]any
	Body io.Reader
}

// Contestant is a way to call functions.
type Contestant struct {
	// New makes what calls a target.
	New func(Target) (Caller, error)
	// Pipes prepares the configuration of a gateway with n endpoints, one Lambda backend
	// each, and returns what builds their pipes. It is nil for what is no gateway's.
	Pipes func(n int) (build func() (pipes any, err error), err error)
}

// body is a payload that arrives: it tells no length and cannot be rewound, as the body of
// a client's request.
type body struct{ r bytes.Reader }

func newBody(payload []byte) *body {
	b := new(body)
	b.r.Reset(payload)
	return b
}

func (b *body) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *body) Close() error               { return nil }
