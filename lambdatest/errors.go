package lambdatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// ErrorCodes returns the errors of the operation Invoke and the HTTP status of each, 43
// in all, as the service model of AWS has them in November 2026. A test can go through
// all of them with [APIError]. The operation InvokeWithResponseStream does not declare
// DurableExecutionAlreadyStartedException, ENINotReadyException, ModeNotSupportedException
// and the three of CodeArtifact.
//
// Errors of credentials and permissions, such as AccessDeniedException (403), are not
// among them: they are the same for every service. The caller may change the map.
func ErrorCodes() map[string]int {
	codes := make(map[string]int)
	for status, names := range map[int][]string{
		http.StatusBadRequest: {
			"InvalidParameterValueException", "InvalidRequestContentException", "ModeNotSupportedException",
			"NoPublishedVersionException", "RecursiveInvocationException", "SnapStartException",
		},
		http.StatusPaymentRequired: {"ServiceQuotaExceededException"},
		http.StatusForbidden:       {"EFSMountFailureException", "S3FilesMountFailureException"},
		http.StatusNotFound:        {"ResourceNotFoundException"},
		http.StatusRequestTimeout: {
			"EFSMountConnectivityException", "EFSMountTimeoutException", "S3FilesMountConnectivityException",
			"S3FilesMountTimeoutException", "SnapStartTimeoutException",
		},
		http.StatusConflict: {
			"CodeArtifactUserDeletedException", "CodeArtifactUserFailedException", "CodeArtifactUserPendingException",
			"DurableExecutionAlreadyStartedException", "ResourceConflictException", "SnapStartNotReadyException",
			"SnapStartRegenerationFailureException",
		},
		http.StatusGone:                  {"EFSIOException"},
		http.StatusRequestEntityTooLarge: {"RequestTooLargeException", "SerializedRequestEntityTooLargeException"},
		http.StatusUnsupportedMediaType:  {"UnsupportedMediaTypeException"},
		http.StatusTooManyRequests:       {"TooManyRequestsException"},
		http.StatusInternalServerError:   {"ServiceException"},
		http.StatusBadGateway: {
			"EC2AccessDeniedException", "EC2ThrottledException", "EC2UnexpectedException", "ENILimitReachedException",
			"ENINotReadyException", "InvalidRuntimeException", "InvalidSecurityGroupIDException", "InvalidSubnetIDException",
			"InvalidZipFileException", "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException",
			"KMSNotFoundException", "ResourceNotReadyException", "SubnetIPAddressLimitReachedException",
		},
	} {
		for _, name := range names {
			codes[name] = status
		}
	}
	return codes
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

// messageKey returns the member with an error's message. The API's model spells it Message or
// message. Errors of the signature, which AWS sends before Lambda gets the call, have message.
func messageKey(errorType string) string {
	switch errorType {
	case "CodeArtifactUserDeletedException",
		"CodeArtifactUserFailedException",
		"CodeArtifactUserPendingException",
		"InvalidParameterValueException",
		"InvalidRequestContentException",
		"ModeNotSupportedException",
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
