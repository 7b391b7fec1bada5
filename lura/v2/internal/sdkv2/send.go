package sdkv2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

const (
	// requestTimeout bounds a request of a lookup, to leave time for the SDK's other attempts.
	requestTimeout = 7 * time.Second
	// metadataTimeout is requestTimeout for the metadata service of an instance, which is either near
	// or absent. In containers its first answer may get lost, and the SDK continues without it.
	metadataTimeout = time.Second
	// maxAnswer bounds the answers to lookups, in bytes.
	maxAnswer = 64 << 10
)

// sender sends the requests of the SDK's credential providers. It replaces their HTTP
// clients: for AWS_CA_BUNDLE the SDK insists on its BuildableClient, which follows redirects, and a
// config cannot replace the client for container credentials.
type sender struct {
	// ctx is the lookup's. A sender must not outlive it. The SDK's cache hides the end of
	// contexts from providers.
	ctx       context.Context
	transport http.RoundTripper

	mu   sync.Mutex
	sent []sent
}

// sent holds the parts of a request that may be secret.
type sent struct {
	header http.Header
	body   []byte
}

// keep stores the secrets of a request until the lookup has ended.
func (s *sender) keep(r *http.Request) error {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, sent{r.Header, body})
	return nil
}

// hasSecrets reports whether a text repeats a secret of a request of the lookup.
func (s *sender) hasSecrets(message string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.sent, func(r sent) bool { return text.RepeatsRequest(message, r.header, r.body) })
}

// addTo adds a middleware of the SDK, for each call of a provider's client.
func (s *sender) addTo(stack *middleware.Stack) error {
	limit := requestTimeout
	switch stack.ID() {
	case "GetMetadata", "GetRegion", "getToken": // of feature/ec2/imds
		limit = metadataTimeout
	}
	client := smithyhttp.NewClientHandlerWithOptions(smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
		return s.send(r, limit)
	}))
	return errors.Join(
		stack.Initialize.Add(middleware.InitializeMiddlewareFunc("krakend-lambda/check", checkAnswer), middleware.Before),
		// The last one before the client.
		stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("krakend-lambda/send",
			func(ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
				out.RawResponse, metadata, err = client.Handle(ctx, in.Request)
				return out, metadata, err
			}), middleware.After),
	)
}

// send sends a request and reads the answer. It does not follow redirects: they would send a web
// identity, or the token of an SSO session, to any address in the answer.
func (s *sender) send(r *http.Request, limit time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if err := s.keep(r); err != nil {
		return nil, err
	}

	resp, err := s.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, s.failure(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols { // its body has no end
		return nil, badAnswer("the answer switches protocols")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, s.failure(err)
	case len(body) > maxAnswer:
		return nil, badAnswer("the answer is larger than 64 KB")
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// failure returns the error of a request: the lookup's end if that is the cause.
func (s *sender) failure(err error) error {
	if s.ctx.Err() != nil {
		return badAnswer("the lookup has ended: " + s.ctx.Err().Error())
	}
	return err
}

// badAnswer is an error after which the SDK does not try again.
type badAnswer string

// Error implements error.
func (e badAnswer) Error() string { return string(e) }

// RetryableError tells the SDK's retryer not to retry.
func (badAnswer) RetryableError() bool { return false }

// checkAnswer rejects answers that the SDK's providers would panic on, in a goroutine of the SDK
// that cannot recover. The clients themselves may panic, too.
func checkAnswer(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %s", text.Quote(fmt.Sprint(v)))
		}
	}()
	out, metadata, err = next.HandleInitialize(ctx, in)
	if err == nil && !isComplete(out.Result) {
		err = badAnswer("the answer has no credentials")
	}
	return out, metadata, err
}

func isComplete(answer any) bool {
	switch answer := answer.(type) {
	case *sts.AssumeRoleOutput:
		return hasAll(answer.Credentials)
	case *sts.AssumeRoleWithWebIdentityOutput:
		return hasAll(answer.Credentials)
	case *sso.GetRoleCredentialsOutput:
		return answer.RoleCredentials != nil
	case *signin.CreateOAuth2TokenOutput:
		token := answer.TokenOutput
		return token != nil && token.AccessToken != nil && token.ExpiresIn != nil && token.RefreshToken != nil &&
			token.AccessToken.AccessKeyId != nil && token.AccessToken.SecretAccessKey != nil && token.AccessToken.SessionToken != nil
	}
	v := reflect.ValueOf(answer)
	return v.IsValid() && !(v.Kind() == reflect.Pointer && v.IsNil())
}

func hasAll(c *ststypes.Credentials) bool {
	return c != nil && c.AccessKeyId != nil && c.SecretAccessKey != nil && c.SessionToken != nil && c.Expiration != nil
}
