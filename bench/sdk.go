package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/config"
	lambda2 "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	lambda1 "github.com/aws/aws-sdk-go/service/lambda"
)

// sdk1 returns the contestant aws-sdk-go alone, the SDK of KrakenD 1.x.
func sdk1() contestant {
	return contestant{name: "sdk-1.4", title: "aws-sdk-go alone", open: func(s settings) (caller, error) {
		sess, err := session.NewSession(aws.NewConfig().WithRegion(region).WithEndpoint(s["endpoint"].(string)))
		if err != nil {
			return nil, err
		}
		client, function := lambda1.New(sess), s["function_name"].(string)
		return func(ctx context.Context, payload io.ReadCloser) (map[string]any, error) {
			b, err := io.ReadAll(payload)
			if err != nil {
				return nil, err
			}
			out, err := client.InvokeWithContext(ctx, &lambda1.InvokeInput{FunctionName: &function, Payload: b})
			if err != nil {
				return nil, err
			}
			return decode(out.Payload)
		}, nil
	}}
}

// sdk2 returns the contestant aws-sdk-go-v2 alone, the SDK of KrakenD 2. It uses KrakenD's transport,
// because its own keeps only 10 idle connections for a host.
func sdk2() contestant {
	return contestant{name: "sdk", title: "aws-sdk-go-v2 alone", open: func(s settings) (caller, error) {
		cfg, err := config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(plainBodies{http.DefaultClient}), config.WithBaseEndpoint(s["endpoint"].(string)))
		if err != nil {
			return nil, err
		}
		client, function := lambda2.NewFromConfig(cfg), s["function_name"].(string)
		return func(ctx context.Context, payload io.ReadCloser) (map[string]any, error) {
			b, err := io.ReadAll(payload)
			if err != nil {
				return nil, err
			}
			out, err := client.Invoke(ctx, &lambda2.InvokeInput{FunctionName: &function, Payload: b})
			if err != nil {
				return nil, err
			}
			return decode(out.Payload)
		}, nil
	}}
}

// plainBodies hides the WriteTo of request bodies. With it the SDK makes net/http close a good
// connection in one call of a thousand, and executes the function again
// (findings/sdk-v2-executes-twice.sh): the API would get more calls than were made.
type plainBodies struct{ *http.Client }

// Do implements aws.HTTPClient.
func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	r.Body = struct{ io.ReadCloser }{r.Body}
	return c.Client.Do(r)
}

// decode is KrakenD's decoder for JSON.
func decode(b []byte) (data map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&data)
	return data, err
}
