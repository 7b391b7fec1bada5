package sdkv1

import (
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"

	"github.com/devopsfaith/krakend-lambda/internal/transport"
)

// session returns the session that the clients of a profile share. s.mu is held.
func (s *SDK) session(profile string) (*session.Session, error) {
	made, ok := s.sessions[profile]
	if !ok {
		made.session, made.err = newSession(s.custom, profile)
		s.sessions[profile] = made
	}
	return made.session, made.err
}

// newSession makes the session of a profile from the environment and the shared AWS files. An
// empty profile stands for that of the environment, or the default one. custom is the session that
// the build has set, nil for none; without a profile newSession returns a copy of it.
//
// The HTTP client of a new session has no transport, so calls go through http.DefaultTransport as
// it is at that time: KrakenD replaces it when its router starts. It is never http.DefaultClient,
// which the SDK would change where AWS_CA_BUNDLE is set. It follows no redirects: they would carry
// payloads to wherever the answer says.
func newSession(custom *session.Session, profile string) (*session.Session, error) {
	if custom != nil && profile == "" {
		cfg := &aws.Config{HTTPClient: withoutRedirects(custom), EndpointResolver: endpoints.ResolverFunc(resolve)}
		if build := custom.Config.EndpointResolver; build != nil {
			cfg.EndpointResolver = resolverOf(build)
		}
		return custom.Copy(cfg), nil
	}
	client := httpClient(custom)
	hasTransport := client.Transport != nil
	s, err := load(profile, &aws.Config{HTTPClient: client, EndpointResolver: endpoints.ResolverFunc(resolve)}, request.Handlers{})
	if err != nil {
		return nil, err
	}
	client = withoutRedirects(s)
	if t, ok := client.Transport.(*http.Transport); ok && !hasTransport && t.TLSClientConfig != nil {
		client.Transport = transport.WithCertificates(t)
	}
	return s.Copy(&aws.Config{HTTPClient: client}), nil
}

// httpClient returns a copy of a session's HTTP client. The session may be nil.
func httpClient(s *session.Session) *http.Client {
	c := new(http.Client)
	if s != nil && s.Config.HTTPClient != nil {
		*c = *s.Config.HTTPClient
	}
	return c
}

// withoutRedirects returns what httpClient does, as a client that follows no redirects.
func withoutRedirects(s *session.Session) *http.Client {
	c := httpClient(s)
	c.CheckRedirect = useLastResponse
	return c
}

// useLastResponse is the CheckRedirect of a client that follows no redirects.
func useLastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// load reads the environment and the shared AWS files.
func load(profile string, cfg *aws.Config, handlers request.Handlers) (*session.Session, error) {
	if err := checkProfile(profile); err != nil {
		return nil, err
	}
	// The SDK's own would write URLs to standard output, user and password included.
	cfg.Logger = aws.LoggerFunc(func(...any) {})
	s, err := session.NewSessionWithOptions(session.Options{
		Config:            *cfg,
		Profile:           profile,
		SharedConfigState: session.SharedConfigEnable,
		Handlers:          handlers,
	})
	if err != nil {
		return nil, fmt.Errorf("the AWS SDK makes no session: %w", err)
	}
	return s, nil
}
