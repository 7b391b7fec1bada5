package lambdatest

import (
	"bytes"
	"cmp"
	"net/http"
)

// A durableKey identifies a named durable execution. Names are unique within an account
// and a region.
type durableKey struct{ account, region, name string }

// A durableExecution is one start of a durable function, with its result.
type durableExecution struct {
	arn      string
	function string // with account, region and version
	payload  []byte
	done     chan struct{} // is closed when the handler has returned
	result   *result       // nil if the handler ended its goroutine
}

// executeDurable executes a durable function, or has the call share the execution of
// that name.
func (s *Server) executeDurable(f runnable, in *invocation) reply {
	d, started, refusal := s.startDurable(in)
	if refusal != nil {
		return refusal.reply()
	}
	execute := func() {
		defer close(d.done)
		result := s.execute(f, in)
		d.result = &result
	}
	var rep reply
	if in.call.InvocationType == event {
		if started {
			s.executeEvent(in, execute)
		}
		rep = newReply(http.StatusAccepted, nil)
	} else {
		if started {
			execute()
		}
		rep = s.syncReply(in, d.await())
	}
	rep.header.Set("X-Amz-Durable-Execution-Arn", d.arn)
	return rep
}

// startDurable returns the execution that a call starts or repeats. It refuses a call with the
// name of another execution.
func (s *Server) startDurable(in *invocation) (d *durableExecution, started bool, refusal *apiError) {
	region, version := in.call.Region, in.version()
	function := in.name.arn(region, version)
	name := in.call.DurableExecutionName
	d = &durableExecution{
		arn:      function + "/durable-execution/" + cmp.Or(name, newRequestID()) + "/" + newRequestID(),
		function: function,
		payload:  bytes.Clone(in.payload), // a handler may change its own
		done:     make(chan struct{}),
	}
	if name == "" {
		return d, true, nil
	}
	key := durableKey{cmp.Or(in.name.account, defaultAccount), region, name}

	s.mu.Lock()
	defer s.mu.Unlock()
	earlier, ok := s.durable[key]
	if !ok {
		s.durable[key] = d
		return d, true, nil
	}
	if earlier.function != d.function || !bytes.Equal(earlier.payload, d.payload) {
		return nil, false, errorf(http.StatusConflict, "DurableExecutionAlreadyStartedException",
			"Execution already started: %s", earlier.arn)
	}
	return earlier, false, nil
}

// await waits for the end of an execution. It also returns when Close ends the server.
func (d *durableExecution) await() result {
	<-d.done
	if d.result == nil {
		panic(http.ErrAbortHandler)
	}
	return *d.result
}
