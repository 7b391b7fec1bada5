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

// finder returns what looks up the credentials for a key.
func (s *SDK) finder(key cacheKey) awscredentials.Finder {
	var last *credentials.Credentials // what found them last
	return func(ctx context.Context, renew bool) (awscredentials.Found, error) {
		if last == nil || renew || last.IsExpired() {
			var err error
			if last, err = s.source(ctx, key, last != nil); err != nil {
				return awscredentials.Found{}, err
			}
		}
		value, err := last.GetWithContext(ctx)
		if err != nil {
			return awscredentials.Found{}, err
		}
		expires, _ := last.ExpiresAt() // zero where the provider does not tell
		return awscredentials.Found{
			Credentials: sigv4.Credentials{AccessKeyID: value.AccessKeyID, SecretAccessKey: value.SecretAccessKey, SessionToken: value.SessionToken},
			Expires:     expires,
			Source:      value.ProviderName,
		}, nil
	}
}

// source returns what finds the credentials for a key: the session's that the build has given,
// else those of the environment and the shared files, which are read anew each time. With renew,
// the session's are no longer good enough.
func (s *SDK) source(ctx context.Context, key cacheKey, renew bool) (*credentials.Credentials, error) {
	base := s.given
	own := base == nil || key.profile != ""
	if own {
		var err error
		if base, err = s.lookupSession(key); err != nil {
			return nil, err
		}
	} else if base.Config.Credentials == nil {
		return nil, errors.New("it has none")
	} else if renew {
		base.Config.Credentials.Expire()
	}
	if key.profile != "" {
		if err := checkSource(ctx, base.Config.Credentials); err != nil {
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
	if !own {
		svc.Handlers.Build.PushBack(prepareLookup)
	}
	return stscreds.NewCredentialsWithClient(svc, key.role.ARN, func(p *stscreds.AssumeRoleProvider) {
		p.RoleSessionName = key.role.SessionName
		p.ExternalID = unlessEmpty(key.role.ExternalID)
	}), nil
}

// lookupSession makes a session of the environment and the shared files whose requests have the
// limits of lookups.
func (s *SDK) lookupSession(key cacheKey) (*session.Session, error) {
	handlers := defaults.Handlers()
	handlers.Build.PushBack(prepareLookup)
	return load(key.profile, &aws.Config{
		Region:                        aws.String(key.region),
		HTTPClient:                    lookupClient(s.given, lookupRequest),
		STSRegionalEndpoint:           endpoints.RegionalSTSEndpoint,
		EndpointResolver:              endpoints.ResolverFunc(resolveSTS),
		CredentialsChainVerboseErrors: aws.Bool(true),
	}, handlers)
}

// checkSource is an error for the credentials of a profile that has none. The SDK goes on
// to those of the container or the instance.
func checkSource(ctx context.Context, source *credentials.Credentials) error {
	value, err := source.GetWithContext(ctx)
	if err == nil && (value.ProviderName == ec2rolecreds.ProviderName || value.ProviderName == endpointcreds.ProviderName) {
		err = errors.New("it has none, and those of the container or the instance are not its own")
	}
	return err
}

// where tells an operator in which places the credentials for a key are looked for.
func (s *SDK) where(key cacheKey) (where string) {
	switch {
	case key.profile != "":
		where = "the profile " + text.Quote(key.profile) + " of the shared AWS files"
	case s.given != nil:
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
