package invoke

import "net/http"

// retryableCodes has a row for each error code of the Invoke operation. The value is true if a
// call that failed with the code is retried, at any HTTP status. Source of the codes:
// testdata/invoke-errors.txt. internal/backend/codes.go has what a client gets for them.
var retryableCodes = map[string]bool{
	// These problems soon end by themselves.
	"CodeArtifactUserPendingException": true, // a 409
	"EC2ThrottledException":            true,
	"ENINotReadyException":             true,
	"ResourceNotReadyException":        true,
	"SnapStartNotReadyException":       true, // a 409
	"TooManyRequestsException":         true,

	// These are AWS's own failures. Another attempt may succeed.
	"EC2UnexpectedException": true,
	"ServiceException":       true,

	// These are caused by the request.
	"DurableExecutionAlreadyStartedException":  false,
	"InvalidRequestContentException":           false,
	"RequestTooLargeException":                 false,
	"SerializedRequestEntityTooLargeException": false,
	"UnsupportedMediaTypeException":            false,

	// These stay until an operator changes the function, its configuration or the account, although
	// AWS sends some of them with a 5xx.
	"CodeArtifactUserDeletedException":      false,
	"CodeArtifactUserFailedException":       false,
	"EC2AccessDeniedException":              false,
	"EFSIOException":                        false,
	"EFSMountConnectivityException":         false,
	"EFSMountFailureException":              false,
	"EFSMountTimeoutException":              false,
	"ENILimitReachedException":              false,
	"InvalidParameterValueException":        false,
	"InvalidRuntimeException":               false,
	"InvalidSecurityGroupIDException":       false,
	"InvalidSubnetIDException":              false,
	"InvalidZipFileException":               false,
	"KMSAccessDeniedException":              false,
	"KMSDisabledException":                  false,
	"KMSInvalidStateException":              false,
	"KMSNotFoundException":                  false,
	"ModeNotSupportedException":             false,
	"NoPublishedVersionException":           false,
	"RecursiveInvocationException":          false,
	"ResourceConflictException":             false,
	"ResourceNotFoundException":             false,
	"S3FilesMountConnectivityException":     false,
	"S3FilesMountFailureException":          false,
	"S3FilesMountTimeoutException":          false,
	"ServiceQuotaExceededException":         false,
	"SnapStartException":                    false,
	"SnapStartRegenerationFailureException": false,
	"SnapStartTimeoutException":             false,
	"SubnetIPAddressLimitReachedException":  false,
}

// throttleCodes are the codes with which AWS's services report too many requests. Source: the
// list in AWS's SDKs.
var throttleCodes = map[string]bool{
	"BandwidthLimitExceeded":                 true,
	"LimitExceededException":                 true,
	"PriorRequestNotComplete":                true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"RequestThrottled":                       true,
	"RequestThrottledException":              true,
	"SlowDown":                               true,
	"ThrottledException":                     true,
	"Throttling":                             true,
	"ThrottlingException":                    true,
	"TooManyRequestsException":               true,
	"TransactionInProgressException":         true,
}

// expiredCodes report that the credentials have expired.
var expiredCodes = map[string]bool{
	"ExpiredToken":          true,
	"ExpiredTokenException": true,
	"RequestExpired":        true,
}

// invalidCodes report that the key is not known, or has another secret.
var invalidCodes = map[string]bool{
	"InvalidClientTokenId":        true,
	"InvalidSignatureException":   true,
	"SignatureDoesNotMatch":       true,
	"UnrecognizedClientException": true,
}

// skewCodes are the codes with which AWS refuses a call whose time is too old or too new.
var skewCodes = map[string]bool{
	"AuthFailure":               true,
	"InvalidSignatureException": true,
	"RequestExpired":            true,
	"RequestInTheFuture":        true,
	"RequestTimeTooSkewed":      true,
	"SignatureDoesNotMatch":     true,
}

// IsExpired tells whether AWS refused the call because the credentials have expired.
func (e *Error) IsExpired() bool { return e.Kind == KindAPI && expiredCodes[e.Code] }

// IsThrottle tells whether the error reports too many requests.
func (e *Error) IsThrottle() bool {
	return e.Kind == KindAPI && (e.Status == http.StatusTooManyRequests || throttleCodes[e.Code])
}

// retryable tells whether another attempt may succeed. It does not cover expired credentials and
// a wrong clock: those attempts executed nothing, see recovered.
func (e *Error) retryable(p *Policy) bool {
	if e.ReplyUsed && !p.Decodes {
		return false // a client has received it
	}
	switch e.Kind {
	case KindFunction:
		return p.RetryFunctionErrors
	case KindConnection, KindTruncated:
		return !timedOut(e.Err)
	case KindAPI:
		if retry, known := retryableCodes[e.Code]; known {
			return retry
		}
		return e.Status >= http.StatusInternalServerError || e.IsThrottle()
	case KindLimit, KindMalformed, KindCredentials, KindEnded, KindInternal:
	}
	return false
}
