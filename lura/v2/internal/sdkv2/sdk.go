package sdkv2

import (
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// SDK implements invoke.SDK by aws-sdk-go-v2. Backends with the same profile, role, region and
// endpoint share a client, and those with the same profile, role and region their credentials.
type SDK struct {
	targets *Clients
	logger  credentials.Logger

	mu      sync.Mutex
	caches  map[*Source]*credentials.Cache
	clients map[clientKey]*invoke.Client
	clocks  map[string]*invoke.Clock // by endpoint
}

type clientKey struct {
	targetKey
	source *Source
}

var _ invoke.SDK = (*SDK)(nil)

// NewSDK returns an SDK. given is the config that the build has set, nil for that of the
// environment and the shared AWS files. With checkOnly it looks for no credentials, and its
// clients must not be called. It touches nothing of AWS before the first Client.
func NewSDK(given *aws.Config, logger credentials.Logger, checkOnly bool) *SDK {
	return &SDK{
		targets: New(given, checkOnly), logger: logger,
		caches:  make(map[*Source]*credentials.Cache),
		clients: make(map[clientKey]*invoke.Client),
		clocks:  make(map[string]*invoke.Clock),
	}
}

// Client implements invoke.SDK.
func (s *SDK) Client(settings invoke.Settings) (*invoke.Client, invoke.Found, error) {
	t, warnings, err := s.targets.Target(Settings{
		Profile: settings.Profile, Role: config.Role(settings.Role), Region: settings.Region, Endpoint: settings.Endpoint,
	})
	if err != nil {
		return nil, invoke.Found{}, err
	}
	found := invoke.Found{Region: t.Region, Endpoint: t.Endpoint, Warnings: warnings}

	s.mu.Lock()
	defer s.mu.Unlock()
	key := clientKey{targetKey{settings.Profile, t.Region, t.Endpoint}, t.Credentials}
	client, ok := s.clients[key]
	if !ok {
		if client, err = invoke.New(s.target(t), func(warning string) { s.logger.Warning("[Lambda]", warning) }); err != nil {
			return nil, invoke.Found{}, fmt.Errorf("endpoint: %w", err)
		}
		s.clients[key] = client
	}
	return client, found, nil
}

// target is where the calls of a client go. s.mu is held.
func (s *SDK) target(t Target) invoke.Target {
	target := invoke.Target{
		Endpoint: t.Endpoint, Region: t.SigningRegion, MaxRetries: t.MaxRetries,
		Transport: t.Transport, Timeout: t.Timeout, UserAgent: t.UserAgent, Clock: s.clock(t.Endpoint),
	}
	if source := t.Credentials; source != nil {
		cache, ok := s.caches[source]
		if !ok {
			cache = credentials.New(credentials.Options{Find: source.Find, Revision: source.Revision, Where: source.Where, Logger: s.logger, Describe: safeText})
			s.caches[source] = cache
		}
		target.Credentials = cache.For(t.Endpoint)
	}
	return target
}

// clock returns the clock that the clients of an endpoint share. s.mu is held.
func (s *SDK) clock(endpoint string) *invoke.Clock {
	clock, ok := s.clocks[endpoint]
	if !ok {
		clock = new(invoke.Clock)
		s.clocks[endpoint] = clock
	}
	return clock
}

// safeText says what an error of the SDK is, fit for a log.
func safeText(err error) string { return describe(err).Error() }
