package backend

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// watch collects the data for observers of one invocation. A backend without observers has a nil
// watch, whose methods do nothing.
type watch struct {
	backend     *Backend
	ctx         context.Context // of the request, with the span
	started     time.Time
	observation Observation // nil for none
	tell        func(context.Context, Invocation)
	trace       map[string]string // headers that carry the span to the function; nil for none
	whole       *watch            // the invocation's watch, for a concurrent call; nil for the invocation itself

	mu      sync.Mutex // concurrent calls
	about   Invocation
	settled bool // the concurrent call that counts is known
	stream  bool // the end of the reply is the end of the invocation
	ended   bool
	stop    func() bool // ends the wait for the end of the request; nil for none
}

// watch starts watching the invocation of a function, and returns the context for its calls.
func (b *Backend) watch(ctx context.Context, f config.Function) (context.Context, *watch) {
	if b.observer == nil && b.tell == nil {
		return ctx, nil
	}
	about := Invocation{
		Function: f.Name, Qualifier: f.Qualifier, Region: b.cfg.Region, FunctionListed: b.cfg.ListsFunctions(), Stream: b.cfg.Stream,
	}
	var observation Observation
	var trace map[string]string
	if b.observer != nil {
		ctx, observation = b.observer.Start(ctx, about)
		trace = b.observer.TraceContext(ctx)
	}
	if observation == nil && b.tell == nil && trace == nil {
		return ctx, nil
	}
	return ctx, &watch{backend: b, ctx: ctx, started: time.Now(), observation: observation, tell: b.tell, trace: trace, about: about}
}

// headers returns the headers that carry the gateway's span to the function, or nil.
func (w *watch) headers() map[string]string {
	if w == nil {
		return nil
	}
	return w.trace
}

// update changes the collected data, unless the invocation has ended.
func (w *watch) update(change func(*Invocation)) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		change(&w.about)
	}
}

// concurrent returns a watch for one of several concurrent calls.
func (w *watch) concurrent() *watch {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return &watch{observation: w.observation, whole: w, about: w.about}
}

// settle copies the data of a concurrent call to the invocation. Calls that finish later no
// longer count.
func (w *watch) settle(call *watch) {
	w.update(func(i *Invocation) {
		call.update(func(own *Invocation) {
			own.Attempts, own.Throttles = i.Attempts, i.Throttles
			*i = *own
		})
		w.settled = true
	})
}

// count changes the totals of all concurrent calls.
func (w *watch) count(change func(*Invocation)) {
	if w != nil && w.whole != nil {
		w = w.whole
	}
	w.update(func(i *Invocation) {
		if !w.settled {
			change(i)
		}
	})
}

// begins records an attempt.
func (w *watch) begins() { w.count(func(i *Invocation) { i.Attempts++ }) }

// failed records a failed attempt. code is what the invocation would have as its Code or
// FunctionError.
func (w *watch) failed(e *invoke.Error, code func() string) {
	w.update(func(i *Invocation) {
		i.RequestID = e.RequestID
		if e.Status != 0 {
			i.APIStatus = e.Status
		}
	})
	w.count(func(i *Invocation) {
		if e.Kind == invoke.KindCredentials { // nothing was sent
			i.Attempts--
		}
		if e.IsThrottle() {
			i.Throttles++
		}
		if w.observation != nil {
			w.observation.AttemptFailed(e, code())
		}
	})
}

// replied records the reply of an attempt.
func (w *watch) replied(r *invoke.Response) {
	w.update(func(i *Invocation) {
		i.RequestID, i.ExecutedVersion, i.APIStatus, i.ReplySize = r.RequestID, r.ExecutedVersion, r.Status, int64(len(r.Payload))
	})
}

// streams tells that the body of response decides when and how the invocation ends. It ends with
// the request at the latest: KrakenD drops the replies of shadow backends without reading or
// closing them.
func (w *watch) streams(ctx context.Context, response *http.Response) {
	w.update(func(i *Invocation) {
		i.Status = response.StatusCode
		w.stream = true
		w.stop = context.AfterFunc(ctx, func() { w.end(ended(ctx.Err(), "before its reply was read")) })
	})
}

// returned ends the invocation with what the backend returns, unless its reply is still
// arriving. After a panic e is missing: the invocation ends with an internal error.
func (w *watch) returned(response *http.Response, e *Error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	comes := w.stream
	w.mu.Unlock()
	switch {
	case e != nil:
		w.end(e)
	case comes:
	default:
		w.update(func(i *Invocation) {
			if response != nil {
				i.Status = response.StatusCode
			}
		})
		w.end(nil)
	}
}

// end ends the invocation with an error, or with nil for a whole reply. Only the first end counts.
func (w *watch) end(e *Error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		return
	}
	w.ended = true
	if w.stop != nil {
		w.stop()
	}
	if e != nil {
		w.about.failed(e)
	}
	w.about.Duration = time.Since(w.started)
	w.mu.Unlock()
	w.notify()
}

// notify tells observers about the end. It logs an observer's panic and recovers it: the
// invocation is over, and if the request's context ended the reply, nothing else would recover
// the panic.
func (w *watch) notify() {
	defer func() {
		if v := recover(); v != nil {
			_ = w.backend.report(panicked(v))
		}
	}()
	if w.observation != nil {
		w.observation.End(&w.about)
	}
	if w.tell != nil {
		w.tell(w.ctx, w.about)
	}
}

// failed sets the fields for an error. If a client has already received a part of a stream, the
// status stays as sent.
func (i *Invocation) failed(e *Error) {
	i.ExecutedVersion = ""
	gone := errors.Is(e.err, context.Canceled)
	switch {
	case gone:
		i.Status, i.Code = 0, codeClientGone
		return
	case i.Status == 0:
		i.Status = e.status
	}
	i.Code, i.FunctionError = e.Code(), e.FunctionError()
	if id := e.RequestID(); id != "" {
		i.RequestID = id
	}
}

// setTrace sets the headers that carry the span in a client context, unless a header, a query
// string or a param has the same name. known are the folded names of headers.
func setTrace(custom []parameter, trace map[string]string, vouched interface{ Has(string) bool }, known map[string]bool) []parameter {
	for _, name := range slices.Sorted(maps.Keys(trace)) {
		if vouched.Has(name) {
			continue
		}
		known[config.Fold(name)] = true
		custom = append(custom, parameter{name: name, value: trace[name]})
	}
	return custom
}
