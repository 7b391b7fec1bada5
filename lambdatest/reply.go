package lambdatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// A reply is an answer, not yet on its way. It is complete, or has a function that
// sends it and comes to its body on the way.
type reply struct {
	status int
	header http.Header
	body   []byte
	stream func(w http.ResponseWriter, r *http.Request, rep reply, cut CutPoint) // nil for none
}

func newReply(status int, body []byte) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

// send writes rep. A caller that has gone is none of its concern.
func (rep reply) send(w http.ResponseWriter) {
	if len(rep.body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	rep.sendHeader(w)
	w.Write(rep.body)
}

func (rep reply) sendHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), rep.header)
	w.WriteHeader(rep.status)
}

// An apiError is an error of the Invoke API, not of a function.
type apiError struct {
	status     int
	errorType  string
	message    string
	reason     string // what throttled the call; empty for other errors
	retryAfter int    // in seconds; zero for none
}

func errorf(status int, errorType, format string, args ...any) *apiError {
	return &apiError{status: status, errorType: errorType, message: fmt.Sprintf(format, args...)}
}

func (e *apiError) reply() reply {
	fault := "User"
	if e.status >= http.StatusInternalServerError {
		fault = "Service"
	}
	members := map[string]string{"Type": fault, messageKey(e.errorType): e.message}
	if e.reason != "" {
		members["Reason"] = e.reason
	}
	body, _ := json.Marshal(members) // strings always encode

	rep := newReply(e.status, body)
	rep.header.Set("X-Amzn-ErrorType", e.errorType)
	if e.retryAfter > 0 {
		rep.header.Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	return rep
}

// messageKey returns the name of an error's message. The API's model spells it in
// two ways, and the errors that come before Lambda, of the signature, in the lower
// one.
func messageKey(errorType string) string {
	switch errorType {
	case "InvalidParameterValueException",
		"InvalidRequestContentException",
		"RequestTooLargeException",
		"ResourceConflictException",
		"ResourceNotReadyException",
		"TooManyRequestsException",
		"UnsupportedMediaTypeException",
		"AccessDeniedException",
		"IncompleteSignatureException",
		"InvalidSignatureException",
		"MissingAuthenticationTokenException",
		"UnknownOperationException",
		"UnrecognizedClientException",
		"ValidationException":
		return "message"
	}
	return "Message"
}
