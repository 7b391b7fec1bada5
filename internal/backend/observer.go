package backend

import (
	"context"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Invocation is what an Observer learns of one invocation: the call of a function with all of
// its attempts. Where a request makes concurrent calls, they are one invocation, and the reply
// that the client gets counts.
type Invocation struct {
	// Function is the name, partial ARN or ARN, without the qualifier.
	Function string
	// Qualifier is empty for the unqualified function.
	Qualifier string
	// Region is empty where an Invoker of the build decides on it.
	Region string
	// FunctionListed tells that the configuration lists all functions that this backend can
	// invoke. If it is false, clients can name any number of functions.
	FunctionListed bool
	// Stream tells that the function was called with InvokeWithResponseStream.
	Stream bool
	// Attempts counts the calls of the Invoke API, the first one included. Of concurrent calls,
	// all attempts that began before the end of the invocation count.
	Attempts int
	// Throttles counts the attempts that AWS throttled.
	Throttles int
	// Status is the HTTP status of the response to the client. It is 0 where the client went
	// away first.
	Status int
	// APIStatus is the HTTP status of the last API response, 0 where there was none and where an
	// Invoker does not tell it. It is 200 for a function's error.
	APIStatus int
	// Code is the error code of AWS or of this module, empty for a success and for a
	// function's error.
	Code string
	// FunctionError is the errorType of a function's error, or "Unhandled" where the function
	// reports none. It is empty for all else.
	FunctionError string
	// RequestID is that of the last API response, empty where there was none.
	RequestID string
	// ExecutedVersion is the version of the function that AWS executed. It is empty for an
	// error.
	ExecutedVersion string
	// Duration is the time from the request to the end of the reply.
	Duration time.Duration
	// PayloadSize and ReplySize are in bytes. ReplySize counts what the client or the decoder
	// has read of a stream.
	PayloadSize, ReplySize int64
	// FunctionDuration, BilledDuration and InitDuration are what Lambda measured of the
	// execution, by the REPORT line of the function's log. They are 0 without log_tail, and
	// where the log lacks the line. InitDuration is the time of a cold start, restoring from a
	// snapshot included; it is 0 where the execution environment was there already.
	FunctionDuration, BilledDuration, InitDuration time.Duration
	// MemorySize and MaxMemoryUsed are in bytes, from the same line.
	MemorySize, MaxMemoryUsed int64
}

// An Observer watches invocations for traces and metrics. Many goroutines call its methods at
// once, within requests.
type Observer interface {
	// Start is called when the function is known. The calls are made with the context that
	// it returns. The Observation is nil where nothing watches this invocation.
	Start(ctx context.Context, i Invocation) (context.Context, Observation)
	// TraceContext returns the headers that carry the trace of ctx to the function, nil for none.
	TraceContext(ctx context.Context) map[string]string
}

// An Observation watches one invocation. Its methods are called one at a time.
type Observation interface {
	// AttemptFailed is told of each attempt that failed: its error, which must not be changed, and
	// what would be the Code or FunctionError of the invocation if no other attempt followed.
	AttemptFailed(e *invoke.Error, code string)
	// End is called once, at the end of the reply.
	End(*Invocation)
}
