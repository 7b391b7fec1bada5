package sdkv1

import (
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
)

const (
	// lookupTimeout is what the cache gives a lookup.
	lookupTimeout = 30 * time.Second
	// lookupRequest bounds a request of a lookup, so that the SDK's other attempts find time.
	lookupRequest = lookupTimeout / (1 + client.DefaultRetryerMaxNumRetries)
	// maxLookup bounds the answers to lookups, in bytes.
	maxLookup = 64 << 10
)

// lookupClient makes the HTTP client of lookups, of which each request has a limit.
// Redirects are not followed: they would carry a web identity, or the token of a session of
// SSO, to wherever the answer says.
func lookupClient(s *session.Session, timeout time.Duration) *http.Client {
	c := withoutRedirects(s)
	c.Timeout = timeout
	return c
}

// prepareLookup is a handler of the SDK's. It keeps what answers to a lookup from ending
// the process.
func prepareLookup(r *request.Request) {
	r.Handlers.Send.PushBack(boundLookup)
	r.Handlers.Unmarshal.PushBack(checkLookup)
	if r.ClientInfo.ServiceName == ec2metadata.ServiceName {
		// What the SDK does where no HTTP client is set: it is near, or not there.
		r.Config.HTTPClient = lookupClient(nil, time.Second)
		r.Retryer = client.DefaultRetryer{NumMaxRetries: 2}
	}
}

// checkLookup lets no answer through that the SDK's providers would panic on, in a goroutine
// where nobody can recover it.
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

func hasAll(c *sts.Credentials) bool {
	return c != nil && c.AccessKeyId != nil && c.SecretAccessKey != nil && c.SessionToken != nil && c.Expiration != nil
}

// boundLookup is a handler of the SDK's: it holds what answers to a lookup to its limits.
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
