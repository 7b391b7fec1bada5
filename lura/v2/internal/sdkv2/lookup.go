package sdkv2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// lookup finds the credentials for a key, with the SDK's credential chain.
type lookup struct {
	custom    *aws.Config // nil for that of the environment and the shared AWS files
	key       cacheKey
	transport http.RoundTripper

	late *retrieval // a retrieval that has outlasted its lookup, or nil
}

// retrieval is the part of a lookup that may outlast it, since a custom provider or a file system
// may ignore the end of the context.
type retrieval struct {
	over  chan struct{}
	found credentials.Found
	err   error
}

// find is a credentials.Finder. There is never more than one retrieval at a time: the next lookup
// uses the result of a late one.
func (l *lookup) find(ctx context.Context, renew bool) (credentials.Found, error) {
	for {
		r := l.late
		if r == nil {
			r = &retrieval{over: make(chan struct{})}
			go func() {
				defer close(r.over)
				r.found, r.err = l.retrieve(ctx, renew)
			}()
		}
		late := l.late != nil
		l.late = r
		select {
		case <-r.over:
			l.late = nil
			if r.err == nil || !late { // a late failure comes from the end of an earlier lookup's context
				return r.found, r.err
			}
		case <-ctx.Done():
			return credentials.Found{}, ctx.Err()
		}
	}
}

func (l *lookup) retrieve(ctx context.Context, renew bool) (_ credentials.Found, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %s", text.Quote(fmt.Sprint(v)))
		}
	}()
	s := &sender{ctx: ctx, transport: l.transport}
	provider, err := l.provider(ctx, renew, s)
	if err != nil {
		return credentials.Found{}, err
	}
	value, err := provider.Retrieve(ctx)
	switch {
	case err != nil:
		return credentials.Found{}, describeWithout(s.hasSecrets, err)
	case !value.HasKeys():
		return credentials.Found{}, errors.New("access key id and secret access key are empty")
	}
	found := credentials.Found{
		Credentials: sigv4.Credentials{AccessKeyID: value.AccessKeyID, SecretAccessKey: value.SecretAccessKey, SessionToken: value.SessionToken},
		Source:      value.Source,
	}
	if value.CanExpire {
		found.Expires = value.Expires
	}
	return found, nil
}

// provider returns the provider of the credentials: the custom config's, or a new one that it
// makes of the environment and the shared files. The Invalidate method of a cache would not read
// these again.
func (l *lookup) provider(ctx context.Context, renew bool, s *sender) (aws.CredentialsProvider, error) {
	var cfg aws.Config
	if l.custom != nil && l.key.profile == "" {
		cfg = l.custom.Copy()
		if cfg.Credentials == nil {
			return nil, errors.New("the config has no Credentials")
		}
		if c, ok := cfg.Credentials.(interface{ Invalidate() }); ok && renew {
			c.Invalidate()
		}
		cfg.Region = l.key.region
		cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.addTo)
	} else {
		var err error
		if cfg, err = l.load(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := checkLogin(cfg); err != nil {
		return nil, err
	}
	if l.key.role.ARN == "" {
		return cfg.Credentials, nil
	}
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), l.key.role.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = l.key.role.SessionName
		if l.key.role.ExternalID != "" {
			o.ExternalID = &l.key.role.ExternalID
		}
	}), nil
}

// load reads the environment and the shared files.
func (l *lookup) load(ctx context.Context, s *sender) (aws.Config, error) {
	cfg, err := load(ctx, l.key.profile, s.addTo,
		sdkconfig.WithRegion(l.key.region),
		// The chain treats a container's credentials as expired five minutes before their end.
		sdkconfig.WithCredentialsCacheOptions(func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 0 }))
	if err != nil {
		return aws.Config{}, err
	}
	sources := sourcesOf(cfg.Credentials)
	if l.key.profile != "" && len(sources) > 0 && (sources[0] == aws.CredentialSourceHTTP || sources[0] == aws.CredentialSourceIMDS) {
		// The chain continues with these if a profile has no credentials.
		return aws.Config{}, errors.New("the profile has no credentials, and the gateway does not use those of the container or the instance for it")
	}
	if slices.Contains(sources, aws.CredentialSourceProcess) {
		for _, source := range cfg.ConfigSources {
			if shared, ok := source.(sdkconfig.SharedConfig); ok {
				cfg.Credentials = processProvider(cfg, &shared)
			}
		}
	}
	return cfg, nil
}

// sourcesOf returns the ways to a provider, the first one first.
func sourcesOf(p aws.CredentialsProvider) []aws.CredentialSource {
	if s, ok := p.(aws.CredentialProviderSource); ok {
		return s.ProviderSources()
	}
	return nil
}

// where tells an operator where this module looks for the credentials for a key, and whether
// the environment has only half of a key.
func (s *SDK) where(key cacheKey) (where string, halfKey bool) {
	switch {
	case key.profile != "":
		where = "the profile " + text.Quote(key.profile) + " of the shared AWS files"
	case s.custom != nil:
		where = "the AWS config of this build (WithConfig)"
	default:
		profile := cmp.Or(os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
		where, halfKey = credentials.Environment()
		where += ", the profile " + text.Quote(profile) + " of the shared AWS files, and the metadata service of the container or the instance"
	}
	if key.role.ARN != "" {
		where = "the role " + key.role.ARN + ", assumed with credentials from " + where
	}
	return where, halfKey
}
