package main

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// sdkCaller calls the SDK's client and decodes the payload: the least that a user of the
// SDK has to do.
func sdkCaller(t load.Target) (load.Caller, error) {
	s, err := session.NewSession(aws.NewConfig().WithRegion(load.Region).WithEndpoint(t.URL))
	if err != nil {
		return nil, err
	}
	client := lambda.New(s)
	return func(ctx context.Context, payload io.ReadCloser) (load.Reply, error) {
		b, err := io.ReadAll(payload)
		if err != nil {
			return load.Reply{}, err
		}
		out, err := client.InvokeWithContext(ctx, &lambda.InvokeInput{
			FunctionName: aws.String(t.Function),
			Payload:      b,
		})
		if err != nil {
			return load.Reply{}, err
		}
		if out.FunctionError != nil {
			return load.Reply{}, errors.New(*out.FunctionError)
		}
		if t.NoOp {
			return load.Reply{Body: bytes.NewReader(out.Payload)}, nil
		}
		data, err := load.DecodeJSON(bytes.NewReader(out.Payload))
		return load.Reply{Data: data}, err
	}, nil
}
