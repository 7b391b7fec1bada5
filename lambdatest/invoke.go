package lambdatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// maxReply is the largest reply of a function, in bytes.
const maxReply = 6<<20 + 100

// unhandled is the kind of every function error. AWS no longer uses the other kind, Handled.
const unhandled = "Unhandled"

// responseSizeTooLarge is the type of the function error that replaces a reply
// above the limit.
const responseSizeTooLarge = "Function.ResponseSizeTooLarge"

// Qualifiers that AWS has for every function.
const (
	latest          = "$LATEST" // executes where the qualifier is not a version
	latestPublished = "$LATEST.PUBLISHED"
)

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := newRequestID()

	var rep reply
	var cut CutPoint
	if name, streaming, ok := functionInPath(r.URL); !ok {
		rep = errorf(http.StatusNotFound, "UnknownOperationException", "The path is not one of an invocation.").reply()
	} else if r.Method != http.MethodPost {
		rep = errorf(http.StatusMethodNotAllowed, "UnknownOperationException", "An invocation is a POST.").reply()
		rep.header.Set("Allow", http.MethodPost)
	} else {
		rep, cut = s.invoke(w, r, name, streaming, requestID)
	}

	rep.header.Set("X-Amzn-RequestId", requestID)
	switch {
	case rep.stream != nil:
		rep.stream(w, r, rep, cut)
	case cut != 0:
		s.sendCut(w, rep, cut)
	default:
		rep.send(w)
	}
}

// invoke handles a call and returns the answer, and the point at which to cut the answer: zero
// for an answer that is not cut.
func (s *Server) invoke(w http.ResponseWriter, r *http.Request, rawName string, streaming bool, requestID string) (reply, CutPoint) {
	in, refusal := s.receive(w, r, rawName, streaming, requestID)
	if refusal != nil {
		return refusal.reply(), 0
	}

	fault := s.takeFault(in.call.Function)
	if !sleep(r.Context(), fault.delay) {
		panic(http.ErrAbortHandler)
	}
	if fault.refusal != nil {
		return fault.refusal.reply(), 0
	}

	f, durable, refusal := s.check(in)
	if refusal != nil {
		return refusal.reply(), fault.cut
	}
	switch {
	case in.call.InvocationType == dryRun:
		return newReply(http.StatusNoContent, nil), fault.cut
	case streaming:
		return s.streamReply(f, in), fault.cut
	case durable:
		return s.executeDurable(f, in), fault.cut
	case in.call.InvocationType == event:
		s.executeEvent(in, func() { s.execute(f, in) })
		return newReply(http.StatusAccepted, nil), fault.cut
	default:
		return s.syncReply(in, s.execute(f, in)), fault.cut
	}
}

// syncReply makes the answer from the result of an execution.
func (s *Server) syncReply(in *invocation, result result) reply {
	// An execution that Close ended gets no answer, even if the function succeeded.
	if s.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}

	rep := newReply(http.StatusOK, result.payload)
	rep.header.Set("X-Amz-Executed-Version", in.version())
	if result.failed {
		rep.header.Set("X-Amz-Function-Error", unhandled)
	}
	if in.call.LogType == logTail {
		rep.header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(result.log))
	}
	return rep
}

// executeEvent executes a call in the background.
func (s *Server) executeEvent(in *invocation, execute func()) {
	in.clientContext = nil // AWS passes it in synchronous invocations only
	s.setExecuted(in.call) // before the answer, so that no caller has to wait for it
	s.running.Go(execute)
}

// execute executes a function up to the end of its reply. Lambda continues after the
// caller has disconnected, so the context is not the request's.
func (s *Server) execute(f runnable, in *invocation) result {
	x, failure := s.begin(f, in)
	defer x.cancel()
	var payload []byte
	if failure == nil {
		payload, failure = f.call(x.ctx, in.payload)
	}
	if failure == nil && len(payload) > maxReply {
		failure = tooLarge(len(payload))
	}
	report, log := x.end(failure)
	if failure != nil {
		payload = report
	}
	return result{payload: payload, failed: failure != nil, log: log}
}

// A result is the result of an execution.
type result struct {
	payload []byte
	failed  bool // payload is a function error
	log     []byte
}

// An execution is the context and the log of one call of a handler.
type execution struct {
	ctx    context.Context
	cancel context.CancelFunc
	log    *executionLog
}

// begin makes the context of an execution, as a child of the server's context, and starts
// its log. If begin returns a function error, do not call the handler.
func (s *Server) begin(f runnable, in *invocation) (execution, *functionError) {
	lc := &lambdacontext.LambdaContext{
		AwsRequestID:       in.call.RequestID,
		InvokedFunctionArn: in.arn,
		TenantID:           in.call.TenantID,
	}
	x := execution{log: startLog(in.call.RequestID, in.version(), f.takeInit())}
	ctx, cancel := context.WithCancel(s.ctx)
	x.cancel = cancel
	ctx = context.WithValue(ctx, logKey{}, x.log)
	ctx = lambdacontext.NewContext(ctx, lc)
	//nolint:staticcheck // SA1029: the key is aws-lambda-go's
	x.ctx = context.WithValue(ctx, "x-amzn-trace-id", in.traceID)

	if err := parseClientContext(in.clientContext, &lc.ClientContext); err != nil {
		return x, errorPayload(err)
	}
	s.setExecuted(in.call)
	return x, nil
}

// end returns the payload of a function error, or nil, and the tail of the log.
func (x execution) end(failure *functionError) (report, log []byte) {
	if failure != nil {
		report, _ = json.Marshal(failure) // strings and numbers always encode
		x.log.endLine()
		fmt.Fprintf(x.log, "%s\n", report)
	}
	return report, x.log.end()
}

func tooLarge(size int) *functionError {
	return &functionError{
		Type:    responseSizeTooLarge,
		Message: fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", size, maxReply),
	}
}

// version returns the version that executes: the qualifier if it is a version or
// $LATEST.PUBLISHED, else $LATEST, which every alias resolves to here.
func (in *invocation) version() string {
	q := in.call.Qualifier
	if q == latestPublished || q != "" && strings.Trim(q, "0123456789") == "" {
		return q
	}
	return latest
}
