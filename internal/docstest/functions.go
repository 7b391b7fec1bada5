package docstest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// functions is an Invoke API whose functions all reply with their payload, or as the page says.
type functions struct {
	*lambdatest.Server
	declared map[string]lambdatest.Function // functions that need more than a handler, by name

	mu    sync.Mutex
	reply []byte // nil replies with the payload
	err   error  // nil for none
}

func newFunctions() *functions {
	return &functions{Server: lambdatest.NewServer(nil), declared: make(map[string]lambdatest.Function)}
}

// declare gives the function of a backend tenant isolation, or makes it durable, if the
// backend's settings need it.
func (f *functions) declare(settings object) {
	function := lambdatest.Function{Handler: f}
	_, function.TenantIsolation = settings["tenant_id"]
	_, function.Durable = settings["durable_execution_name"]
	if function.TenantIsolation || function.Durable {
		name, _, _ := strings.Cut(fmt.Sprint(settings["function_name"]), ":")
		f.declared[name] = function
	}
}

// Invoke implements lambda.Handler of aws-lambda-go, whose payload and reply are bytes.
func (f *functions) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	if f.reply != nil {
		return f.reply, nil
	}
	return payload, nil
}

func (f *functions) become(reply []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reply, f.err = reply, err
}

var functionName = regexp.MustCompile(`[A-Za-z0-9_-]+`)

// exist adds a function for every name in a text, with KrakenD's capitalization too, so that
// every function called by a page exists.
func (f *functions) exist(text string) {
	for _, name := range functionName.FindAllString(text, -1) {
		if len(name) > 64 {
			continue
		}
		f.Handle(capitalized(name), f)
		if function, ok := f.declared[name]; ok {
			f.Handle(name, function)
		} else {
			f.Handle(name, f)
		}
	}
}

// A returns block sets the reply of functions from there on.
type returns struct{ Block }

func (s returns) take(r *run) error {
	r.functions.become([]byte(s.Text), nil)
	return nil
}

// A fails block sets the error of functions from there on.
type fails struct {
	Block
	err messages.InvokeResponse_Error
}

func parseFailure(b Block, v any) (fails, error) {
	o, _ := v.(object)
	kind, _ := o["errorType"].(string)
	message, ok := o["errorMessage"].(string)
	if kind == "" || !ok || len(o) != 2 {
		return fails{}, b.errorf(`what a function fails with is {"errorType": "…", "errorMessage": "…"}`)
	}
	return fails{b, messages.InvokeResponse_Error{Type: kind, Message: message}}, nil
}

func (s fails) take(r *run) error {
	r.functions.become(nil, s.err)
	return nil
}
