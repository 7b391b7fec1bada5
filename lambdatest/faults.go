package lambdatest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Fault is something that goes wrong with a call. It comes from [Throttle],
// [APIError], [Delay] or [Cut], and [Server.Fail] has it happen. The zero Fault does
// nothing: in a queue it lets one call through.
type Fault struct {
	always  bool
	delay   time.Duration
	refusal *apiError
	cut     CutPoint
}

// Fail queues faults for a function, after those it has already. Each later call
// of the function takes the next one and is used up with it. The function is a bare
// name, and need not exist. "*" is a queue for calls of any function, which is
// asked where the function's own is empty; a call takes one fault at most.
//
// A call that is refused for its signature or its size takes none. Every other does,
// in the order in which the server gets to them: to know which call takes which
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

// APIError answers the call with an error of the Invoke API, in place of executing
// the function. The type is its name as the API reference has it, such as
// "ServiceException" (status 500) or "EC2ThrottledException" (502), and it need not
// be one of those. Status 0 stands for the one that [ErrorCodes] has for the type.
// APIError panics where it has none, and where the status is not from 300 to 599: no
// client would take that for an error.
func APIError(status int, errorType, message string) Fault {
	if status == 0 {
		status = ErrorCodes()[errorType]
	}
	if status < 300 || status > 599 {
		panic(fmt.Sprintf("lambdatest: status %d of %q is not one of an error", status, errorType))
	}
	return Fault{refusal: errorf(status, errorType, "%s", message)}
}

// Delay has the call wait for d before it is answered as usual. Close ends the wait,
// and so does the caller by going away: the function is not executed then. Zero and
// less is no delay.
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
	// PayloadChunk, where InvokeComplete would be. All is well with the HTTP of it: the
	// body has its end, and the AWS SDK for Go reports no error. In other answers it
	// is WithinBody.
	BeforeComplete
)

// Cut closes the TCP connection in the middle of the answer. The function has
// executed by then, which is the nasty case: the work is done, and its caller cannot
// know. Of a streaming invocation the handler has returned, but what it returned is
// read no further than the cut, and closed. An answer without a body, such as those to Event and DryRun, would be
// complete with its headers: every point from AfterHeaders on is WithinHeaders then.
// Cut panics where p is not one of the constants.
func Cut(p CutPoint) Fault {
	if p < BeforeHeaders || p > BeforeComplete {
		panic(fmt.Sprintf("lambdatest: no CutPoint %d", p))
	}
	return Fault{cut: p}
}

// Always returns a fault like f that is never used up: it stays at the head of its
// queue until Reset, and those behind it do not happen.
func (f Fault) Always() Fault {
	f.always = true
	return f
}

// sleep waits for d, and reports whether ctx let it.
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
	// A hijacked connection is out of the count of Close, and out of its reach.
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
