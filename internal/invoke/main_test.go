package invoke

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper. As net/http does, it reads and closes the payload.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	r.Body.Close()
	return f(r)
}

// answer returns an answer of the Invoke API. header alternates names and values.
func answer(status int, body string, header ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

// refusal returns an answer with an error code of AWS.
func refusal(status int, code string, header ...string) *http.Response {
	return answer(status, `{"message":"no"}`, append([]string{"X-Amzn-Errortype", code, "X-Amzn-Requestid", "1"}, header...)...)
}

// step is a transport's reaction to an attempt.
type step func(*http.Request) (*http.Response, error)

func good(*http.Request) (*http.Response, error) {
	return answer(http.StatusOK, `"tea"`, "X-Amzn-Requestid", "2"), nil
}

func refuses(status int, code string, header ...string) step {
	return func(*http.Request) (*http.Response, error) { return refusal(status, code, header...), nil }
}

func fails(err error) step { return func(*http.Request) (*http.Response, error) { return nil, err } }

// world is the environment of a client in a test: transport, time and delays. No time passes, and
// everything is recorded.
type world struct {
	Target

	mu       sync.Mutex
	attempts []*http.Request
	delays   []time.Duration
	warnings []string
}

// newWorld returns a world whose transport makes these steps and repeats the last one.
func newWorld(steps ...step) *world {
	w := &world{Target: Target{
		Endpoint: "https://lambda.us-west-2.amazonaws.com", Region: "us-west-2", MaxRetries: 3, UserAgent: "test",
		Now: func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) },
	}}
	w.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		do := steps[min(len(w.attempts), len(steps)-1)]
		w.attempts = append(w.attempts, r)
		w.mu.Unlock()
		return do(r)
	})
	w.Sleep = func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.delays = append(w.delays, d)
		return ctx.Err()
	}
	return w
}

func (w *world) client(t testing.TB) *Client {
	t.Helper()
	c, err := New(w.Target, func(warning string) { w.warnings = append(w.warnings, warning) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// all is the policy of a backend without settings.
func all() *Policy { return &Policy{MaxRetries: -1, MaxReply: maxReply} }

// invoke calls the function f and reads its reply.
func invoke(ctx context.Context, c *Client, p *Policy) (string, error) {
	return send(ctx, c, p, &Request{Function: "f", Payload: PayloadOf([]byte(`{"a":"b"}`))})
}

func send(ctx context.Context, c *Client, p *Policy, r *Request) (reply string, err error) {
	err = c.Invoke(ctx, r, p, func(response *Response) error {
		payload := response.Payload
		if response.Rest != nil {
			rest, err := io.ReadAll(response.Rest)
			response.Rest.Finish(err == nil)
			if err != nil {
				return err
			}
			payload = append(payload, rest...)
		}
		for response.Events != nil {
			chunk, _, err := response.Events.Next()
			if err == io.EOF {
				response.Events.Close()
				break
			}
			if err != nil {
				return err
			}
			payload = append(payload, chunk...)
		}
		reply = string(payload)
		return nil
	})
	return reply, err
}

// errorOf returns err as an *Error. It fails the test for other types.
func errorOf(t testing.TB, err error) *Error {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("got %T %v, want an *Error", err, err)
	}
	return e
}

// testCredentials get a new version when they are marked expired. Their session token is the version.
type testCredentials struct {
	mu      sync.Mutex
	version uint64
	err     error // of Retrieve; may be nil
	marks   []string
}

// Retrieve implements Credentials.
func (c *testCredentials) Retrieve(context.Context) (sigv4.Credentials, uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	token := string('0' + rune(c.version))
	return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret", SessionToken: token}, c.version, c.err
}

func (c *testCredentials) mark(what string, version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.marks = append(c.marks, what+" "+string('0'+rune(version)))
	if what == "expired" && version == c.version {
		c.version++
	}
}

func (c *testCredentials) MarkValid(version uint64)   { c.mark("valid", version) }
func (c *testCredentials) MarkExpired(version uint64) { c.mark("expired", version) }
func (c *testCredentials) MarkInvalid(version uint64) { c.mark("invalid", version) }

var errReset = errors.New("connection reset by peer")
