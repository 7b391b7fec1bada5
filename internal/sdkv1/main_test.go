package sdkv1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// TestMain removes the machine's AWS settings.
func TestMain(m *testing.M) {
	if url := os.Getenv(processURL); url != "" {
		http.Get(fmt.Sprint(url, "?pid=", os.Getpid()))
		return
	}
	sdktest.HideEnvironment()
	leaktest.Main(m)
}

const accessKey, secretKey = "AKIDEXAMPLE", "not-a-secret"

// testSession has fake credentials and an endpoint.
func testSession(t *testing.T, endpoint string) *session.Session {
	t.Helper()
	s, err := session.NewSession(&aws.Config{
		Region:      aws.String("us-west-2"),
		Endpoint:    aws.String(endpoint),
		Credentials: credentials.NewStaticCredentials(accessKey, secretKey, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recorder is a Logger that records its lines.
type recorder struct {
	mu      sync.Mutex
	lines   []string
	changed chan struct{} // closed at the next line; nil before the first wait
}

func (r *recorder) log(level string, v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, level+" "+strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func (r *recorder) Debug(v ...any)   { r.log("DEBUG", v) }
func (r *recorder) Info(v ...any)    { r.log("INFO", v) }
func (r *recorder) Warning(v ...any) { r.log("WARNING", v) }
func (r *recorder) Error(v ...any)   { r.log("ERROR", v) }

// await waits for a line with this prefix.
func (r *recorder) await(t *testing.T, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r.mu.Lock()
		if slices.ContainsFunc(r.lines, func(line string) bool { return strings.HasPrefix(line, prefix) }) {
			r.mu.Unlock()
			return
		}
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no line begins with %q", prefix)
		}
	}
}

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

// What sdkv2 uses as well.
var (
	writeFile               = sdktest.WriteFile
	environment             = sdktest.Environment
	call                    = sdktest.Call
	replaceDefaultTransport = sdktest.ReplaceDefaultTransport
	redirectHost            = sdktest.RedirectHost
	newSTS                  = sdktest.NewSTS
)

type roundTripper = sdktest.RoundTripper

const (
	defaultKeys = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n"
	shopKeys    = "[shop]\naws_access_key_id = AKIDSHOP\naws_secret_access_key = s\n"
)

var keysOfEnvironment = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}

// api starts an Invoke API with a function f and stops it with the test.
func api(t *testing.T) *lambdatest.Server {
	t.Helper()
	s := lambdatest.NewServer(map[string]any{"f": func() (string, error) { return "a reply of some length", nil }})
	t.Cleanup(s.Close)
	return s
}

// clientOf returns the client for valid settings.
func clientOf(t *testing.T, sdk *SDK, settings invoke.Settings) *invoke.Client {
	t.Helper()
	client, _, err := sdk.Client(settings)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// signer calls a function with these settings. It returns the key and the region of the call's
// signature, or the error.
func signer(t *testing.T, sdk *SDK, settings invoke.Settings) string {
	t.Helper()
	s := api(t)
	settings.Endpoint = s.URL
	if settings.Region == "" {
		settings.Region = "eu-west-1"
	}
	client, _, err := sdk.Client(settings)
	if err != nil {
		return err.Error()
	}
	if err := call(t.Context(), client); err != nil {
		var e *invoke.Error
		if !errors.As(err, &e) || e.Kind != invoke.KindCredentials || len(s.Calls()) != 0 {
			t.Errorf("got %#v after %d calls, want an error of the credentials", err, len(s.Calls()))
		}
		return err.Error()
	}
	call := s.Calls()[0]
	if token := call.Header.Get("X-Amz-Security-Token"); strings.HasPrefix(call.AccessKeyID, "AKIDROLE") != (token == "role-token") {
		t.Errorf("%s: got the session token %q", call.AccessKeyID, token)
	}
	return call.AccessKeyID + " " + call.Region
}

func sign(t *testing.T, settings invoke.Settings) string {
	t.Helper()
	return signer(t, New(nil, &recorder{}, false), settings)
}

// noSleep is a Target.Sleep that does not wait for retries.
func noSleep(context.Context, time.Duration) error { return nil }
