package backend

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
)

// Invoker is the part of the SDK's Lambda client that a backend calls.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

// clients makes the SDK's clients. Backends with the same region and endpoint
// share one; the number of retries goes with each call.
type clients struct {
	given *session.Session // nil for one of our own

	mu      sync.Mutex
	session *session.Session
	err     error // of making session
	made    map[clientKey]*lambda.Lambda
}

type clientKey struct{ region, endpoint string }

// client returns the client for cfg, and warnings for the operator to read.
func (c *clients) client(cfg Config) (_ *lambda.Lambda, warnings []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.session == nil && c.err == nil {
		c.session, c.err = newSession(c.given)
	}
	if c.err != nil {
		return nil, nil, c.err
	}

	override := aws.NewConfig()
	if cfg.Region != "" {
		override.WithRegion(cfg.Region)
	}
	if cfg.Endpoint != "" {
		override.WithEndpoint(cfg.Endpoint)
	}
	merged := c.session.Config.Copy(override)
	key := clientKey{aws.StringValue(merged.Region), aws.StringValue(merged.Endpoint)}
	if key.region == "" {
		return nil, nil, errors.New("region: none is configured, and none is in AWS_REGION, AWS_DEFAULT_REGION or the shared config")
	}
	if !knownRegion(key.region) {
		warnings = append(warnings, fmt.Sprintf("region: the AWS SDK knows no region %s", quote(key.region)))
	}

	if made, ok := c.made[key]; ok {
		return made, warnings, nil
	}
	made := lambda.New(c.session, override)
	if made.Endpoint == "" {
		return nil, nil, fmt.Errorf("region: the AWS SDK finds no endpoint for %s", quote(key.region))
	}
	if c.made == nil {
		c.made = make(map[clientKey]*lambda.Lambda)
	}
	c.made[key] = made
	return made, warnings, nil
}

// newSession makes the session that all clients share, from the environment and
// the shared AWS files or from the one that the build has given.
//
// Its HTTP client has no transport of its own, so calls go through
// http.DefaultTransport as it is at their time: KrakenD replaces it when its router
// starts. It is never http.DefaultClient, which the SDK would change
// where AWS_CA_BUNDLE is set, and it follows no redirects, which would carry
// payloads to wherever the answer says.
func newSession(given *session.Session) (*session.Session, error) {
	s := given
	if s == nil {
		var err error
		s, err = session.NewSessionWithOptions(session.Options{
			Config: aws.Config{
				HTTPClient:                    &http.Client{},
				CredentialsChainVerboseErrors: aws.Bool(true),
			},
			SharedConfigState: session.SharedConfigEnable,
		})
		if err != nil {
			return nil, fmt.Errorf("the AWS SDK makes no session: %w", err)
		}
	}
	httpClient := http.Client{}
	if s.Config.HTTPClient != nil {
		httpClient = *s.Config.HTTPClient
	}
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s.Copy(&aws.Config{HTTPClient: &httpClient}), nil
}

func knownRegion(region string) bool {
	for _, partition := range endpoints.DefaultPartitions() {
		if _, ok := partition.Regions()[region]; ok {
			return true
		}
	}
	return false
}
