package lambdatest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Fault is a failure of a call. It comes from [Throttle], [APIError], [Delay] or
// [Cut], and [Server.Fail] queues it. The zero Fault has no effect: in a queue it lets
// one call through.
type Fault struct {
	always  bool
	delay   time.Duration
	refusal *apiError
	cut     CutPoint
}

// Fail appends faults to the queue of a function. Each later call of the function takes
// one fault from the head of the queue. The function is a bare name, and need not exist.
// "*" is a queue for calls of any function, used if the function's queue is empty. A call
// takes one fault at most.
//
// A call that the server refuses for its signature or its size takes no fault. All other calls
// take a fault in the order in which the server processes them: to know which call takes which
// fault, make one call at a time.
func (s *Server) Fail(function string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[function] = append(s.faults[function], faults...)
}

// takeFault returns the fault for the next call of a function: the zero Fault if the queues are
// empty.
func (s *Server) takeFault(function string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{function, "*"} {
		if queue := s.faults[key]; len(queue) > 0 {
			if !queue[0].always {
				s.faults[key] = queue[1:]
			}
			return queue[0]
		}
	}
	return Fault{}
}

// Throttle refuses the call with 429 TooManyRequestsException, as Lambda does when
// a function's concurrency is used up. The function is not executed. If retryAfter is above
// zero, the answer has a Retry-After header of that many seconds.
func Throttle(retryAfter int) Fault {
	e := errorf(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	e.reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
	e.retryAfter = max(0, retryAfter)
	return Fault{refusal: e}
}

// APIError answers the call with an error of the Invoke API and does not execute
// the function. The type is its name in the API reference, such as
// "ServiceException" (status 500) or "EC2ThrottledException" (502). Other names are
// allowed. Status 0 selects the status that [ErrorCodes] has for the type. APIError
// panics if there is no such status, and if the status is not from 300 to 599: no
// client would treat that as an error.
func APIError(status int, errorType, message string) Fault {
	if status == 0 {
		status = ErrorCodes()[errorType]
	}
	if status < 300 || status > 599 {
		panic(fmt.Sprintf("lambdatest: status %d of %q is not one of an error", status, errorType))
	}
	return Fault{refusal: errorf(status, errorType, "%s", message)}
}

// Delay makes the call wait for d. Then the server handles it as usual. If the server closes or
// the caller disconnects, the wait ends and the function is not executed. With zero or
// less, the call does not wait.
func Delay(d time.Duration) Fault {
	return Fault{delay: d}
}

// A CutPoint is where in an answer [Cut] cuts the connection.
type CutPoint int

const (
	// BeforeHeaders cuts before the first byte of the answer.
	BeforeHeaders CutPoint = iota + 1
	// WithinHeaders cuts after the status line and half of a header's line.
	WithinHeaders
	// AfterHeaders cuts between the headers and the body that they announce.
	AfterHeaders
	// WithinBody cuts after the first half of the body. In a streaming invocation it cuts
	// right after the first PayloadChunk. If there is no PayloadChunk, it cuts in place of
	// InvokeComplete.
	WithinBody
	// BeforeComplete ends the answer to a streaming invocation after its last
	// PayloadChunk, without InvokeComplete. The HTTP response is valid: its body is
	// complete, and the AWS SDK for Go reports no error. For other answers it
	// is the same as WithinBody.
	BeforeComplete
)

// Cut closes the TCP connection in the middle of the answer. The function has
// executed by then, which its caller cannot know. In a streaming invocation the handler has
// returned. At the cut, the server stops reading its result and closes it. An answer
// without a body, for example to Event and DryRun, is complete after its headers. So for such
// an answer, AfterHeaders and all later points are the same as WithinHeaders. Cut panics if p
// is not one of the constants.
func Cut(p CutPoint) Fault {
	if p < BeforeHeaders || p > BeforeComplete {
		panic(fmt.Sprintf("lambdatest: no CutPoint %d", p))
	}
	return Fault{cut: p}
}

// Always returns a fault like f that calls do not use up: it stays at the head of its
// queue until Reset, and later faults of the queue never happen.
func (f Fault) Always() Fault {
	f.always = true
	return f
}

// sleep waits for d. It returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// sendCut writes rep up to the point p and closes the connection.
func (s *Server) sendCut(w http.ResponseWriter, rep reply, p CutPoint) {
	// Close neither counts nor closes a hijacked connection.
	s.running.Add(1)
	defer s.running.Done()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	defer context.AfterFunc(s.ctx, func() { conn.Close() })()

	if p == BeforeHeaders {
		return
	}
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\n", rep.status, http.StatusText(rep.status))
	if p == WithinHeaders || len(rep.body) == 0 {
		io.WriteString(conn, "Content-Ty")
		return
	}
	rep.header.Set("Content-Length", fmt.Sprint(len(rep.body)))
	rep.header.Write(conn)
	io.WriteString(conn, "\r\n")
	if p >= WithinBody {
		conn.Write(rep.body[:len(rep.body)/2])
	}
}
