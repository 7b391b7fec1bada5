package backend

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go/aws/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/aws/aws-sdk-go/service/sso"
	"github.com/aws/aws-sdk-go/service/sts"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Invoker is the part of the SDK's Lambda client that a backend calls.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

// clients makes the SDK's clients and the credentials that they sign with. Backends with
// the same profile, role, region and endpoint share one of each; the number of retries
// goes with each call.
type clients struct {
	given  *session.Session // nil for one of our own
	logger Logger
	check  bool // looks for no credentials

	mu       sync.Mutex
	sessions map[string]madeSession // by profile
	keepers  map[keeperKey]*keeper
	made     map[clientKey]*sdkClient
}

type madeSession struct {
	session *session.Session
	err     error
}

type keeperKey struct {
	profile, region string
	role            config.Role
}

type clientKey struct{ profile, region, endpoint string }

// client returns the client for cfg, the credentials for its calls, nil where the SDK is
// to sign or not as it likes, and warnings for the operator to read.
func (c *clients) client(cfg config.Config) (_ *sdkClient, _ *keeper, warnings []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	for _, service := range []string{"LAMBDA", "STS"} {
		if endpoint, variable := endpointOf(service); endpoint != "" {
			if err := config.CheckEndpoint(endpoint); err != nil {
				return nil, nil, nil, fmt.Errorf("%s: %w", variable, err)
			}
		}
	}
	base, err := c.session(cfg.Profile)
	if err != nil {
		return nil, nil, nil, err
	}
	environment, _ := endpointOf("LAMBDA")
	key := clientKey{
		cfg.Profile,
		cmp.Or(cfg.Region, aws.StringValue(base.Config.Region)),
		cmp.Or(cfg.Endpoint, aws.StringValue(base.Config.Endpoint), environment),
	}
	if key.region == "" {
		return nil, nil, nil, errors.New("region: none is configured, and none is in AWS_REGION, AWS_DEFAULT_REGION or the shared config")
	}

	made, ok := c.made[key]
	if !ok {
		if made, err = c.newClient(base, key); err != nil {
			return nil, nil, nil, err
		}
		if c.made == nil {
			c.made = make(map[clientKey]*sdkClient)
		}
		c.made[key] = made
	}
	if !made.known {
		warnings = append(warnings, fmt.Sprintf("region: the AWS SDK knows no region %s", text.Quote(key.region)))
	}
	return made, c.keeper(keeperKey{cfg.Profile, key.region, cfg.Role}), warnings, nil
}

func (c *clients) newClient(base *session.Session, key clientKey) (*sdkClient, error) {
	svc := lambda.New(base, aws.NewConfig().WithRegion(key.region).WithEndpoint(key.endpoint))
	if svc.Endpoint == "" {
		return nil, fmt.Errorf("region: the AWS SDK finds no endpoint for %s", text.Quote(key.region))
	}
	made, err := newSDKClient(svc)
	if err != nil {
		return nil, err
	}
	made.known = knownRegion(key.region)
	return made, nil
}

// session returns the session that the clients of a profile share. c.mu is held.
func (c *clients) session(profile string) (*session.Session, error) {
	made, ok := c.sessions[profile]
	if !ok {
		made.session, made.err = newSession(c.given, profile)
		if c.sessions == nil {
			c.sessions = make(map[string]madeSession)
		}
		c.sessions[profile] = made
	}
	return made.session, made.err
}

// newSession makes the session of a profile, empty for the environment's and the default
// one's, from the environment and the shared AWS files. Where the build has given one,
// that is the one without a profile.
//
// Its HTTP client has no transport of its own, so calls go through
// http.DefaultTransport as it is at their time: KrakenD replaces it when its router
// starts. It is never http.DefaultClient, which the SDK would change
// where AWS_CA_BUNDLE is set, and it follows no redirects, which would carry
// payloads to wherever the answer says.
func newSession(given *session.Session, profile string) (*session.Session, error) {
	if given != nil && profile == "" {
		return given.Copy(&aws.Config{HTTPClient: withoutRedirects(given)}), nil
	}
	client := httpClient(given)
	own := client.Transport == nil
	s, err := load(profile, &aws.Config{HTTPClient: client}, request.Handlers{})
	if err != nil {
		return nil, err
	}
	client = withoutRedirects(s)
	if t, ok := client.Transport.(*http.Transport); ok && own && t.TLSClientConfig != nil {
		client.Transport = &trusting{own: t}
	}
	return s.Copy(&aws.Config{HTTPClient: client}), nil
}

// httpClient returns a copy of a session's client, for it to be changed. The session may
// be nil.
func httpClient(s *session.Session) *http.Client {
	c := new(http.Client)
	if s != nil && s.Config.HTTPClient != nil {
		*c = *s.Config.HTTPClient
	}
	return c
}

// withoutRedirects is httpClient for one that follows none.
func withoutRedirects(s *session.Session) *http.Client {
	c := httpClient(s)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// load reads the environment and the shared AWS files.
func load(profile string, cfg *aws.Config, handlers request.Handlers) (*session.Session, error) {
	if profile != "" {
		if err := checkProfile(profile); err != nil {
			return nil, err
		}
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

// checkProfile is an error for a profile that the shared AWS files do not have. The SDK
// would take it for an empty one, and sign with the role of the instance.
func checkProfile(profile string) error {
	files := []string{
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), defaults.SharedConfigFilename()),
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), defaults.SharedCredentialsFilename()),
	}
	section := regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*(profile[ \t]+)?["']?` + regexp.QuoteMeta(profile) + `["']?[ \t]*\]`)
	for _, file := range files {
		// One that cannot be read is the SDK's to report.
		//nolint:gosec // G304: the operator's own environment names the file
		if content, err := os.ReadFile(file); err == nil && section.Match(content) {
			return nil
		}
	}
	return fmt.Errorf("profile: there is no %s in %s", text.Quote(profile), strings.Join(files, " or "))
}

// keeper returns the credentials for a key, and looks for new ones at once. c.mu is held.
func (c *clients) keeper(key keeperKey) *keeper {
	if c.check || c.given != nil && key.profile == "" && key.role.ARN == "" && c.given.Config.Credentials == credentials.AnonymousCredentials {
		return nil
	}
	k, ok := c.keepers[key]
	if !ok {
		k = &keeper{find: c.finder(key), where: c.where(key), logger: c.logger, now: time.Now}
		if c.keepers == nil {
			c.keepers = make(map[keeperKey]*keeper)
		}
		c.keepers[key] = k
		k.mu.Lock()
		defer k.mu.Unlock()
		k.look(true)
	}
	return k
}

// finder returns what finds the credentials for a key: the session's that the build has
// given, else those of the environment and the shared files, which are read anew each time.
func (c *clients) finder(key keeperKey) func(renew bool) (*credentials.Credentials, error) {
	return func(renew bool) (*credentials.Credentials, error) {
		s := c.given
		own := s == nil || key.profile != ""
		if own {
			var err error
			cfg := &aws.Config{
				Region:                        aws.String(key.region),
				HTTPClient:                    lookupClient(c.given, lookupRequest),
				STSRegionalEndpoint:           endpoints.RegionalSTSEndpoint,
				EndpointResolver:              endpoints.ResolverFunc(resolveSTS),
				CredentialsChainVerboseErrors: aws.Bool(true),
			}
			handlers := defaults.Handlers()
			handlers.Build.PushBack(prepareLookup)
			if s, err = load(key.profile, cfg, handlers); err != nil {
				return nil, err
			}
		} else if renew {
			s.Config.Credentials.Expire()
		}
		if key.profile != "" {
			if err := checkSource(s.Config.Credentials); err != nil {
				return nil, err
			}
		}
		if key.role.ARN == "" {
			return s.Config.Credentials, nil
		}
		svc := sts.New(s, &aws.Config{
			Region:              aws.String(key.region),
			Endpoint:            aws.String(""), // a session may have one, for Lambda
			EndpointResolver:    endpoints.ResolverFunc(resolveSTS),
			STSRegionalEndpoint: endpoints.RegionalSTSEndpoint,
			HTTPClient:          lookupClient(s, lookupRequest),
		})
		if !own {
			svc.Handlers.Build.PushBack(prepareLookup)
		}
		return stscreds.NewCredentialsWithClient(svc, key.role.ARN, func(p *stscreds.AssumeRoleProvider) {
			p.RoleSessionName = key.role.SessionName
			p.ExternalID = unlessEmpty(key.role.ExternalID)
		}), nil
	}
}

// checkSource is an error for the credentials of a profile that has none. The SDK goes on
// to those of the container or the instance.
func checkSource(source *credentials.Credentials) error {
	value, err := source.Get()
	if err == nil && (value.ProviderName == ec2rolecreds.ProviderName || value.ProviderName == endpointcreds.ProviderName) {
		err = errors.New("it has none, and those of the container or the instance are not its own")
	}
	return err
}

// endpointOf is where the environment says that a service is, and which variable says so.
// Newer SDKs of AWS read these, this one does not:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func endpointOf(service string) (endpoint, variable string) {
	if ignored, _ := strconv.ParseBool(os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")); ignored {
		return "", ""
	}
	for _, variable := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if endpoint := os.Getenv(variable); endpoint != "" {
			return endpoint, variable
		}
	}
	return "", ""
}

// resolveSTS finds the endpoint of STS in the environment, and all others where the SDK
// does.
func resolveSTS(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	if endpoint, _ := endpointOf("STS"); endpoint != "" && service == sts.EndpointsID {
		return endpoints.ResolvedEndpoint{URL: endpoint, SigningRegion: region}, nil
	}
	return endpoints.DefaultResolver().EndpointFor(service, region, opts...)
}

const (
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
	r.Handlers.Send.PushBack((&call{limit: maxLookup, errorLimit: maxLookup}).bound)
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

// where tells an operator in which places the credentials for a key are looked for.
func (c *clients) where(key keeperKey) (where string) {
	switch {
	case key.profile != "":
		where = "the profile " + text.Quote(key.profile) + " of the shared AWS files"
	case c.given != nil:
		where = "the session that the build has set"
	default:
		profile := cmp.Or(os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
		where = "the environment, the profile " + text.Quote(profile) + " of the shared AWS files, and the metadata service of the container or the instance"
	}
	if key.role.ARN != "" {
		where = "the role " + key.role.ARN + ", assumed with those of " + where
	}
	return where
}

func knownRegion(region string) bool {
	for _, partition := range endpoints.DefaultPartitions() {
		if _, ok := partition.Regions()[region]; ok {
			return true
		}
	}
	return false
}
