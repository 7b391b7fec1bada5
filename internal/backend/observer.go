package backend

import (
	"context"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Invocation describes one invocation for an Observer: the call of a function with all its
// attempts. If a request makes concurrent calls, they form one invocation, and the reply that
// the client gets counts.
type Invocation struct {
	// Function is the name, partial ARN or ARN, without the qualifier.
	Function string
	// Qualifier is empty for the unqualified function.
	Qualifier string
	// Region is empty if the build's Invoker decides on it.
	Region string
	// FunctionListed tells that the configuration lists all functions that this backend can
	// invoke. If it is false, clients can name any number of functions.
	FunctionListed bool
	// Stream tells that the function was called with InvokeWithResponseStream.
	Stream bool
	// Attempts counts the calls of the Invoke API, including the first one. With concurrent
	// calls it counts all attempts that began before the end of the invocation.
	Attempts int
	// Throttles counts the attempts that AWS throttled.
	Throttles int
	// Status is the HTTP status of the response to the client. It is 0 if the client went away
	// first.
	Status int
	// APIStatus is the HTTP status of the last API response. It is 0 if there was no response or
	// an Invoker does not report it. It is 200 for a function's error.
	APIStatus int
	// Code is the error code of AWS or of this module. It is empty for a success and for a
	// function's error.
	Code string
	// FunctionError is the errorType of a function's error, or "Unhandled" if the function
	// reports none. It is empty otherwise.
	FunctionError string
	// RequestID is the request id of the last API response. It is empty if there was no
	// response.
	RequestID string
	// ExecutedVersion is the version of the function that AWS executed. It is empty for an
	// error.
	ExecutedVersion string
	// Duration is the time from the request to the end of the reply.
	Duration time.Duration
	// PayloadSize and ReplySize are in bytes. For a stream, ReplySize counts what the client or
	// the decoder has read.
	PayloadSize, ReplySize int64
	// FunctionDuration, BilledDuration and InitDuration are Lambda's measurements of the
	// execution, from the REPORT line of the function's log. They are 0 without log_tail, and if
	// the log lacks the line. InitDuration is the time of a cold start, including the restore
	// from a snapshot; it is 0 if the execution environment was already running.
	FunctionDuration, BilledDuration, InitDuration time.Duration
	// MemorySize and MaxMemoryUsed are in bytes, from the same line.
	MemorySize, MaxMemoryUsed int64
}

// An Observer watches invocations for traces and metrics. Many goroutines call its methods at
// once, during requests.
type Observer interface {
	// Start is called when the function is known. The calls use the context that it returns. It
	// returns a nil Observation to ignore this invocation.
	Start(ctx context.Context, i Invocation) (context.Context, Observation)
	// TraceContext returns the headers that carry the trace of ctx to the function, or nil.
	TraceContext(ctx context.Context) map[string]string
}

// An Observation watches one invocation. Its methods are never called concurrently.
type Observation interface {
	// AttemptFailed is called for each failed attempt with its error, which must not be changed,
	// and with the Code or FunctionError that the invocation would have if no attempt followed.
	AttemptFailed(e *invoke.Error, code string)
	// End is called once, at the end of the reply.
	End(*Invocation)
}
