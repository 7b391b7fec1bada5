package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/devopsfaith/krakend-lambda/bench/load"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// verify has each contestant make one call to a server that verifies the signature and
// keeps the payload. The Invoke API of the measurements only looks at the form.
func (l *lab) verify(ctx context.Context) error {
	reply, err := load.NewDocument(small)
	if err != nil {
		return err
	}
	payload, err := load.NewDocument(medium)
	if err != nil {
		return err
	}
	const function = "verify"
	server := lambdatest.NewServer(map[string]any{
		function: func(context.Context, json.RawMessage) (json.RawMessage, error) { return reply.Bytes, nil },
	})
	defer server.Close()
	server.RequireCredentials(load.AccessKeyID, load.SecretAccessKey)

	for _, c := range l.chosen() {
		server.Reset()
		ws, err := l.workers(ctx, []contestant{c})
		if err != nil {
			return err
		}
		_, err = ws[0].do(load.Command{
			Op:          load.Measure,
			Target:      load.Target{URL: server.URL, Function: function},
			PayloadSize: len(payload.Bytes),
			ReplySize:   len(reply.Bytes),
			Concurrency: 1,
			Calls:       1,
		})
		if err = errors.Join(err, closeAll(ws)); err == nil {
			err = oneVerified(server.Calls(), payload.Bytes)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

// oneVerified tells where the calls are not one that was executed with the payload.
func oneVerified(calls []lambdatest.Call, payload []byte) error {
	if len(calls) != 1 {
		return fmt.Errorf("it has made %d calls, not 1", len(calls))
	}
	switch c := calls[0]; {
	case !c.Executed:
		return errors.New("its call was refused")
	case c.Region != load.Region:
		return fmt.Errorf("its call is signed for %q", c.Region)
	case !bytes.Equal(c.Payload, payload):
		return fmt.Errorf("its call has %d bytes that are not the payload of %d", len(c.Payload), len(payload))
	}
	return nil
}
