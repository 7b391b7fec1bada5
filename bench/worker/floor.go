package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// floorCaller calls without the SDK but for its signer: what is left is what AWS itself
// asks of a caller, written without a thought for speed.
func floorCaller(t load.Target) (load.Caller, error) {
	signer := v4.NewSigner(credentials.NewEnvCredentials())
	url := t.URL + "/2015-03-31/functions/" + t.Function + "/invocations"
	return func(ctx context.Context, payload io.ReadCloser) (load.Reply, error) {
		b, err := io.ReadAll(payload)
		if err != nil {
			return load.Reply{}, err
		}
		content := bytes.NewReader(b)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, content)
		if err != nil {
			return load.Reply{}, err
		}
		if _, err := signer.Sign(r, content, "lambda", load.Region, time.Now()); err != nil {
			return load.Reply{}, err
		}
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			return load.Reply{}, err
		}
		if reply.StatusCode != http.StatusOK {
			reply.Body.Close()
			return load.Reply{}, fmt.Errorf("the reply is a %s", reply.Status)
		}
		if t.NoOp {
			return load.Reply{Body: reply.Body}, nil
		}
		defer reply.Body.Close()
		data, err := load.DecodeJSON(reply.Body)
		if err == nil {
			// Without its end, the connection is not used again.
			_, err = io.Copy(io.Discard, reply.Body)
		}
		return load.Reply{Data: data}, err
	}, nil
}
