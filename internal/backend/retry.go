package backend

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// retryer decides for one invocation which failures are tried again, and when.
// The delays are the SDK's. What differs from its own retryer: errors that will
// not heal are final, a retry that the deadline leaves no room for is not waited
// for, and expired credentials are refreshed once without that counting as a
// retry, since nothing has been executed.
type retryer struct {
	max       int // retries
	now       func() time.Time
	refreshed bool  // the credentials, because they had expired
	last      error // of an attempt
}

var _ request.Retryer = (*retryer)(nil)

// MaxRetries implements request.Retryer.
func (t *retryer) MaxRetries() int {
	if t.refreshed {
		return t.max + 1
	}
	return t.max
}

// ShouldRetry implements request.Retryer. It leaves the delay in r.RetryDelay.
func (t *retryer) ShouldRetry(r *request.Request) bool {
	if r.Context().Err() != nil {
		return false
	}
	t.last = r.Error
	expired := r.IsErrorExpired() && !t.refreshed
	if !expired && !retryable(r) {
		return false
	}
	t.refreshed = t.refreshed || expired

	backoff := client.DefaultRetryer{NumMaxRetries: client.DefaultRetryerMaxNumRetries}
	delay := backoff.RetryRules(r)
	deadline, ok := r.Context().Deadline()
	// The SDK's delay is below 0 after a Retry-After that is, or that overflows.
	if delay < 0 || ok && !t.now().Add(delay).Before(deadline) {
		if expired {
			// The SDK does it before a retry. Here the next request is to find new ones.
			r.Config.Credentials.Expire()
		}
		return false
	}
	r.RetryDelay = delay
	return true
}

// RetryRules implements request.Retryer with the delay that ShouldRetry has held
// against the deadline.
func (t *retryer) RetryRules(r *request.Request) time.Duration { return r.RetryDelay }

// verdicts are the errors of the Invoke API that are tried again, or not,
// whatever their HTTP status says.
var verdicts = map[string]bool{
	lambda.ErrCodeTooManyRequestsException:   true,
	lambda.ErrCodeEC2ThrottledException:      true,
	lambda.ErrCodeResourceNotReadyException:  true,
	lambda.ErrCodeSnapStartNotReadyException: true, // a 409, although it heals by itself

	// These come with 5xx and do not heal.
	lambda.ErrCodeEC2AccessDeniedException:             false,
	lambda.ErrCodeENILimitReachedException:             false,
	lambda.ErrCodeInvalidRuntimeException:              false,
	lambda.ErrCodeInvalidSecurityGroupIDException:      false,
	lambda.ErrCodeInvalidSubnetIDException:             false,
	lambda.ErrCodeInvalidZipFileException:              false,
	lambda.ErrCodeKMSAccessDeniedException:             false,
	lambda.ErrCodeKMSDisabledException:                 false,
	lambda.ErrCodeKMSInvalidStateException:             false,
	lambda.ErrCodeKMSNotFoundException:                 false,
	lambda.ErrCodeSubnetIPAddressLimitReachedException: false,
}

func retryable(r *request.Request) bool {
	if aerr, ok := r.Error.(awserr.Error); ok {
		if verdict, ok := verdicts[aerr.Code()]; ok {
			return verdict
		}
	}
	status := 0
	if r.HTTPResponse != nil {
		status = r.HTTPResponse.StatusCode
	}
	switch {
	case r.IsErrorExpired(): // again, after a refresh
		return false
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return true
	case status >= http.StatusMultipleChoices:
		return request.IsErrorThrottle(r.Error)
	default: // no answer, or one that broke off
		return request.IsErrorRetryable(r.Error)
	}
}
