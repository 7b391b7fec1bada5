package sdkv1

import (
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sso"
	"github.com/aws/aws-sdk-go/service/sts"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

const (
	// lookupTimeout is the time that the cache allows a lookup.
	lookupTimeout = 30 * time.Second
	// lookupRequest bounds a request of a lookup, which leaves time for the SDK's further
	// attempts.
	lookupRequest = lookupTimeout / (1 + client.DefaultRetryerMaxNumRetries)
	// maxLookup bounds the answers to lookups, in bytes.
	maxLookup = 64 << 10
)

// lookupClient makes the HTTP client of lookups, with a timeout for each request. It follows no
// redirects: they would send a web identity or the token of an SSO session to any address in the
// answer.
func lookupClient(s *session.Session, timeout time.Duration) *http.Client {
	c := withoutRedirects(s)
	c.Timeout = timeout
	return c
}

// prepareLookup is registered as an SDK handler. It keeps an answer to a lookup from ending the
// process.
func prepareLookup(r *request.Request) {
	r.Handlers.Send.PushBack(boundLookup)
	r.Handlers.Unmarshal.PushBack(checkLookup)
	r.Handlers.UnmarshalError.PushBack(addSkew)
	var sent *sentBody
	r.Handlers.Send.PushFront(func(r *request.Request) {
		if sent == nil { // later attempts send the same body, and an earlier one may still read it
			sent = readBody(r)
		}
	})
	// The last handlers that may change the error.
	r.Handlers.AfterRetry.PushBack(func(r *request.Request) { hideSecrets(r, sent) })
	if r.ClientInfo.ServiceName == ec2metadata.ServiceName {
		// The SDK does the same without an HTTP client: the service is near, or absent.
		r.Config.HTTPClient = lookupClient(nil, time.Second)
		r.Retryer = client.DefaultRetryer{NumMaxRetries: 2}
	}
}

// checkLookup is registered as an SDK handler: it rejects answers on which the SDK's providers
// would panic, in a goroutine where this module cannot recover.
func checkLookup(r *request.Request) {
	complete := true
	switch answer := r.Data.(type) {
	case *sts.AssumeRoleOutput:
		complete = hasAll(answer.Credentials)
	case *sts.AssumeRoleWithWebIdentityOutput:
		complete = hasAll(answer.Credentials)
	case *sso.GetRoleCredentialsOutput:
		complete = answer.RoleCredentials != nil
	}
	if r.Error == nil && !complete {
		r.Error = awserr.New(request.ErrCodeSerialization, "the answer has no credentials", nil)
	}
}

// addSkew is registered as an SDK handler: it adds to an error how far the clock is off, if AWS
// may have refused the request for its time.
func addSkew(r *request.Request) {
	failure, ok := r.Error.(awserr.RequestFailure)
	if !ok || r.HTTPResponse == nil {
		return
	}
	if skew := invoke.DescribeSkew(failure.Code(), r.HTTPResponse.Header, time.Now()); skew != "" {
		r.Error = &skewError{failure, skew}
	}
}

const secretMessage = "message left out, because it repeats a secret"

// sentBody is the body of a request.
type sentBody struct{ content []byte }

func readBody(r *request.Request) *sentBody {
	var body sentBody
	if r.Body != nil {
		if _, err := r.Body.Seek(0, io.SeekStart); err == nil {
			body.content, _ = io.ReadAll(r.Body)
			_, _ = r.Body.Seek(0, io.SeekStart)
		}
	}
	return &body
}

// hideSecrets removes the message of an error that repeats a secret of the request, such as its
// session token. sent is nil for a request that was not sent.
func hideSecrets(r *request.Request, sent *sentBody) {
	if r.Error == nil || sent == nil || !text.RepeatsRequest(r.Error.Error(), r.HTTPRequest.Header, sent.content) {
		return
	}
	code := request.ErrCodeRequestError
	if err, ok := r.Error.(awserr.Error); ok && !text.RepeatsRequest(err.Code(), r.HTTPRequest.Header, sent.content) {
		code = err.Code()
	}
	hidden := awserr.New(code, secretMessage, nil)
	switch err := r.Error.(type) {
	case *skewError:
		r.Error = &skewError{awserr.NewRequestFailure(hidden, err.StatusCode(), err.RequestID()), err.skew}
	case awserr.RequestFailure:
		r.Error = awserr.NewRequestFailure(hidden, err.StatusCode(), err.RequestID())
	default:
		r.Error = hidden
	}
}

func hasAll(c *sts.Credentials) bool {
	return c != nil && c.AccessKeyId != nil && c.SecretAccessKey != nil && c.SessionToken != nil && c.Expiration != nil
}

// boundLookup is registered as an SDK handler: it limits the answer to a lookup.
func boundLookup(r *request.Request) {
	if r.Error != nil || r.HTTPResponse == nil || r.HTTPResponse.Body == nil {
		return
	}
	body, err := invoke.Limit(r.HTTPResponse, maxLookup)
	if err != nil {
		r.Error = err
		return
	}
	r.HTTPResponse.Body = body
}
