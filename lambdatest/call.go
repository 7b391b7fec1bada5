package lambdatest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Invocation types and log types of the API.
const (
	requestResponse = "RequestResponse"
	event           = "Event"
	dryRun          = "DryRun"

	logNone = "None"
	logTail = "Tail"
)

// Limits of the API, in bytes.
const (
	maxPayload       = 6 << 20
	maxEventPayload  = 1 << 20
	maxClientContext = 3583 // of base64
)

// A Call records one invocation that reached the server, even if the server refused it.
type Call struct {
	// Function is the function's bare name, even if the call had an ARN. If AWS's grammar does
	// not allow the name, Function is the name as the call had it.
	Function string

	// Qualifier is the version or alias, from the query string or from the
	// function's name. It is empty if the call had no qualifier.
	Qualifier string

	// Streaming is set for the operation InvokeWithResponseStream. It is false for
	// Invoke.
	Streaming bool

	// InvocationType is the X-Amz-Invocation-Type header: RequestResponse if the
	// call does not have it.
	InvocationType string

	// TenantID is the X-Amz-Tenant-Id header. It is empty if the call does not have it.
	TenantID string

	// DurableExecutionName is the X-Amz-Durable-Execution-Name header. It is empty
	// if the call does not have it.
	DurableExecutionName string

	// LogType is the X-Amz-Log-Type header: None if the call does not have it.
	LogType string

	// ClientContext is the decoded client context. It is JSON unless the server
	// refused the call for it. It is nil if the call has none or if it is not base64.
	ClientContext []byte

	// Payload is the request's body, empty if the call has no body. It is nil
	// if the body was too large or ended early.
	Payload []byte

	// Region and AccessKeyID are those of the signature. They are
	// empty if the signature is missing or does not parse.
	Region      string
	AccessKeyID string

	// RequestID is the x-amzn-RequestId of the answer and the AwsRequestID of the
	// handler's lambdacontext.
	RequestID string

	// Header is the request's header.
	Header http.Header

	// Executed is set when the server calls the handler. In an asynchronous
	// invocation that is before the answer, so no test has to wait for it. It stays
	// false for a DryRun, for a call that the API's rules or a fault refused, and for
	// a call that got the result of an earlier durable execution.
	Executed bool
}

// An invocation is a call on its way to its function.
type invocation struct {
	call          *Call
	name          functionName
	arn           string
	payload       []byte
	clientContext []byte
	traceID       string
}

// receive reads a call, records it, and refuses it if it is not signed or too large.
// Afterwards, only Executed may change: other code may read all other fields.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, rawName string, streaming bool, requestID string) (*invocation, *apiError) {
	call := &Call{
		Function:             rawName,
		Qualifier:            r.URL.Query().Get("Qualifier"),
		Streaming:            streaming,
		InvocationType:       cmp.Or(r.Header.Get("X-Amz-Invocation-Type"), requestResponse),
		TenantID:             r.Header.Get("X-Amz-Tenant-Id"),
		DurableExecutionName: r.Header.Get("X-Amz-Durable-Execution-Name"),
		LogType:              cmp.Or(r.Header.Get("X-Amz-Log-Type"), logNone),
		RequestID:            requestID,
		Header:               r.Header.Clone(),
	}
	in := &invocation{call: call, traceID: r.Header.Get("X-Amzn-Trace-Id")}
	in.name = parseFunctionName(rawName)
	if in.name.bare != "" {
		call.Function = in.name.bare
	}
	if call.Qualifier == "" {
		call.Qualifier = in.name.qualifier
	}
	if decoded, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-Client-Context")); err == nil && len(decoded) > 0 {
		call.ClientContext, in.clientContext = decoded, decoded
	}

	sig, refusal := parseSignature(r.Header)
	call.Region, call.AccessKeyID = sig.region, sig.accessKeyID
	payload, unread := readPayload(w, r, call.InvocationType)
	call.Payload = payload
	in.payload = bytes.Clone(payload) // a handler may change it
	s.record(call)

	if refusal == nil {
		refusal = unread
	}
	if refusal == nil {
		refusal = sig.verify(r, payload, s.requiredKey())
	}
	in.arn = in.name.arn(call.Region, call.Qualifier)
	return in, refusal
}

// readPayload reads the body, up to what the invocation type allows.
func readPayload(w http.ResponseWriter, r *http.Request, invocationType string) ([]byte, *apiError) {
	limit := int64(maxPayload)
	if invocationType == event {
		limit = maxEventPayload
	}
	tooLarge := errorf(http.StatusRequestEntityTooLarge, "RequestTooLargeException",
		"Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, tooLarge
	}
	if err != nil {
		return nil, errorf(http.StatusBadRequest, "InvalidRequestContentException", "Could not read the request body: %v", err)
	}
	return payload, nil
}

// checkClientContext checks a client context, encoded as it came and decoded.
func checkClientContext(encoded string, decoded []byte) error {
	switch {
	case encoded == "":
		return nil
	case len(encoded) > maxClientContext:
		return fmt.Errorf("%d bytes of base64 are more than %d", len(encoded), maxClientContext)
	case decoded == nil:
		return errors.New("not base64")
	}
	return json.Unmarshal(decoded, new(map[string]json.RawMessage))
}

// parseClientContext decodes a client context for a handler. The API does not check its
// members: for those of the wrong type, the runtime reports an error.
func parseClientContext(data []byte, out *lambdacontext.ClientContext) error {
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("failed to unmarshal client context json: %v", err)
	}
	return nil
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
