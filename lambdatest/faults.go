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
// A call that is refused for its signature or its size takes none. All other calls take
// theirs in the order in which the server processes them: to know which call takes which
// fault, make one call at a time.
func (s *Server) Fail(function string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[function] = append(s.faults[function], faults...)
}

// takeFault returns the fault of the next call of a function: the zero Fault where
// there is none.
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
// a function's concurrency is used up. The function is not executed. The answer has
// a Retry-After header of that many seconds where retryAfter is above zero.
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

// Delay makes the call wait for d before it is answered as usual. Close ends the wait,
// and so does a caller that disconnects: the function is not executed then. With zero or
// less there is no delay.
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
	// WithinBody cuts after the first half of the body. In the answer to a streaming
	// invocation that is after the first PayloadChunk, at once, or where the
	// InvokeComplete of an empty stream would be.
	WithinBody
	// BeforeComplete ends the answer to a streaming invocation after its last
	// PayloadChunk, without InvokeComplete. The HTTP response is valid: its body is
	// complete, and the AWS SDK for Go reports no error. In other answers it
	// is WithinBody.
	BeforeComplete
)

// Cut closes the TCP connection in the middle of the answer. The function has
// executed by then, and its caller cannot know. In a streaming invocation the handler has
// returned. The server stops reading its result at the cut and closes it. An answer
// without a body, such as those to Event and DryRun, would be complete with its headers:
// every point from AfterHeaders on is WithinHeaders then. Cut panics if p is not one of
// the constants.
func Cut(p CutPoint) Fault {
	if p < BeforeHeaders || p > BeforeComplete {
		panic(fmt.Sprintf("lambdatest: no CutPoint %d", p))
	}
	return Fault{cut: p}
}

// Always returns a fault like f that is never used up: it stays at the head of its
// queue until Reset, and the faults behind it never happen.
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
