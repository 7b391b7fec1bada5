package lambdatest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
)

// functionError is the payload that stands for an error or a panic of a handler.
type functionError = messages.InvokeResponse_Error

// A function is a handler and what its calls share.
type function struct {
	handler any
	serial  *sync.Mutex // held during each call; nil where calls may run at once
}

func newFunction(handler any) function {
	f := function{handler: handler}
	// The Invoke of what NewHandler returns hands out a buffer that it has put back
	// into the handler's pool. The next call may be writing to it by then.
	if reflect.TypeOf(handler) == reflect.TypeOf(lambda.NewHandler(nil)) {
		f.serial = new(sync.Mutex)
	}
	return f
}

// call executes the handler as Lambda's Go runtime does, and returns its reply or
// the error payload that it comes to.
func (f function) call(ctx context.Context, payload []byte) (_ []byte, failure *functionError) {
	if f.serial != nil {
		f.serial.Lock()
		defer f.serial.Unlock()
	}
	defer func() {
		if v := recover(); v != nil {
			failure = panicPayload(v)
		}
	}()
	// A NewHandler for each call has a pool of its own: see newFunction.
	response, err := lambda.NewHandler(f.handler).Invoke(ctx, payload)
	if err != nil {
		return nil, errorPayload(err)
	}
	return bytes.Clone(response), nil // while the lock is held
}

// errorPayload is what the runtime reports of an error that a handler returned.
func errorPayload(err error) *functionError {
	if e, ok := err.(functionError); ok {
		return &e
	}
	return &functionError{Message: err.Error(), Type: typeName(err)}
}

// panicPayload is what the runtime reports of a value that a handler panicked with.
// It is to be called from the deferred function.
func panicPayload(v any) *functionError {
	if e, ok := v.(functionError); ok {
		return &e
	}
	return &functionError{Message: fmt.Sprint(v), Type: typeName(v), StackTrace: stackTrace()}
}

// typeName returns the name of a value's type without its package, and for a
// pointer that of what it points to.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// maxFrames is how deep the runtime's stack traces go.
const maxFrames = 32

// stackTrace returns the stack of a panic, from the runtime's panic on.
func stackTrace() []*messages.InvokeResponse_Error_StackFrame {
	const hidden = 4 // runtime.Callers, stackTrace, panicPayload and the deferred function
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(hidden, pcs)])
	var trace []*messages.InvokeResponse_Error_StackFrame
	for {
		frame, more := frames.Next()
		trace = append(trace, stackFrame(frame))
		if !more {
			return trace
		}
	}
}

// stackFrame shows a frame as the runtime does: the file from its import path on
// and the function without it, since the path says it already. With
// "/src/example.com/m/p/file.go" and "example.com/m/p.T.Do" that is
// "example.com/m/p/file.go" and "T.Do".
func stackFrame(f runtime.Frame) *messages.InvokeResponse_Error_StackFrame {
	path := strings.Split(f.File, "/")
	keep := strings.Count(f.Function, "/") + 2 // the import path's elements and the file
	_, label, _ := strings.Cut(f.Function[strings.LastIndex(f.Function, "/")+1:], ".")
	return &messages.InvokeResponse_Error_StackFrame{
		Path:  strings.Join(path[max(0, len(path)-keep):], "/"),
		Line:  int32(f.Line),
		Label: label,
	}
}
