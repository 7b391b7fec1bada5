package backend

import (
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// clientError is what a client gets for an error of AWS.
type clientError struct {
	status  int
	message string
}

var (
	failed      = clientError{http.StatusBadGateway, "invocation failed"}
	unavailable = clientError{http.StatusServiceUnavailable, "the function is not available"}
	throttled   = clientError{http.StatusTooManyRequests, "too many requests"}
	tooLong     = clientError{http.StatusRequestEntityTooLarge, "payload too large"}
	noSuch      = clientError{http.StatusNotFound, "no such function"}
	noJSON      = clientError{http.StatusBadRequest, "the payload is not JSON"}
	unsupported = clientError{http.StatusUnsupportedMediaType, "unsupported media type"}
	started     = clientError{http.StatusConflict, "the execution has started already"}
)

// clientErrors has a row for each error code of the Invoke operation. Source of the codes:
// ../invoke/testdata/invoke-errors.txt. internal/invoke/codes.go tells which of them are
// retried, and docs/errors.md explains them to users.
var clientErrors = map[string]clientError{
	// AWS cannot execute the function now, but may be able to later.
	"CodeArtifactUserPendingException":      unavailable,
	"EC2ThrottledException":                 unavailable,
	"EFSIOException":                        unavailable,
	"EFSMountConnectivityException":         unavailable,
	"EFSMountFailureException":              unavailable,
	"EFSMountTimeoutException":              unavailable,
	"ENILimitReachedException":              unavailable,
	"ENINotReadyException":                  unavailable,
	"ResourceConflictException":             unavailable,
	"ResourceNotReadyException":             unavailable,
	"S3FilesMountConnectivityException":     unavailable,
	"S3FilesMountFailureException":          unavailable,
	"S3FilesMountTimeoutException":          unavailable,
	"SnapStartNotReadyException":            unavailable,
	"SnapStartRegenerationFailureException": unavailable,
	"SnapStartTimeoutException":             unavailable,
	"SubnetIPAddressLimitReachedException":  unavailable,

	// Clients can fix these.
	alreadyStarted:        started,
	invalidRequestContent: noJSON,
	requestTooLarge:       tooLong,
	serializedTooLarge:    tooLong,
	tooManyRequests:       throttled,
	unsupportedMediaType:  unsupported,

	// Operators must fix these.
	"CodeArtifactUserDeletedException": failed,
	"CodeArtifactUserFailedException":  failed,
	"EC2AccessDeniedException":         failed,
	"EC2UnexpectedException":           failed,
	"InvalidParameterValueException":   failed,
	"InvalidRuntimeException":          failed,
	"InvalidSecurityGroupIDException":  failed,
	"InvalidSubnetIDException":         failed,
	"InvalidZipFileException":          failed,
	"KMSAccessDeniedException":         failed,
	"KMSDisabledException":             failed,
	"KMSInvalidStateException":         failed,
	"KMSNotFoundException":             failed,
	"ModeNotSupportedException":        failed,
	"NoPublishedVersionException":      failed,
	"RecursiveInvocationException":     failed,
	resourceNotFound:                   failed, // of a name that no client has chosen
	"ServiceException":                 failed,
	"ServiceQuotaExceededException":    failed,
	"SnapStartException":               failed,
}

// The codes that other files of the package use.
const (
	accessDenied          = "AccessDeniedException" // of every AWS service, so it has no row
	alreadyStarted        = "DurableExecutionAlreadyStartedException"
	resourceNotFound      = "ResourceNotFoundException"
	requestTooLarge       = "RequestTooLargeException"
	serializedTooLarge    = "SerializedRequestEntityTooLargeException"
	invalidRequestContent = "InvalidRequestContentException"
	tooManyRequests       = "TooManyRequestsException"
	unsupportedMediaType  = "UnsupportedMediaTypeException"
)

// clientErrorOf returns what a client gets for an error of KindAPI. chosen tells that the client
// named the function: then a function that does not exist is the client's mistake, otherwise the
// operator's. For a code without a row, the status decides.
func clientErrorOf(err *invoke.Error, chosen bool) clientError {
	if err.Code == resourceNotFound && chosen {
		return noSuch
	}
	if row, ok := clientErrors[err.Code]; ok {
		return row
	}
	switch {
	case err.Status == http.StatusRequestEntityTooLarge:
		return tooLong
	case err.IsThrottle():
		return throttled
	}
	return failed
}
