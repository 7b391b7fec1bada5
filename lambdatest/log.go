package lambdatest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// maxLogResult is how much of an execution's log X-Amz-Log-Result holds, in bytes
// and before base64.
const maxLogResult = 4 << 10

// LogWriter returns the log of the execution that ctx belongs to, for a handler to
// write to; on AWS that is standard output. A call with the log type Tail gets the
// last 4 KB of it (4,096 bytes, the lines START, END and REPORT included) in
// X-Amz-Log-Result. As Lambda's Go runtime does, the server adds the payload of a
// function error.
//
// The writer is safe for concurrent use and never fails. Output after the handler has
// returned may be lost. If ctx does not come from a Server's call of a handler, LogWriter
// returns [io.Discard], so that the handler also runs elsewhere.
func LogWriter(ctx context.Context) io.Writer {
	if l, ok := ctx.Value(logKey{}).(*executionLog); ok {
		return l
	}
	return io.Discard
}

type logKey struct{}

// An executionLog keeps the last maxLogResult bytes written to it.
type executionLog struct {
	requestID string
	started   time.Time
	init      time.Duration // of a cold start; 0 for a warm start

	mu   sync.Mutex
	tail []byte
}

func startLog(requestID, version string, init time.Duration) *executionLog {
	l := &executionLog{requestID: requestID, started: time.Now(), init: init}
	fmt.Fprintf(l, "START RequestId: %s Version: %s\n", requestID, version)
	return l
}

func (l *executionLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	p = p[max(0, n-maxLogResult):]
	l.tail = slices.Delete(l.tail, 0, max(0, len(l.tail)+len(p)-maxLogResult))
	l.tail = append(l.tail, p...)
	return n, nil
}

// end completes the log and returns its tail.
func (l *executionLog) end() []byte {
	took := time.Since(l.started)

	l.endLine()
	fmt.Fprintf(l, "END RequestId: %s\n", l.requestID)
	fmt.Fprintf(l, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms",
		l.requestID, milliseconds(took), (took+l.init).Milliseconds()+1)
	if l.init > 0 {
		fmt.Fprintf(l, "\tInit Duration: %.2f ms", milliseconds(l.init))
	}
	io.WriteString(l, "\n")

	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tail)
}

// endLine completes the last line if the handler did not.
func (l *executionLog) endLine() {
	l.mu.Lock()
	open := !bytes.HasSuffix(l.tail, []byte("\n"))
	l.mu.Unlock()
	if open {
		io.WriteString(l, "\n")
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
