package invoke

import "net/http"

// retryableCodes has a row for each error code of the Invoke operation: true where a call that
// failed with it is tried again, whatever the HTTP status. Source of the codes:
// testdata/invoke-errors.txt. What a client gets for them is in internal/backend/codes.go.
var retryableCodes = map[string]bool{
	// These heal by themselves, and soon.
	"CodeArtifactUserPendingException": true, // a 409
	"EC2ThrottledException":            true,
	"ENINotReadyException":             true,
	"ResourceNotReadyException":        true,
	"SnapStartNotReadyException":       true, // a 409
	"TooManyRequestsException":         true,

	// These are faults of AWS's, which another attempt may not meet.
	"EC2UnexpectedException": true,
	"ServiceException":       true,

	// These are faults of the request.
	"DurableExecutionAlreadyStartedException":  false,
	"InvalidRequestContentException":           false,
	"RequestTooLargeException":                 false,
	"SerializedRequestEntityTooLargeException": false,
	"UnsupportedMediaTypeException":            false,

	// These stay until somebody changes the function, its configuration or the account. Some
	// come with a 5xx all the same.
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

// throttleCodes are the codes with which AWS's services say: too many requests. Source: the list
// that AWS's SDKs have.
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

// expiredCodes say that the credentials have expired.
var expiredCodes = map[string]bool{
	"ExpiredToken":          true,
	"ExpiredTokenException": true,
	"RequestExpired":        true,
}

// invalidCodes say that the key is not known, or has another secret.
var invalidCodes = map[string]bool{
	"InvalidClientTokenId":        true,
	"InvalidSignatureException":   true,
	"SignatureDoesNotMatch":       true,
	"UnrecognizedClientException": true,
}

// skewCodes are the codes with which AWS refuses a call that it takes for too old or too new.
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

// IsThrottle tells whether the error says that there are too many requests.
func (e *Error) IsThrottle() bool {
	return e.Kind == KindAPI && (e.Status == http.StatusTooManyRequests || throttleCodes[e.Code])
}

// retryable tells whether the error may be gone with another attempt. Expired credentials and
// a clock that is off are not for it to say: those attempts were no executions.
func (e *Error) retryable(p *Policy) bool {
	if e.ReplyUsed && !p.Decodes {
		return false // a client has it
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
