package lambda

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	v1 "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"
	lambdav1 "github.com/aws/aws-sdk-go/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
)

// The shared cases use aws-sdk-go's types. This file converts them to those of aws-sdk-go-v2.

// configOf returns a config with the settings of a session.
func configOf(s *session.Session) aws.Config {
	cfg := aws.Config{
		Region:       v1.StringValue(s.Config.Region),
		BaseEndpoint: s.Config.Endpoint,
		Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			keys, err := s.Config.Credentials.GetWithContext(ctx)
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, err
		}),
	}
	if n := s.Config.MaxRetries; n != nil && *n >= 0 {
		cfg.RetryMaxAttempts = *n + 1
	}
	return cfg
}

// bridge calls an Invoker of aws-sdk-go.
type bridge struct{ adaptertest.Invoker }

func (b bridge) Invoke(ctx context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	input := &lambdav1.InvokeInput{
		FunctionName: in.FunctionName, Qualifier: in.Qualifier, ClientContext: in.ClientContext, Payload: in.Payload,
	}
	if in.InvocationType != "" {
		input.InvocationType = v1.String(string(in.InvocationType))
	}
	if in.LogType != "" {
		input.LogType = v1.String(string(in.LogType))
	}
	out, err := b.InvokeWithContext(ctx, input)
	var failed awserr.Error
	var throttled *lambdav1.TooManyRequestsException
	switch {
	case errors.As(err, &throttled):
		return nil, &types.TooManyRequestsException{Message: throttled.Message_, RetryAfterSeconds: throttled.RetryAfterSeconds}
	case errors.As(err, &failed):
		return nil, &smithy.GenericAPIError{Code: failed.Code(), Message: failed.Message()}
	case err != nil:
		return nil, err
	case out == nil:
		return nil, nil
	}
	return &lambda.InvokeOutput{
		StatusCode: int32(v1.Int64Value(out.StatusCode)), Payload: out.Payload, FunctionError: out.FunctionError,
		ExecutedVersion: out.ExecutedVersion, LogResult: out.LogResult,
	}, nil
}
