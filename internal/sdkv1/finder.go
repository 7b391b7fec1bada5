package sdkv1

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go/aws/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
	awscredentials "github.com/devopsfaith/krakend-lambda/internal/credentials"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// finder returns the lookup function for a key.
func (s *SDK) finder(key cacheKey) awscredentials.Finder {
	var last *credentials.Credentials // the last provider that found them
	return func(ctx context.Context, renew bool) (awscredentials.Found, error) {
		if last == nil || renew || last.IsExpired() {
			var err error
			if last, err = s.source(ctx, key, last != nil); err != nil {
				return awscredentials.Found{}, err
			}
		}
		// Call this without ctx: a retrieval that hangs keeps others from starting. The cache
		// waits for ctx, and the SDK does not tell providers when it ends.
		value, err := last.Get()
		if err != nil {
			return awscredentials.Found{}, err
		}
		expires, _ := last.ExpiresAt() // zero if the provider does not tell
		return awscredentials.Found{
			Credentials: sigv4.Credentials{AccessKeyID: value.AccessKeyID, SecretAccessKey: value.SecretAccessKey, SessionToken: value.SessionToken},
			Expires:     expires,
			Source:      value.ProviderName,
		}, nil
	}
}

// source returns the source of the credentials for a key: the build's session, or the
// environment and the shared files, which it reads again each time. With renew, the session's
// current credentials are not good enough any more.
func (s *SDK) source(ctx context.Context, key cacheKey, renew bool) (*credentials.Credentials, error) {
	base := s.custom
	fromEnvironment := base == nil || key.profile != ""
	if fromEnvironment {
		var err error
		if base, err = s.lookupSession(ctx, key); err != nil {
			return nil, err
		}
	} else if base.Config.Credentials == nil {
		return nil, errors.New("the session has no Credentials")
	} else if renew {
		base.Config.Credentials.Expire()
	}
	if key.profile != "" {
		if err := checkSource(base.Config.Credentials); err != nil {
			return nil, err
		}
	}
	if key.role.ARN == "" {
		return base.Config.Credentials, nil
	}
	svc := sts.New(base, &aws.Config{
		Region:              aws.String(key.region),
		Endpoint:            aws.String(""), // a session may have one, for Lambda
		EndpointResolver:    endpoints.ResolverFunc(resolveSTS),
		STSRegionalEndpoint: endpoints.RegionalSTSEndpoint,
		HTTPClient:          lookupClient(base, lookupRequest),
	})
	if !fromEnvironment {
		svc.Handlers.Build.PushBack(prepareLookup)
	}
	return stscreds.NewCredentialsWithClient(svc, key.role.ARN, func(p *stscreds.AssumeRoleProvider) {
		p.RoleSessionName = key.role.SessionName
		p.ExternalID = unlessEmpty(key.role.ExternalID)
	}), nil
}

// lookupSession makes a session from the environment and the shared files. Its requests have the
// limits of lookups. A credential_process ends with ctx.
func (s *SDK) lookupSession(ctx context.Context, key cacheKey) (*session.Session, error) {
	handlers := defaults.Handlers()
	handlers.Build.PushBack(prepareLookup)
	found, err := load(key.profile, &aws.Config{
		Region:                        aws.String(key.region),
		HTTPClient:                    lookupClient(s.custom, lookupRequest),
		STSRegionalEndpoint:           endpoints.RegionalSTSEndpoint,
		EndpointResolver:              endpoints.ResolverFunc(resolveSTS),
		CredentialsChainVerboseErrors: aws.Bool(true),
	}, handlers)
	if err != nil {
		return nil, err
	}
	if creds := processCredentials(ctx, found, key.profile); creds != nil {
		found.Config.Credentials = creds
	}
	return found, nil
}

// checkSource returns an error if a profile has no credentials, because the SDK would use those
// of the container or the instance.
func checkSource(source *credentials.Credentials) error {
	value, err := source.Get()
	if err == nil && (value.ProviderName == ec2rolecreds.ProviderName || value.ProviderName == endpointcreds.ProviderName) {
		err = errors.New("the profile has no credentials, and the gateway does not use those of the container or the instance for it")
	}
	return err
}

// where describes for an operator where the credentials for a key are looked up, and whether
// the environment has only half of a key.
func (s *SDK) where(key cacheKey) (where string, halfKey bool) {
	switch {
	case key.profile != "":
		where = "the profile " + text.Quote(key.profile) + " of the shared AWS files"
	case s.custom != nil:
		where = "the AWS session of this build (WithSession)"
	default:
		profile := cmp.Or(os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
		where, halfKey = awscredentials.Environment()
		where += ", the profile " + text.Quote(profile) + " of the shared AWS files, and the metadata service of the container or the instance"
	}
	if key.role.ARN != "" {
		where = "the role " + key.role.ARN + ", assumed with credentials from " + where
	}
	return where, halfKey
}
