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

// session returns the session that the clients of a profile share. The caller holds s.mu.
func (s *SDK) session(profile string) (*session.Session, error) {
	made, ok := s.sessions[profile]
	if !ok {
		made.session, made.err = newSession(s.custom, profile)
		s.sessions[profile] = made
	}
	return made.session, made.err
}

// newSession makes the session of a profile from the environment and the shared AWS files. An
// empty profile means the environment's, or the default one. custom is the build's session, or
// nil; without a profile newSession returns a copy of custom.
//
// The HTTP client of a new session has no transport, so calls use http.DefaultTransport as it is
// at that time: KrakenD replaces it when its router starts. The client is never
// http.DefaultClient, which the SDK would change if AWS_CA_BUNDLE is set. It follows no
// redirects: they would send payloads to any address in the answer.
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

// withoutRedirects is like httpClient, but the client follows no redirects.
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
	// The SDK's logger would write URLs to standard output, including user and password.
	cfg.Logger = aws.LoggerFunc(func(...any) {})
	s, err := session.NewSessionWithOptions(session.Options{
		Config:            *cfg,
		Profile:           profile,
		SharedConfigState: session.SharedConfigEnable,
		Handlers:          handlers,
	})
	if err != nil {
		return nil, fmt.Errorf("the AWS SDK cannot read its configuration: %w", err)
	}
	return s, nil
}
