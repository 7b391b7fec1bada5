package backend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
)

// TestMain keeps what the machine knows of AWS away from the tests.
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

// testSession has fake credentials, an endpoint, and no patience: the delays
// before retries are recorded, not waited for.
func testSession(t *testing.T, endpoint string, delays *[]time.Duration) *session.Session {
	t.Helper()
	s, err := session.NewSession(&aws.Config{
		Region:      aws.String("us-west-2"),
		Endpoint:    aws.String(endpoint),
		Credentials: credentials.NewStaticCredentials(accessKey, secretKey, ""),
		SleepDelay: func(d time.Duration) {
			if delays != nil {
				*delays = append(*delays, d)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
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

// ns puts settings under a namespace.
func ns(settings any) []Setting { return []Setting{{"test", settings}} }

// invoke has b execute its function and keeps the reply.
func invoke(ctx context.Context, b *Backend, r *Request) (response *http.Response, err error) {
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

// lookedFor waits for the lookup of credentials that a backend has started.
func lookedFor(b *Backend) {
	b.keeper.mu.Lock()
	running := b.keeper.running
	b.keeper.mu.Unlock()
	if running != nil {
		<-running
	}
}
