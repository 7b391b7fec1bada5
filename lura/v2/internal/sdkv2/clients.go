package sdkv2

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Settings are what the configuration of one backend says. An empty field leaves the choice to
// the environment and the shared AWS files, or to the build's config.
type Settings struct {
	Profile string
	// Role is the role to assume; without an ARN there is none.
	Role             config.Role
	Region, Endpoint string
}

// Target is where the calls of a backend go, and how.
type Target struct {
	// Endpoint is the base URL, without the path of an operation and without a slash at its
	// end: https://lambda.eu-west-1.amazonaws.com.
	Endpoint string
	// Region is the backend's. Calls are signed for SigningRegion, which differs where an
	// endpoint resolver of the build says so.
	Region, SigningRegion string
	// Credentials sign the calls. Nil is for calls that are not signed, and where the Clients
	// only check. Backends that share credentials have the same pointer.
	Credentials *Source
	// MaxRetries is the SDK's number of attempts without the first. It is unlimited where a
	// Retryer of the build's has no limit.
	MaxRetries int
	// Transport never follows redirects.
	Transport http.RoundTripper
	// Timeout bounds one attempt; 0 is no bound.
	Timeout time.Duration
	// UserAgent is the SDK's.
	UserAgent string
}

// Source is where credentials come from.
type Source struct {
	Find credentials.Finder
	// Revision tells whether the shared AWS files have changed. It is nil where Find does not
	// read them.
	Revision func() string
	// Where tells an operator in which places Find looks, for the log: "AWS credentials in ...".
	Where string
}

// Clients works out targets. Backends share what they have in common. It is safe for concurrent
// use.
type Clients struct {
	given *aws.Config // nil for our own
	check bool

	mu       sync.Mutex
	warned   bool // of what given has that has no effect
	profiles map[string]profile
	targets  map[targetKey]Target
	sources  map[sourceKey]*Source
}

// profile is what is read once for all backends with one profile.
type profile struct {
	config aws.Config
	http   httpSettings
	err    error // of all backends
}

type targetKey struct{ profile, region, endpoint string }

// New returns Clients that work with the build's config, which is not changed. Where it is nil,
// and for backends with a profile, they read the environment and the shared AWS files. checkOnly
// leaves out the credentials.
func New(given *aws.Config, checkOnly bool) *Clients {
	c := &Clients{
		check:    checkOnly,
		profiles: make(map[string]profile),
		targets:  make(map[targetKey]Target),
		sources:  make(map[sourceKey]*Source),
	}
	if given != nil {
		own := given.Copy()
		c.given = &own
	}
	return c
}

// Target returns the target for the settings of a backend, and warnings for the operator to
// read. An error is a bad configuration. It looks nothing up.
func (c *Clients) Target(s Settings) (_ Target, warnings []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	base := c.profile(s.Profile)
	if base.err != nil {
		return Target{}, nil, base.err
	}
	region := cmp.Or(s.Region, base.config.Region)
	if region == "" {
		return Target{}, nil, errors.New("region: none is configured, and none is in AWS_REGION, AWS_DEFAULT_REGION or the shared config")
	}
	key := targetKey{s.Profile, region, s.Endpoint}
	t, ok := c.targets[key]
	if !ok {
		if t, err = newTarget(base, region, s.Endpoint); err != nil {
			return Target{}, nil, err
		}
		c.targets[key] = t
	}
	if !looksLikeRegion.MatchString(region) {
		warnings = append(warnings, fmt.Sprintf("region: %s does not look like a region such as us-west-2", text.Quote(region)))
	}
	if c.given != nil && s.Profile == "" && !c.warned {
		c.warned = true
		warnings = append(warnings, withoutEffect(*c.given)...)
	}
	t.Credentials = c.source(sourceKey{s.Profile, region, s.Role})
	return t, warnings, nil
}

// looksLikeRegion admits regions that no SDK knows yet.
var looksLikeRegion = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-\d+$`)

// profile returns what is read for a profile, empty for the environment's or the default one. A
// failure is not tried again: it is a failure for all backends. c.mu is held.
func (c *Clients) profile(name string) profile {
	p, ok := c.profiles[name]
	if !ok {
		p = newProfile(c.given, name)
		c.profiles[name] = p
	}
	return p
}

func newProfile(given *aws.Config, name string) (p profile) {
	if given != nil && name == "" {
		p.config = *given
		p.http = httpOf(given.HTTPClient)
	} else {
		p.config, p.err = loadOnce(name)
		if p.err != nil {
			return p
		}
		p.http = httpOfLoaded(p.config.HTTPClient)
		if given != nil && hasTransport(given.HTTPClient) {
			p.http = httpOf(given.HTTPClient)
		}
	}
	p.err = checkEndpoints(p.config)
	return p
}

// source returns the source for a key. c.mu is held.
func (c *Clients) source(key sourceKey) *Source {
	if c.check || c.given != nil && key.profile == "" && key.role.ARN == "" && isAnonymous(c.given.Credentials) {
		return nil
	}
	s, ok := c.sources[key]
	if !ok {
		l := &lookup{given: c.given, key: key, transport: c.profiles[key.profile].http.transport}
		s = &Source{Find: l.find, Where: c.where(key)}
		if c.given == nil || key.profile != "" { // the lookup reads them
			s.Revision = credentials.FileRevision(sharedFiles()...)
		}
		c.sources[key] = s
	}
	return s
}

func isAnonymous(p aws.CredentialsProvider) bool {
	return p != nil && aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil))
}
