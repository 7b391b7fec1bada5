package lambdatest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// tail invokes a function for its log.
func tail(t *testing.T, handler any) (log, requestID string) {
	t.Helper()
	server := newServer(t, map[string]any{"f": handler})
	log = tailOf(t, server, "3")
	call := server.Calls()[0]
	if got, want := call.LogType, "Tail"; got != want {
		t.Errorf("got log type %q, want %q", got, want)
	}
	return log, call.RequestID
}

// tailOf invokes the function f of a server for its log.
func tailOf(t *testing.T, server *lambdatest.Server, qualifier string) string {
	t.Helper()
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{
		FunctionName: aws.String("f"),
		Qualifier:    aws.String(qualifier),
		LogType:      types.LogTypeTail,
	})
	decoded, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}

func TestLogTail(t *testing.T) {
	for name, test := range map[string]struct {
		handler any
		want    string
	}{
		"nothing written": {func() {}, ""},
		"lines": {func(ctx context.Context) {
			fmt.Fprintln(lambdatest.LogWriter(ctx), "one")
			fmt.Fprintln(lambdatest.LogWriter(ctx), "two")
		}, "one\ntwo\n"},
		"an open line":     {func(ctx context.Context) { fmt.Fprint(lambdatest.LogWriter(ctx), "one") }, "one\n"},
		"a function error": {func() error { return errors.New("broken") }, `{"errorMessage":"broken","errorType":"errorString"}` + "\n"},
		"a context's child": {func(ctx context.Context) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			fmt.Fprintln(lambdatest.LogWriter(ctx), "child")
		}, "child\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, id := tail(t, test.handler)
			want := regexp.MustCompile(`^START RequestId: ` + id + ` Version: 3\n` + regexp.QuoteMeta(test.want) +
				`END RequestId: ` + id + `\nREPORT RequestId: ` + id + `\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\n$`)
			if !want.MatchString(got) {
				t.Errorf("got log %q, want it to match %s", got, want)
			}
		})
	}
}

func TestLogKeepsTheLast4KB(t *testing.T) {
	for name, size := range map[string]int{"in small writes": 10, "in one": 10_000, "in some": 3000} {
		t.Run(name, func(t *testing.T) {
			got, id := tail(t, func(ctx context.Context) error {
				log := lambdatest.LogWriter(ctx)
				for written := 0; written < 10_000; {
					n, err := io.WriteString(log, strings.Repeat("x", size-1)+"\n")
					if n != size || err != nil {
						return fmt.Errorf("wrote %d, %v", n, err)
					}
					written += n
				}
				return nil
			})
			if got, want := len(got), 4096; got != want {
				t.Errorf("got %d bytes, want %d", got, want)
			}
			if strings.Contains(got, "START") || !strings.Contains(got, "xxxx\nEND RequestId: "+id) {
				t.Errorf("got log %q, want its end", got)
			}
		})
	}
}

func TestLogOnlyWhereAskedFor(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	client := newClient(t, server)
	for _, in := range []*lambda.InvokeInput{
		{},
		{LogType: types.LogTypeNone},
		{LogType: types.LogTypeTail, InvocationType: types.InvocationTypeEvent},
		{LogType: types.LogTypeTail, InvocationType: types.InvocationTypeDryRun},
	} {
		in.FunctionName = aws.String("echo")
		if out := mustInvoke(t, client, in); out.LogResult != nil {
			t.Errorf("got log %q for %v, want none", *out.LogResult, in)
		}
	}
}

func TestLogWriterIsSafe(t *testing.T) {
	got, _ := tail(t, func(ctx context.Context) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { fmt.Fprintln(lambdatest.LogWriter(ctx), "line") })
		}
		wg.Wait()
	})
	if got, want := strings.Count(got, "line\n"), 8; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
}

func TestLogWriterOfAForeignContext(t *testing.T) {
	if got, want := lambdatest.LogWriter(t.Context()), io.Discard; got != want {
		t.Errorf("got %v, want io.Discard", got)
	}
}

// The first execution of a function, and of each version, reports a cold start.
func TestInitDuration(t *testing.T) {
	server := newServer(t, nil)
	ok := func() {}
	f := lambdatest.Function{Handler: ok, Versions: map[string]any{"1": ok}, InitDuration: 120500 * time.Microsecond}
	const cold = "\tInit Duration: 120.50 ms\n"
	for round := range 2 {
		server.Handle("f", f)
		for i, call := range []struct {
			qualifier string
			cold      bool
		}{{"$LATEST", true}, {"$LATEST", false}, {"1", true}, {"1", false}} {
			if got := tailOf(t, server, call.qualifier); strings.HasSuffix(got, cold) != call.cold || strings.Contains(got, "Init") != call.cold {
				t.Errorf("round %d, call %d: got %q, want a cold start: %v", round, i, got, call.cold)
			}
		}
	}
}
