package sdkv2

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// watched is the provider of a client, for one call. It records why it has no credentials: the
// SDK's error for the call has no type that tells so.
type watched struct {
	aws.CredentialsProvider
	x *exchange
}

var _ aws.CredentialProviderSource = watched{}

// Retrieve implements aws.CredentialsProvider.
func (w watched) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := w.CredentialsProvider.Retrieve(ctx)
	w.x.lookup = err
	return credentials, err
}

// IsCredentialsProvider tells whether the provider is of the target's type, as the SDK's cache
// does. The SDK asks this of anonymous credentials.
func (w watched) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(w.CredentialsProvider, target)
}

// ProviderSources implements aws.CredentialProviderSource, for the User-Agent header.
func (w watched) ProviderSources() []aws.CredentialSource {
	if source, ok := w.CredentialsProvider.(aws.CredentialProviderSource); ok {
		return source.ProviderSources()
	}
	return nil
}

// lookupError returns why a call that failed with err could not be signed, or nil if that is not
// the reason. Of an Invoker that drops options it knows the error only: within the error of the
// call, the lookup's requests have errors of operations, and a provider's error comes after the
// name of the step.
func (x *exchange) lookupError(err error) error {
	if x.lookup != nil {
		return x.lookup
	}
	if x.credentials != nil || x.answer != nil {
		return nil
	}
	var call, lookup *smithy.OperationError
	if !errors.As(err, &call) || call.Err == nil {
		return nil
	}
	if errors.As(call.Err, &lookup) || strings.HasPrefix(call.Err.Error(), "get identity: ") {
		return call.Err
	}
	return nil
}
