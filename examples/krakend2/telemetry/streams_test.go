package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// ends receives the spans of invocations when they end.
type ends chan sdk.ReadOnlySpan

var _ sdk.SpanProcessor = ends(nil)

func (ends) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (e ends) OnEnd(s sdk.ReadOnlySpan) {
	if strings.HasPrefix(s.Name(), "Lambda.") {
		e <- s
	}
}
func (ends) Shutdown(context.Context) error   { return nil }
func (ends) ForceFlush(context.Context) error { return nil }

// The span of a stream ends with the stream: after the last byte, when the function fails, or when the
// client goes away. It has the number of bytes that were read.
func TestSpanOfAStream(t *testing.T) {
	const attributes = "faas.invoked_name=stream faas.invoked_provider=aws faas.invoked_region=eu-west-1 faas.version=$LATEST" +
		" http.response.status_code=200 krakend.lambda.attempts=1 krakend.lambda.payload.size=15 krakend.lambda.reply.size="
	for name, tc := range map[string]struct {
		// end ends a stream after the client has read its first word.
		end        func(function *io.PipeWriter, leave context.CancelFunc)
		attributes string
		status     sdk.Status
	}{
		"whole": {
			func(function *io.PipeWriter, _ context.CancelFunc) {
				io.WriteString(function, "words long")
				function.Close()
			},
			attributes + "16", sdk.Status{},
		},
		"a function that fails": {
			func(function *io.PipeWriter, _ context.CancelFunc) {
				function.CloseWithError(errors.New("out of words"))
			},
			"error.type=errorString " + strings.Replace(attributes, " faas.version=$LATEST", " faas.version=live", 1) + "6",
			sdk.Status{Code: codes.Error, Description: "errorString"},
		},
		"a client that leaves": {
			func(_ *io.PipeWriter, leave context.CancelFunc) { leave() },
			"error.type=ClientGone " + strings.Replace(attributes, " faas.version=$LATEST", " faas.version=live", 1) + "6",
			sdk.Status{Code: codes.Error, Description: "ClientGone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(ends, 1)
			g := start(t, map[string]map[string]any{"stream": {"function_name": "stream:live", "stream": true}}, sdk.WithSpanProcessor(ended))
			reply, function := io.Pipe()
			defer function.Close()
			g.api.Handle("stream", func() (io.Reader, error) { return reply, nil })
			server := httptest.NewServer(g.handler)
			defer server.Close()
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/stream", strings.NewReader(`{"tea":"assam"}`))
			if err != nil {
				t.Fatal(err)
			}
			go io.WriteString(function, "three ")
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()

			if _, err := io.ReadFull(response.Body, make([]byte, 6)); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ended:
				t.Error("the span ended before its stream")
			default:
			}
			before := time.Now()
			tc.end(function, leave)
			_, _ = io.Copy(io.Discard, response.Body)

			s := <-ended
			if s.EndTime().Before(before) {
				t.Errorf("the span ended at %v, before its stream at %v", s.EndTime(), before)
			}
			if got, want := s.Name(), "Lambda.InvokeWithResponseStream"; got != want {
				t.Errorf("got the span %q, want %q", got, want)
			}
			if got := text(s.Attributes()); got != tc.attributes {
				t.Errorf("got the attributes\n%s\nwant\n%s", got, tc.attributes)
			}
			if got := s.Status(); got != tc.status {
				t.Errorf("got the status %+v, want %+v", got, tc.status)
			}
		})
	}
}
