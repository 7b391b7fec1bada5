package lambda_test

import (
	"context"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/encoding"
	"github.com/devopsfaith/krakend/logging"
	"github.com/devopsfaith/krakend/proxy"
)

// A build that restarts its router in one process makes a new factory each time. The backends of the
// old factories leave no goroutines.
func TestRestartsLeaveNoGoroutines(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	s := lambdatest.NewServer(map[string]any{"f": func() (map[string]int, error) { return map[string]int{"n": 1}, nil }})
	defer s.Close()
	for range 20 {
		call := lambda.BackendFactory(nil, lambda.WithLogger(logging.NoOp))(&config.Backend{
			Timeout: time.Minute,
			Decoder: encoding.NewJSONDecoder(false),
			ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
				"function_name": "f", "region": "us-west-2", "endpoint": s.URL,
			}},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := call(ctx, &proxy.Request{Method: "GET", Body: io.NopCloser(strings.NewReader(""))}); err != nil {
			t.Error(err)
		}
		cancel()
	}
	if calls := len(s.Calls()); calls != 20 {
		t.Errorf("got %d calls, want 20", calls)
	}
	left := ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if left = goroutinesOfBackends(); left == "" {
			return
		}
	}
	t.Errorf("got these goroutines after the restarts:\n%s", left)
}

var ofBackends = regexp.MustCompile(`krakend-lambda[a-z0-9/]*/internal/(backend|credentials|invoke|sdkv[12])\.`)

// goroutinesOfBackends returns the stacks of goroutines in packages of the backends.
func goroutinesOfBackends() string {
	buf := make([]byte, 1<<20)
	var left []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if ofBackends.MatchString(stack) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}
