package lambdatest_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestStreamCut(t *testing.T) {
	for name, test := range map[string]struct {
		point  lambdatest.CutPoint
		header bool // whether the SDK gets as far as the stream
		chunks string
		clean  bool // whether the SDK takes the cut for the end of the stream
		reads  int
	}{
		"before the headers": {lambdatest.BeforeHeaders, false, "", false, 0},
		"within the headers": {lambdatest.WithinHeaders, false, "", false, 0},
		"after the headers":  {lambdatest.AfterHeaders, true, "", false, 0},
		"within the body":    {lambdatest.WithinBody, true, "a", false, 1},
		"before complete":    {lambdatest.BeforeComplete, true, "ab", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			reads, closed := 0, false
			server := newServer(t, map[string]any{"f": func() (io.ReadCloser, error) {
				s, _ := scripted(give("a"), give("b"))()
				return closer{
					func(p []byte) (int, error) { reads++; return s.Read(p) },
					func() { closed = true },
				}, nil
			}})
			server.Fail("f", lambdatest.Cut(test.point))
			client := newClient(t, server)
			in := &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")}
			out, err := client.InvokeWithResponseStream(t.Context(), in)
			if (err == nil) != test.header {
				t.Fatalf("got error %v", err)
			}
			if err == nil {
				got := drain(t, out)
				if got.payload() != test.chunks || got.complete != nil || (got.err == nil) != test.clean {
					t.Errorf("got %q, %v and error %v, want %q", got.payload(), got.complete, got.err, test.chunks)
				}
			}
			server.Close() // and so wait for the handler
			if reads != test.reads || !closed {
				t.Errorf("got %d reads, closed %t, want %d, true", reads, closed, test.reads)
			}
			if !server.Calls()[0].Executed {
				t.Error("the call is not marked executed")
			}
		})
	}
}

// A closer reads and closes with functions. JSON cannot encode it.
type closer struct {
	ReadFunc  func([]byte) (int, error)
	CloseFunc func()
}

func (c closer) Read(p []byte) (int, error) { return c.ReadFunc(p) }

func (c closer) Close() error { c.CloseFunc(); return nil }

func TestStreamCutWithoutChunks(t *testing.T) {
	for _, point := range []lambdatest.CutPoint{lambdatest.WithinBody, lambdatest.BeforeComplete} {
		server := newServer(t, map[string]any{"f": scripted()})
		server.Fail("f", lambdatest.Cut(point))
		got := drain(t, openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")}))
		if got.chunks != nil || got.complete != nil || (got.err == nil) != (point == lambdatest.BeforeComplete) {
			t.Errorf("cut at %d: got %+v", point, got)
		}
	}
}

// An error that is too large for a message has the effect of a cut.
func TestStreamErrorTooLarge(t *testing.T) {
	got := stream(t, func() error { return errors.New(strings.Repeat("x", 17<<20)) })
	if got.complete != nil || got.err == nil {
		t.Errorf("got %v, want an error", got.complete)
	}
}

func TestStreamCallerGoesAway(t *testing.T) {
	chunks := make(chan string, 1)
	sources := make(chan *source, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		s := newSource(ctx, chunks)
		sources <- s
		return s, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	chunks <- "a"
	if got, want := nextChunk(t, out), "a"; got != want {
		t.Errorf("got chunk %q, want %q", got, want)
	}
	s := receive(t, "the reader", sources)
	if err := s.ctx.Err(); err != nil {
		t.Errorf("got %v from the handler's context before the caller disconnected", err)
	}
	out.GetStream().Close()
	receive(t, "the end of the handler's context", s.ctx.Done())
	receive(t, "the reader to be closed", s.closed)
}

// If a reader ignores its context, the server stops reading from it.
func TestStreamCallerGoesAwayFromEndlessReader(t *testing.T) {
	closed := make(chan struct{})
	server := newServer(t, map[string]any{"f": func() (io.Reader, error) {
		return closer{func(p []byte) (int, error) { return len(p), nil }, func() { close(closed) }}, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	nextChunk(t, out)
	out.GetStream().Close()
	receive(t, "the reader to be closed", closed)
}

func TestStreamCallerGoesAwayBeforeTheReply(t *testing.T) {
	started := make(chan struct{}, 1)
	ended := make(chan error, 1)
	closed := make(chan struct{})
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		ended <- hang(started)(ctx)
		return closer{CloseFunc: func() { close(closed) }}, nil
	}})
	client := newClient(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := client.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
		answered <- err
	}()
	receive(t, "the execution", started)
	cancel()
	if err := receive(t, "the caller", answered); err == nil {
		t.Error("got an answer, want the caller to disconnect")
	}
	if err := receive(t, "the handler", ended); err != context.Canceled {
		t.Errorf("got %v from the handler's context, want %v", err, context.Canceled)
	}
	receive(t, "the reader to be closed", closed)
}

func TestCloseDuringStream(t *testing.T) {
	chunks := make(chan string, 1)
	sources := make(chan *source, 1)
	server := newServer(t, map[string]any{"f": func(ctx context.Context) (io.Reader, error) {
		s := newSource(ctx, chunks)
		sources <- s
		return s, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	chunks <- "a"
	nextChunk(t, out)

	server.Close()
	select {
	case <-receive(t, "the reader", sources).closed:
	default:
		t.Error("Close returned before the reader was closed")
	}
	if got := drain(t, out); got.chunks != nil || got.complete != nil || got.err == nil {
		t.Errorf("got %+v, want the stream to break", got)
	}
}

// Neither the server nor the client keeps what it streams in memory.
func TestStreamMemory(t *testing.T) {
	const size, atMost = 32 << 20, 8 << 20
	server := newServer(t, map[string]any{"f": func() (io.Reader, error) {
		left := size
		return closer{func(p []byte) (int, error) {
			n := min(left, len(p))
			if left -= n; left == 0 {
				return n, io.EOF
			}
			return n, nil
		}, func() {}}, nil
	}})
	out := openStream(t, newClient(t, server), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	before := liveHeap()
	got := 0
	for got < size/2 {
		got += len(nextChunk(t, out))
	}
	if grown := liveHeap() - before; grown > atMost {
		t.Errorf("got %d bytes of live heap more than at the start, want %d at most", grown, atMost)
	}
	for got < size {
		got += len(nextChunk(t, out))
	}
	checkComplete(t, drain(t, out))
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
