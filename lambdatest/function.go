package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
)

// functionError is the payload that stands for an error or a panic of a handler.
type functionError = messages.InvokeResponse_Error

// A runnable is a handler and what its calls share.
type runnable struct {
	handler any
	serial  *sync.Mutex // held during each call; nil if calls may run at the same time
	init    *coldStart  // nil if no execution reports a cold start
}

// A coldStart is what the first execution of a runnable reports.
type coldStart struct {
	once     sync.Once
	duration time.Duration
}

// cold returns a runnable whose first execution reports that its environment took d to start.
func (f runnable) cold(d time.Duration) runnable {
	if d > 0 {
		f.init = &coldStart{duration: d}
	}
	return f
}

// takeInit returns the time of the cold start of an execution, 0 for a warm one.
func (f runnable) takeInit() (d time.Duration) {
	if f.init != nil {
		f.init.once.Do(func() { d = f.init.duration })
	}
	return d
}

func newRunnable(handler any) runnable {
	f := runnable{handler: handler}
	// The Invoke of a result of NewHandler returns a buffer that it has put back into the
	// handler's pool already. The next call may overwrite it.
	if reflect.TypeOf(handler) == reflect.TypeOf(lambda.NewHandler(nil)) {
		f.serial = new(sync.Mutex)
	}
	return f
}

// call executes the handler as Lambda's Go runtime does. It returns the reply, or the
// payload of a function error.
func (f runnable) call(ctx context.Context, payload []byte) (_ []byte, failure *functionError) {
	if f.serial != nil {
		f.serial.Lock()
		defer f.serial.Unlock()
	}
	defer func() {
		if v := recover(); v != nil {
			failure = panicPayload(v)
		}
	}()
	// Each handler of NewHandler has a separate pool: see newRunnable.
	response, err := lambda.NewHandler(f.handler).Invoke(ctx, payload)
	if err != nil {
		return nil, errorPayload(err)
	}
	return bytes.Clone(response), nil // while the lock is held
}

// Content types of replies that do not have their own.
const (
	contentTypeJSON  = "application/json"
	contentTypeBytes = "application/octet-stream"
)

// A response is a reply that may not be complete yet.
type response struct {
	whole       []byte    // the reply, if body is nil
	body        io.Reader // reads the reply; to be closed if it is an io.Closer
	contentType string
}

// open executes the handler as call does. It does not read a result that Lambda's Go
// runtime would stream.
func (f runnable) open(ctx context.Context, payload []byte) (response, *functionError) {
	var returned any
	handler, ok := capture(f.handler, &returned)
	if !ok {
		whole, failure := f.call(ctx, payload)
		return response{whole: whole, contentType: f.contentType()}, failure
	}
	if _, failure := (runnable{handler: handler}).call(ctx, payload); failure != nil {
		return response{}, failure
	}
	// The runtime's encoder makes the reply of a result that is not a stream.
	r := response{contentType: contentTypeJSON}
	encode := runnable{handler: func() (any, error) {
		if !streams(returned) {
			return returned, nil
		}
		r.body, r.contentType = returned.(io.Reader), contentTypeBytes
		if typed, ok := returned.(interface{ ContentType() string }); ok {
			r.contentType = typed.ContentType()
		}
		return nil, nil
	}}
	whole, failure := encode.call(ctx, nil)
	if r.body == nil {
		r.whole = whole
	}
	return r, failure
}

// contentType returns the type of a reply that does not declare one: contentTypeBytes for a
// lambda.Handler, which makes the bytes itself, else contentTypeJSON.
func (f runnable) contentType() string {
	if _, ok := f.handler.(lambda.Handler); ok && f.serial == nil {
		return contentTypeBytes
	}
	return contentTypeJSON
}

// capture wraps a handler, with the same parameters, so that it stores its
// result, except the error. It returns false for handlers without a result to
// store: handlers that the runtime refuses or that return at most an error,
// and implementations of lambda.Handler, which return bytes.
func capture(handler any, returned *any) (any, bool) {
	if _, ok := handler.(lambda.Handler); ok || handler == nil {
		return nil, false
	}
	v := reflect.ValueOf(handler)
	t := v.Type()
	if t.Kind() != reflect.Func || t.NumOut() != 2 || t.IsVariadic() || !t.Out(1).Implements(reflect.TypeFor[error]()) {
		return nil, false
	}
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	wrapper := reflect.FuncOf(in, []reflect.Type{t.Out(1)}, false)
	return reflect.MakeFunc(wrapper, func(args []reflect.Value) []reflect.Value {
		out := v.Call(args)
		*returned = out[0].Interface()
		return out[1:]
	}).Interface(), true
}

// streams reports whether the runtime streams the result of a handler. If the result encodes to
// JSON, the runtime does not stream it, except for an empty object: many readers encode to that.
func streams(returned any) bool {
	if _, ok := returned.(io.Reader); !ok {
		return false
	}
	encoded, err := json.Marshal(returned)
	return err != nil || bytes.HasPrefix(encoded, []byte("{}"))
}

// errorPayload returns what the runtime reports for an error that a handler returned.
func errorPayload(err error) *functionError {
	if e, ok := err.(functionError); ok {
		return &e
	}
	return &functionError{Message: err.Error(), Type: typeName(err)}
}

// panicPayload returns what the runtime reports for a value that a handler panicked with.
// Call it from the deferred function.
func panicPayload(v any) *functionError {
	if e, ok := v.(functionError); ok {
		return &e
	}
	return &functionError{Message: fmt.Sprint(v), Type: typeName(v), StackTrace: stackTrace()}
}

// typeName returns the name of a value's type without its package. For a
// pointer it is the name of the type that it points to.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// maxFrames is the largest number of frames in the runtime's stack traces.
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
