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

// latest is the version that executes where the qualifier is not one.
const latest = "$LATEST"

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := newRequestID()

	var rep reply
	var cut CutPoint
	if name, ok := functionInPath(r.URL); !ok {
		rep = errorf(http.StatusNotFound, "UnknownOperationException", "The path is not one of an invocation.").reply()
	} else if r.Method != http.MethodPost {
		rep = errorf(http.StatusMethodNotAllowed, "UnknownOperationException", "An invocation is a POST.").reply()
		rep.header.Set("Allow", http.MethodPost)
	} else {
		rep, cut = s.invoke(w, r, name, requestID)
	}

	rep.header.Set("X-Amzn-RequestId", requestID)
	if cut != 0 {
		s.sendCut(w, rep, cut)
		return
	}
	rep.send(w)
}

// invoke takes a call from the request to the answer, and returns where that
// answer is to be cut: zero for nowhere.
func (s *Server) invoke(w http.ResponseWriter, r *http.Request, rawName, requestID string) (reply, CutPoint) {
	in, refusal := s.receive(w, r, rawName, requestID)
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

	f, refusal := s.check(in)
	if refusal != nil {
		return refusal.reply(), fault.cut
	}
	switch in.call.InvocationType {
	case dryRun:
		return newReply(http.StatusNoContent, nil), fault.cut
	case event:
		s.executeEvent(f, in)
		return newReply(http.StatusAccepted, nil), fault.cut
	default:
		return s.executeSync(f, in), fault.cut
	}
}

// check finds a call's function and refuses what Lambda would not execute.
func (s *Server) check(in *invocation) (function, *apiError) {
	call := in.call
	switch call.InvocationType {
	case requestResponse, event, dryRun:
	default:
		return function{}, errorf(http.StatusBadRequest, "InvalidParameterValueException",
			"Unknown invocation type %q.", call.InvocationType)
	}
	switch call.LogType {
	case logNone, logTail:
	default:
		return function{}, errorf(http.StatusBadRequest, "InvalidParameterValueException",
			"Unknown log type %q.", call.LogType)
	}
	if in.name.bare == "" {
		return function{}, errorf(http.StatusBadRequest, "ValidationException",
			"%q is not a function's name, with or without qualifier, nor its ARN.", call.Function)
	}
	if in.name.qualifier != "" && in.name.qualifier != call.Qualifier {
		return function{}, errorf(http.StatusBadRequest, "InvalidParameterValueException",
			"The function's name has the qualifier %q and the query string %q.", in.name.qualifier, call.Qualifier)
	}
	if in.name.region != "" && in.name.region != call.Region {
		return function{}, errorf(http.StatusNotFound, "ResourceNotFoundException",
			"Functions from '%s' are not reachable in this region ('%s')", in.name.region, call.Region)
	}
	f, ok := s.lookup(in.name.bare)
	if !ok {
		return function{}, errorf(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", in.arn)
	}
	if err := checkClientContext(call.Header.Get("X-Amz-Client-Context"), in.clientContext); err != nil {
		return function{}, errorf(http.StatusBadRequest, "InvalidRequestContentException",
			"Could not parse client context: %v", err)
	}
	if len(in.payload) == 0 {
		in.payload = []byte("{}")
	}
	if err := json.Unmarshal(in.payload, new(json.RawMessage)); err != nil {
		return function{}, errorf(http.StatusBadRequest, "InvalidRequestContentException",
			"Could not parse request body into json: %v", err)
	}
	return f, nil
}

// executeSync executes a function and makes the answer of what it returns.
func (s *Server) executeSync(f function, in *invocation) reply {
	result := s.execute(f, in)
	// What Close ended has no answer, however the function took it.
	if s.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}

	rep := newReply(http.StatusOK, result.payload)
	rep.header.Set("X-Amz-Executed-Version", in.version())
	if result.failed {
		rep.header.Set("X-Amz-Function-Error", "Unhandled")
	}
	if in.call.LogType == logTail {
		rep.header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(result.log))
	}
	return rep
}

// executeEvent executes a function in the background. Its result is dropped.
func (s *Server) executeEvent(f function, in *invocation) {
	in.clientContext = nil // AWS hands it over in synchronous invocations only
	s.setExecuted(in.call) // before the answer, so that no caller has to wait for it
	s.running.Go(func() { s.execute(f, in) })
}

// execute executes a function in a context that the server's own is the parent of,
// not the request's: Lambda goes on where the caller has gone.
func (s *Server) execute(f function, in *invocation) result {
	lc := &lambdacontext.LambdaContext{
		AwsRequestID:       in.call.RequestID,
		InvokedFunctionArn: in.arn,
	}
	log := startLog(in.call.RequestID, in.version())
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	ctx = context.WithValue(ctx, logKey{}, log)
	ctx = lambdacontext.NewContext(ctx, lc)
	//lint:ignore SA1029 the key is aws-lambda-go's
	ctx = context.WithValue(ctx, "x-amzn-trace-id", in.traceID)

	var payload []byte
	var failure *functionError
	if err := parseClientContext(in.clientContext, &lc.ClientContext); err != nil {
		failure = errorPayload(err)
	} else {
		s.setExecuted(in.call)
		payload, failure = f.call(ctx, in.payload)
	}
	if failure == nil && len(payload) > maxReply {
		failure = &functionError{
			Type:    "Function.ResponseSizeTooLarge",
			Message: fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", len(payload), maxReply),
		}
	}
	if failure != nil {
		payload, _ = json.Marshal(failure) // strings and numbers always encode
		log.endLine()
		fmt.Fprintf(log, "%s\n", payload)
	}
	return result{payload: payload, failed: failure != nil, log: log.end()}
}

// A result is what an execution came to.
type result struct {
	payload []byte
	failed  bool // payload is a function error
	log     []byte
}

// version returns the version that executes: the qualifier where that is a version,
// else the latest, which is also what every alias here stands for.
func (in *invocation) version() string {
	if q := in.call.Qualifier; q != "" && strings.Trim(q, "0123456789") == "" {
		return q
	}
	return latest
}
