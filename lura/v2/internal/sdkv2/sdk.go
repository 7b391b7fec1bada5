package sdkv2

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/internal/transport"
)

// SDK implements invoke.SDK by aws-sdk-go-v2. Backends with the same profile, role, region and
// endpoint share a client, and those with the same profile, role and region their credentials.
type SDK struct {
	// OnLookup is called at the end of each lookup of credentials, with its error. Set it
	// before the first Client. Nil means no call.
	OnLookup func(error)

	custom    *aws.Config // nil for that of the environment and the shared AWS files
	logger    credentials.Logger
	checkOnly bool

	mu       sync.Mutex
	warned   bool // about the parts of custom that calls do not use
	profiles map[string]profile
	caches   map[cacheKey]*credentials.Cache
	clients  map[clientKey]*invoke.Client
	answers  map[invoke.Settings]answer // of Client
	clocks   map[string]*invoke.Clock   // by endpoint
}

var _ invoke.SDK = (*SDK)(nil)

// cacheKey identifies the credentials that a lookup finds.
type cacheKey struct {
	profile, region string
	role            invoke.Role
}

type clientKey struct {
	cacheKey
	endpoint string
}

// answer is a result of Client for settings. Without it, each of a gateway's backends would need
// another call of the AWS SDK's client, which allocates 20 KB.
type answer struct {
	client *invoke.Client
	found  invoke.Found
}

// NewSDK returns an SDK. custom is the config that the build has set, and is not changed. If it
// is nil, and for backends with a profile, the SDK reads the environment and the shared AWS files.
// With checkOnly it looks up no credentials, and its clients must not be called. It uses nothing
// of AWS before the first Client.
func NewSDK(custom *aws.Config, logger credentials.Logger, checkOnly bool) *SDK {
	s := &SDK{
		logger: logger, checkOnly: checkOnly,
		profiles: make(map[string]profile),
		caches:   make(map[cacheKey]*credentials.Cache),
		clients:  make(map[clientKey]*invoke.Client),
		answers:  make(map[invoke.Settings]answer),
		clocks:   make(map[string]*invoke.Clock),
	}
	if custom != nil {
		own := custom.Copy()
		s.custom = &own
	}
	return s
}

// Client implements invoke.SDK.
func (s *SDK) Client(settings invoke.Settings) (*invoke.Client, invoke.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if a, ok := s.answers[settings]; ok {
		return a.client, a.found, nil
	}
	target, found, err := s.target(settings)
	if err != nil {
		return nil, invoke.Found{}, err
	}
	key := clientKey{cacheKey{settings.Profile, found.Region, settings.Role}, found.Endpoint}
	client, ok := s.clients[key]
	if !ok {
		target.Clock = s.clock(target.Endpoint)
		if cache := s.cache(key.cacheKey); cache != nil {
			target.Credentials = cache.For(target.Endpoint)
		}
		if client, err = invoke.New(target, func(warning string) { s.logger.Warning("[Lambda]", warning) }); err != nil {
			return nil, invoke.Found{}, fmt.Errorf("endpoint: %w", err)
		}
		s.clients[key] = client
	}
	s.answers[settings] = answer{client, found}
	if s.custom != nil && settings.Profile == "" && !s.warned {
		s.warned = true
		found.Warnings = slices.Concat(found.Warnings, withoutEffect(*s.custom))
	}
	return client, found, nil
}

// target returns the target of calls of backends with these settings, without credentials. s.mu
// is held.
func (s *SDK) target(settings invoke.Settings) (invoke.Target, invoke.Found, error) {
	p := s.profile(settings.Profile)
	if p.err != nil {
		return invoke.Target{}, invoke.Found{}, p.err
	}
	region := cmp.Or(settings.Region, p.config.Region)
	if region == "" {
		return invoke.Target{}, invoke.Found{}, errors.New("region: missing: set this key, AWS_REGION, AWS_DEFAULT_REGION or the region of the shared AWS config")
	}
	target, err := newTarget(p, region, settings.Endpoint)
	if err != nil {
		return invoke.Target{}, invoke.Found{}, err
	}
	found := invoke.Found{Region: region, Endpoint: target.Endpoint, CABundle: transport.HasCertificates(target.Transport)}
	if !config.LooksLikeRegion(region) {
		found.Warnings = append(found.Warnings, fmt.Sprintf("region: %s does not look like a region such as us-west-2", text.Quote(region)))
	}
	return target, found, nil
}

// cache returns the credentials for a key, and starts the first lookup at once. It is nil where
// calls are not signed. s.mu is held.
func (s *SDK) cache(key cacheKey) *credentials.Cache {
	if s.checkOnly || s.custom != nil && key.profile == "" && key.role.ARN == "" && isAnonymous(s.custom.Credentials) {
		return nil
	}
	cache, ok := s.caches[key]
	if !ok {
		cache = credentials.New(s.lookups(key))
		s.caches[key] = cache
	}
	return cache
}

// lookups returns how the credentials for a key are looked up. s.mu is held.
func (s *SDK) lookups(key cacheKey) credentials.Options {
	l := &lookup{custom: s.custom, key: key, transport: s.profile(key.profile).http.transport}
	o := credentials.Options{Find: l.find, Logger: s.logger, Describe: safeText, OnResult: s.OnLookup}
	o.Where, o.HalfKey = s.where(key)
	if s.custom == nil || key.profile != "" { // the lookups read the shared files
		o.Revision = credentials.FileRevision(sharedFiles()...)
	}
	return o
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

func isAnonymous(p aws.CredentialsProvider) bool {
	return p != nil && aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil))
}

// safeText describes an error of the SDK, safe to log.
func safeText(err error) string { return describe(err).Error() }
