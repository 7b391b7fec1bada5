package backend

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/internal/sdkv1"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// TestMain removes the machine's AWS settings.
func TestMain(m *testing.M) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	leaktest.Main(m)
}

const accessKey, secretKey = "AKIDEXAMPLE", "not-a-secret"

// testSDK has fake credentials and an endpoint. It records the delays before retries instead of
// waiting.
type testSDK struct {
	endpoint  string
	delays    *[]time.Duration  // nil drops them
	transport http.RoundTripper // nil means http.DefaultTransport
	retries   *int              // without max_retries; nil means 3
	token     string            // the session token; may be empty
}

// Client implements invoke.SDK.
func (s testSDK) Client(settings invoke.Settings) (*invoke.Client, invoke.Found, error) {
	found := invoke.Found{Region: cmp.Or(settings.Region, "us-west-2"), Endpoint: cmp.Or(settings.Endpoint, s.endpoint)}
	t := impatient(s.delays)
	t.Endpoint, t.Region, t.Credentials, t.Transport = found.Endpoint, found.Region, staticCredentials(s.token), s.transport
	if s.retries != nil {
		t.MaxRetries = *s.retries
	}
	c, err := invoke.New(t, nil)
	return c, found, err
}

// impatient returns a target that records delays instead of waiting.
func impatient(delays *[]time.Duration) invoke.Target {
	return invoke.Target{MaxRetries: 3, Sleep: func(ctx context.Context, d time.Duration) error {
		if delays != nil {
			*delays = append(*delays, d)
		}
		return ctx.Err()
	}}
}

// staticCredentials are fixed credentials with this session token.
type staticCredentials string

func (token staticCredentials) Retrieve(context.Context) (sigv4.Credentials, uint64, error) {
	return sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: string(token)}, 1, nil
}
func (staticCredentials) MarkValid(uint64)   {}
func (staticCredentials) MarkExpired(uint64) {}
func (staticCredentials) MarkInvalid(uint64) {}

// withInvoker returns a factory with an Invoker of aws-sdk-go, as a build sets it. It does not wait
// either.
func withInvoker(l Logger, i sdkv1.Invoker) *Factory {
	_, streams := i.(sdkv1.StreamInvoker)
	f := NewFactory(Options{Logger: l, Invoker: sdkv1.NewAttempter(i), InvokerRetries: sdkv1.MaxRetries(i), InvokerStreams: streams})
	t := impatient(nil)
	t.MaxRetries = f.InvokerRetries
	f.invoker = invoke.NewWith(f.Invoker, t)
	return f
}

// recorder is a Logger that keeps its lines.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) log(level string, v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, level+" "+strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
}

func (r *recorder) Debug(v ...any)   { r.log("DEBUG", v) }
func (r *recorder) Info(v ...any)    { r.log("INFO", v) }
func (r *recorder) Warning(v ...any) { r.log("WARNING", v) }
func (r *recorder) Error(v ...any)   { r.log("ERROR", v) }

// level returns the lines of one level.
func (r *recorder) level(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, l := range r.lines {
		if strings.HasPrefix(l, name+" ") {
			lines = append(lines, l)
		}
	}
	return lines
}

// ns returns settings with a namespace.
func ns(settings any) []Setting { return []Setting{{"test", settings}} }

// do calls b's function and returns the reply.
func do(ctx context.Context, b *Backend, r *Request) (response *http.Response, err error) {
	err = b.Invoke(ctx, r, func(reply *http.Response) error {
		response = reply
		if b.format == raw { // the body is the client's
			return nil
		}
		body, err := io.ReadAll(reply.Body)
		if len(body) > 0 {
			reply.Body = io.NopCloser(bytes.NewReader(body))
		}
		return err
	})
	return response, err
}
