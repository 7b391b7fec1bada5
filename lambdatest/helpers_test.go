package lambdatest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	keyID  = "AKIDEXAMPLE"
	secret = "not-a-secret"
	region = "eu-west-1"

	invocations = "/2015-03-31/functions/%s/invocations"
)

// TestMain fails the run if a test leaves a goroutine of a server behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !eventually(func() bool { return len(serverGoroutines()) == 0 }) {
		fmt.Println("left behind:\n" + strings.Join(serverGoroutines(), "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// serverGoroutines returns the stacks of all goroutines that work for a server.
func serverGoroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var stacks []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		for _, frame := range []string{"net/http.(*Server).Serve(", "net/http.(*conn).serve(", "lambdatest.(*Server)."} {
			if strings.Contains(stack, frame) {
				stacks = append(stacks, stack)
				break
			}
		}
	}
	return stacks
}

// eventually waits for a condition and reports whether it became true. Only tests that fail
// reach its time limit.
func eventually(condition func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if condition() {
			return true
		}
	}
	return condition()
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	if !eventually(condition) {
		t.Fatalf("gave up waiting for %s", what)
	}
}

func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("gave up waiting for %s", what)
		panic("unreachable")
	}
}

func newServer(t *testing.T, functions map[string]any) *lambdatest.Server {
	t.Helper()
	server := lambdatest.NewServer(functions)
	t.Cleanup(server.Close)
	return server
}

// echo returns its event as it came.
func echo(event json.RawMessage) (json.RawMessage, error) { return event, nil }

// newClient returns an SDK client that does not retry.
func newClient(t *testing.T, server *lambdatest.Server) *lambda.Client {
	t.Helper()
	return newClientWithKey(t, server, aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret})
}

func newClientWithKey(t *testing.T, server *lambdatest.Server, key aws.Credentials) *lambda.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return lambda.New(lambda.Options{
		BaseEndpoint:     aws.String(server.URL),
		Region:           region,
		Credentials:      aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
		HTTPClient:       &http.Client{Transport: plainBodies{transport}},
		RetryMaxAttempts: 1,
	})
}

// plainBodies hides the WriteTo of request bodies. The SDK closes a body early, and its WriteTo then
// makes net/http close the connection (findings/sdk-v2-executes-twice.sh).
type plainBodies struct{ http.RoundTripper }

func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.RoundTripper.RoundTrip(r)
}

func mustInvoke(t *testing.T, client *lambda.Client, in *lambda.InvokeInput) *lambda.InvokeOutput {
	t.Helper()
	out, err := client.Invoke(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkAPIError checks the status and the type of an error from the SDK.
func checkAPIError(t *testing.T, err error, status int, code string) smithy.APIError {
	t.Helper()
	var failure smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &failure) || !errors.As(err, &response) {
		t.Fatalf("got error %v, want an error of the API", err)
	}
	if response.HTTPStatusCode() != status || failure.ErrorCode() != code {
		t.Errorf("got %d %s, want %d %s (%v)", response.HTTPStatusCode(), failure.ErrorCode(), status, code, err)
	}
	if response.ServiceRequestID() == "" {
		t.Error("got no request id")
	}
	return failure
}

// newRequest returns an unsigned invocation.
func newRequest(t *testing.T, server *lambdatest.Server, function, payload string) *http.Request {
	t.Helper()
	url := server.URL + fmt.Sprintf(invocations, function)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// sign signs a request as the SDK does.
func sign(t *testing.T, req *http.Request, payload, service string) {
	t.Helper()
	signWith(t, req, aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, payload, service)
}

func signWith(t *testing.T, req *http.Request, key aws.Credentials, payload, service string) {
	t.Helper()
	hash := sha256.Sum256([]byte(payload))
	err := v4.NewSigner().SignHTTP(t.Context(), key, req, hex.EncodeToString(hash[:]), service, region, time.Now())
	if err != nil {
		t.Fatal(err)
	}
}

// An answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// exchange sends a request over a new connection and returns all that comes
// back before the server closes it.
func exchange(t *testing.T, server *lambdatest.Server, req *http.Request) string {
	t.Helper()
	conn := dial(t, server)
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := io.Copy(&got, conn); err != nil {
		t.Fatal(err)
	}
	return got.String()
}

func dial(t *testing.T, server *lambdatest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// hang is a handler that reports its call and waits for its context to end.
func hang(started chan<- struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		started <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
}
