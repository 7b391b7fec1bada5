package sdkv1

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	awscredentials "github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/internal/transport"
)

// SDK implements invoke.SDK with aws-sdk-go. Backends with the same profile, role, region and
// endpoint share a client, and those with the same profile, role and region share credentials.
type SDK struct {
	custom    *session.Session // set by the build; nil for none
	logger    awscredentials.Logger
	checkOnly bool

	mu       sync.Mutex
	sessions map[string]madeSession // by profile
	caches   map[cacheKey]*awscredentials.Cache
	clients  map[clientKey]*invoke.Client
	answers  map[invoke.Settings]answer // of Client
	clocks   map[string]*invoke.Clock   // by endpoint
}

var _ invoke.SDK = (*SDK)(nil)

// New returns an SDK. custom is the build's session; if it is nil, sessions come from the
// environment and the shared AWS files. With checkOnly the SDK looks up no credentials, and its
// clients must not be called. New uses nothing of AWS before the first call of Client.
func New(custom *session.Session, logger awscredentials.Logger, checkOnly bool) *SDK {
	if custom != nil && custom.Config == nil { // a session that was made by hand
		custom = custom.Copy(new(aws.Config))
	}
	return &SDK{
		custom: custom, logger: logger, checkOnly: checkOnly,
		sessions: make(map[string]madeSession),
		caches:   make(map[cacheKey]*awscredentials.Cache),
		clients:  make(map[clientKey]*invoke.Client),
		answers:  make(map[invoke.Settings]answer),
		clocks:   make(map[string]*invoke.Clock),
	}
}

// answer is the result of Client for settings. Computing it again for each backend of a gateway
// would take an AWS SDK client and a read of the shared AWS files.
type answer struct {
	client *invoke.Client
	found  invoke.Found
}

type madeSession struct {
	session *session.Session
	err     error
}

type cacheKey struct {
	profile, region string
	role            invoke.Role
}

type clientKey struct {
	cacheKey
	endpoint string
}

// Client implements invoke.SDK.
func (s *SDK) Client(settings invoke.Settings) (*invoke.Client, invoke.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if a, ok := s.answers[settings]; ok {
		return a.client, a.found, nil
	}
	for _, service := range []string{"LAMBDA", "STS"} {
		if endpoint, variable := endpointOf(service); endpoint != "" {
			if err := config.CheckEndpoint(endpoint); err != nil {
				return nil, invoke.Found{}, fmt.Errorf("%s: %w", variable, err)
			}
		}
	}
	base, err := s.session(settings.Profile)
	if err != nil {
		return nil, invoke.Found{}, err
	}
	region := cmp.Or(settings.Region, aws.StringValue(base.Config.Region))
	if region == "" {
		return nil, invoke.Found{}, errors.New("region: missing: set this key, AWS_REGION, AWS_DEFAULT_REGION or the region of the shared AWS config")
	}
	if !config.IsRegion(region) {
		return nil, invoke.Found{}, fmt.Errorf("region: %s is not a region", text.Quote(region))
	}
	environment, _ := endpointOf("LAMBDA")
	endpoint := cmp.Or(settings.Endpoint, aws.StringValue(base.Config.Endpoint), environment)
	if s.custom == nil || settings.Profile != "" {
		if err := checkEndpoints(settings, endpoint); err != nil {
			return nil, invoke.Found{}, err
		}
	}
	svc := lambda.New(base, aws.NewConfig().WithRegion(region).WithEndpoint(endpoint))
	if svc.Endpoint == "" {
		return nil, invoke.Found{}, fmt.Errorf("region: the AWS SDK does not know an endpoint for %s: correct the region, or set endpoint", text.Quote(region))
	}
	found := invoke.Found{Region: region, Endpoint: svc.Endpoint, CABundle: transport.HasCertificates(base.Config.HTTPClient.Transport)}
	if !config.LooksLikeRegion(region) {
		found.Warnings = append(found.Warnings, fmt.Sprintf("region: %s does not look like a region such as us-west-2", text.Quote(region)))
	}
	if s.custom != nil && settings.Profile == "" {
		found.Warnings = append(found.Warnings, withoutEffect(svc)...)
	}
	key := clientKey{cacheKey{settings.Profile, region, settings.Role}, svc.Endpoint}
	client, ok := s.clients[key]
	if !ok {
		if client, err = invoke.New(s.target(svc, key), func(warning string) { s.logger.Warning("[Lambda]", warning) }); err != nil {
			return nil, invoke.Found{}, fmt.Errorf("endpoint: %w", err)
		}
		s.clients[key] = client
	}
	s.answers[settings] = answer{client, found}
	return client, found, nil
}

// target returns where an SDK client sends its calls. The caller holds s.mu.
func (s *SDK) target(svc *lambda.Lambda, key clientKey) invoke.Target {
	t := invoke.Target{
		Endpoint:    svc.Endpoint,
		Region:      cmp.Or(svc.SigningRegion, key.region),
		MaxRetries:  svc.MaxRetries(),
		UserAgent:   userAgent(),
		DecodeError: decoder(untouched(svc)),
		Clock:       s.clock(svc.Endpoint),
	}
	if client := svc.Config.HTTPClient; client != nil {
		t.Transport, t.Timeout = client.Transport, client.Timeout
	}
	if cache := s.cache(key.cacheKey); cache != nil {
		t.Credentials = cache.For(svc.Endpoint)
	}
	return t
}

// clock returns the clock that an endpoint's clients share. The caller holds s.mu.
func (s *SDK) clock(endpoint string) *invoke.Clock {
	clock, ok := s.clocks[endpoint]
	if !ok {
		clock = new(invoke.Clock)
		s.clocks[endpoint] = clock
	}
	return clock
}

// userAgent returns the User-Agent that the SDK's handlers write.
func userAgent() string {
	r := &request.Request{HTTPRequest: &http.Request{Header: make(http.Header)}}
	for _, handler := range []request.NamedHandler{corehandlers.SDKVersionUserAgentHandler, corehandlers.AddAwsInternal, corehandlers.AddHostExecEnvUserAgentHander} {
		handler.Fn(r)
	}
	return r.HTTPRequest.UserAgent()
}

// cache returns the credentials for a key, and starts to look up new ones. It returns nil if
// calls are not signed. The caller holds s.mu.
func (s *SDK) cache(key cacheKey) *awscredentials.Cache {
	if s.checkOnly || s.custom != nil && key.profile == "" && key.role.ARN == "" && s.custom.Config.Credentials == credentials.AnonymousCredentials {
		return nil
	}
	cache, ok := s.caches[key]
	if !ok {
		cache = awscredentials.New(s.options(key))
		s.caches[key] = cache
	}
	return cache
}

// options returns the options of the cache for a key.
func (s *SDK) options(key cacheKey) awscredentials.Options {
	o := awscredentials.Options{Find: s.finder(key), Logger: s.logger, Describe: describe}
	o.Where, o.HalfKey = s.where(key)
	if s.custom == nil || key.profile != "" { // the finder reads the shared files
		o.Revision = awscredentials.FileRevision(sharedFiles()...)
	}
	return o
}
