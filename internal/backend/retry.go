package backend

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// retryer decides for one invocation which failures are tried again, and when.
// The delays are the SDK's. What differs from its own retryer: errors that will
// not heal are final, a retry that the deadline leaves no room for is not waited
// for, and expired credentials are refreshed once without that counting as a
// retry, since nothing has been executed.
//
// One retryer serves all requests of an invocation: there is another where what the SDK
// takes for a success is none.
type retryer struct {
	max       int // retries; config.SDKMaxRetries before the SDK has told its own number
	now       func() time.Time
	refuse    func() // the credentials, because they have expired; nil where the SDK has them
	sent      int    // attempts
	refreshed bool   // the credentials, after an attempt that is no execution
	extra     int    // retries of this request for that: 0 or 1
	spent     int    // executions that have failed in the requests before this one
	last      error  // of an attempt
	broke     error  // what the answer's body ended with before its end; nil for none
	exceeded  error  // the limit that the answer is beyond; nil for none
}

var _ request.Retryer = (*retryer)(nil)

// MaxRetries implements request.Retryer.
func (t *retryer) MaxRetries() int { return t.max - t.spent + t.extra }

// ShouldRetry implements request.Retryer. It leaves the delay in r.RetryDelay.
func (t *retryer) ShouldRetry(r *request.Request) bool {
	if r.Context().Err() != nil || t.exceeded != nil {
		return false
	}
	t.last = r.Error
	expired := r.IsErrorExpired() && !t.refreshed
	if !expired && !t.retryable(r) {
		return false
	}
	if expired {
		t.refreshed, t.extra = true, 1
		if t.refuse != nil {
			t.refuse()
		}
	}
	delay, ok := t.delay(r.Context(), r)
	if !ok {
		if expired && t.refuse == nil {
			// The SDK does it before a retry. Here the next request is to find new ones.
			r.Config.Credentials.Expire()
		}
		return false
	}
	r.RetryDelay = delay
	return true
}

// delay is how long to wait before r is tried again, by the SDK's rules. It is false where
// the deadline leaves no room for that.
func (t *retryer) delay(ctx context.Context, r *request.Request) (time.Duration, bool) {
	backoff := client.DefaultRetryer{NumMaxRetries: client.DefaultRetryerMaxNumRetries}
	delay := backoff.RetryRules(r)
	deadline, ok := ctx.Deadline()
	// The SDK's delay is below 0 after a Retry-After that is, or that overflows.
	if delay < 0 || ok && !t.now().Add(delay).Before(deadline) {
		return 0, false
	}
	return delay, true
}

// next is how long to wait before another request, after one that the SDK takes for a
// success. It is false where there is to be none.
func (t *retryer) next(ctx context.Context) (time.Duration, bool) {
	executions := t.sent
	if t.refreshed {
		executions--
	}
	// An Invoker that is none of the SDK's does not tell what it has sent.
	t.spent, t.extra = max(t.spent+1, executions), 0
	limit := t.max
	if limit == config.SDKMaxRetries {
		limit = client.DefaultRetryerMaxNumRetries
	}
	if t.spent > limit {
		return 0, false
	}
	return t.delay(ctx, &request.Request{RetryCount: t.spent - 1})
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

func (t *retryer) retryable(r *request.Request) bool {
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
	case t.broke != nil:
		return true
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return true
	case status >= http.StatusMultipleChoices:
		return request.IsErrorThrottle(r.Error)
	case status > 0: // an answer that is none
		return false
	default:
		return request.IsErrorRetryable(r.Error) || cutOff(causeOf(r.Error))
	}
}

// causeOf is what an error of the SDK came from.
func causeOf(err error) error {
	for {
		aerr, ok := err.(awserr.Error)
		if !ok || aerr.OrigErr() == nil {
			return err
		}
		err = aerr.OrigErr()
	}
}

// cutOff tells whether a connection has ended before its time. The SDK does not try again
// where it was reset.
func cutOff(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
