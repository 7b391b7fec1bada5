package adaptertest

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/leaktest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// Namespace is the key of extra_config that every adapter reads.
const Namespace = "github.com/devopsfaith/krakend-lambda"

// Backend describes a backend in a framework's configuration.
type Backend struct {
	URLPattern, Method, Encoding, Group, Target string
	Allow, Deny                                 []string
	Mapping                                     map[string]string
	IsCollection                                bool
	ConcurrentCalls                             int
	Host                                        []string
	ExtraConfig                                 map[string]any
	// HTTP and Proxy are added to ExtraConfig, under the namespaces of the framework's packages
	// for HTTP backends and for proxies. Nil adds nothing.
	HTTP, Proxy map[string]any
}

// Extra returns ExtraConfig with HTTP and Proxy under these namespaces.
func (b Backend) Extra(http, proxy string) map[string]any {
	extra := maps.Clone(b.ExtraConfig)
	for namespace, settings := range map[string]map[string]any{http: b.HTTP, proxy: b.Proxy} {
		if settings == nil {
			continue
		}
		if extra == nil {
			extra = make(map[string]any)
		}
		extra[namespace] = settings
	}
	return extra
}

// Request and Response have the fields that the types of all frameworks share.
type (
	Request struct {
		Method  string
		Params  map[string]string
		Query   map[string][]string
		Headers map[string][]string
		Body    io.ReadCloser
	}
	Response struct {
		Data       map[string]any
		IsComplete bool
		StatusCode int
		Headers    map[string][]string
		Io         io.Reader
	}
)

// Logger is the part of a framework's logger that an adapter writes to.
type Logger interface {
	Debug(v ...any)
	Info(v ...any)
	Warning(v ...any)
	Error(v ...any)
	Critical(v ...any)
	Fatal(v ...any)
}

// Invoker is the type of the same name in every adapter.
type Invoker interface {
	InvokeWithContext(aws.Context, *lambda.InvokeInput, ...request.Option) (*lambda.InvokeOutput, error)
}

// Options are the options of a BackendFactory; nil ones are passed on as nil.
type Options struct {
	Logger  Logger
	Session *session.Session
	Invoker Invoker
	// Transport returns the transport of the backend. Nil is passed on as nil.
	Transport func() http.RoundTripper
	// Report receives what the adapter reports. Nil is passed on as nil.
	Report    func(Report)
	CheckOnly bool
}

// Report is an adapter's report without the configuration. If the report is about another
// configuration, Invokes is "another backend".
type Report struct {
	Invokes, Function, Param string
	Allowed                  []string
	Region, Endpoint, Role   string
	Warnings                 []string
	Err                      error
}

// Built is the adapter's result for a backend.
type Built struct {
	Proxy func(context.Context, *Request) (*Response, error)
	// Host is the backend's host after that.
	Host []string
	// Next tells that the adapter passed the backend to the next factory.
	Next bool
	// Check checks a new backend, which no factory has seen, with the same options.
	// changed tells that Check changed the backend.
	Check func() (r Report, changed bool)
}

// Timeout is the backend timeout that an adapter must pass to its framework: concurrent calls
// end with it.
const Timeout = time.Minute

// Adapter makes a proxy for a backend, and translates both ways like the framework's own
// configuration parser and router. An Encoding that starts with "decoder:panic" selects a
// decoder that panics, and one that starts with "decoder:none" leaves the framework's decoder
// nil.
type Adapter func(Backend, Options) Built

// Main runs the tests of an adapter without the machine's AWS settings.
func Main(m *testing.M) {
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

// Generation describes the differences between KrakenD generations that matter to the table.
type Generation struct {
	// DetailsHaveEncoding: return_error_details also shows the body's content type, in KrakenD
	// 2.
	DetailsHaveEncoding bool
	// ForwardsHost: the routers set X-Forwarded-Host, from KrakenD 1.4 on.
	ForwardsHost bool
}

// Run runs the table and the tests outside it.
func Run(t *testing.T, g Generation, adapter Adapter) {
	for _, tc := range cases {
		if !g.DetailsHaveEncoding {
			tc.data = strings.ReplaceAll(tc.data, `,"http_body_encoding":"application/json"`, "")
		}
		t.Run(tc.name, func(t *testing.T) { tc.run(t, adapter) })
	}
	t.Run("left to next", func(t *testing.T) { leftToNext(t, adapter) })
	t.Run("host", func(t *testing.T) { host(t, adapter) })
	t.Run("panics", func(t *testing.T) { panics(t, adapter) })
	t.Run("context", func(t *testing.T) { contextEnds(t, adapter) })
	t.Run("invoker", func(t *testing.T) { invoker(t, adapter) })
	t.Run("nil options", func(t *testing.T) { nilOptions(t, adapter) })
	t.Run("report", func(t *testing.T) { report(t, adapter) })
	t.Run("check only", func(t *testing.T) { checkOnly(t, adapter) })
	t.Run("check", func(t *testing.T) { check(t, adapter) })
	t.Run("transport", func(t *testing.T) { transport(t, adapter) })
	t.Run("transport of an error", func(t *testing.T) { badTransport(t, adapter) })
	t.Run("errors", func(t *testing.T) { errorValues(t, adapter) })
	t.Run("request is not changed", func(t *testing.T) { requestUnchanged(t, adapter) })
	t.Run("concurrent calls", func(t *testing.T) { concurrentCalls(t, adapter) })
	t.Run("load", func(t *testing.T) { load(t, adapter) })
	t.Run("connections", func(t *testing.T) { connections(t, adapter) })
	t.Run("stalls", func(t *testing.T) { stalls(t, adapter) })
	t.Run("abandoned", func(t *testing.T) { abandoned(t, adapter) })
	t.Run("statuses", func(t *testing.T) { statuses(t, adapter) })
	t.Run("templates", func(t *testing.T) { templates(t, adapter) })
	t.Run("event", func(t *testing.T) { event(t, g, adapter) })
}

// testCase is a request to a backend that invokes the function f.
type testCase struct {
	name string

	backend  Backend        // without the namespace
	settings map[string]any // besides endpoint; without a function, function_name is f
	request  Request
	body     string // of the request

	reply string            // of the function, sent unchanged
	fails error             // the function's error
	fault *lambdatest.Fault // for every call

	payload  string // what the function must receive; not checked if empty
	function string // the function that must be called; f if empty
	calls    int    // 1 if it is 0, none if it is -1

	data       string // the response's Data as JSON
	bytes      string // the response's Io
	incomplete bool
	headers    []string // names in the metadata, sorted
	metadata   int      // the status in the metadata; 200 if it is 0

	status  int    // of the error; 0 means no error
	message string // of the error
	level   string // of its line in the log; ERROR if empty
}

// anyNumber allows any number of calls.
const anyNumber = -2

func newSession(t *testing.T, endpoint string) *session.Session {
	t.Helper()
	s, err := session.NewSession(&aws.Config{
		Region:      aws.String("us-west-2"),
		Endpoint:    aws.String(endpoint),
		Credentials: credentials.NewStaticCredentials(accessKey, secretKey, ""),
		MaxRetries:  aws.Int(0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// handler is a function whose reply is sent unchanged.
type handler func() ([]byte, error)

func (h handler) Invoke(context.Context, []byte) ([]byte, error) { return h() }

// with adds settings of the namespace to a backend.
func with(b Backend, settings map[string]any) Backend {
	extra := map[string]any{Namespace: settings}
	maps.Copy(extra, b.ExtraConfig)
	b.ExtraConfig = extra
	return b
}

func (tc testCase) run(t *testing.T, adapter Adapter) {
	f := handler(func() ([]byte, error) { return []byte(tc.reply), tc.fails })
	s := lambdatest.NewServer(map[string]any{"f": f, "F": f, "My-lambda": f, "my-lambda": f})
	t.Cleanup(s.Close)
	s.RequireCredentials(accessKey, secretKey)
	if tc.fault != nil {
		s.Fail("*", tc.fault.Always())
	}

	settings := map[string]any{}
	maps.Copy(settings, tc.settings)
	if settings["function_name"] == nil && settings["function_param_name"] == nil {
		settings["function_name"] = "f"
	}
	log := &Recorder{}
	built := adapter(with(tc.backend, settings), Options{Logger: log, Session: newSession(t, s.URL)})
	if built.Next {
		t.Fatal("the adapter passed the backend to the next factory")
	}

	r := tc.request
	if tc.body != "" {
		r.Body = io.NopCloser(strings.NewReader(tc.body))
	}
	response, err := built.Proxy(t.Context(), &r)

	if lines := log.Unclean(); len(lines) != 0 {
		t.Errorf("got the lines %q, which a logger must escape", lines)
	}
	calls := s.Calls()
	want := max(tc.calls, 0)
	if tc.calls == 0 {
		want = 1
	}
	if tc.calls != anyNumber && len(calls) != want {
		t.Errorf("got %d calls, want %d", len(calls), want)
	}
	for _, c := range calls {
		if want := cmp.Or(tc.function, "f"); c.Function != want {
			t.Errorf("got a call of %q, want %q", c.Function, want)
		}
		if tc.payload != "" && string(c.Payload) != tc.payload {
			t.Errorf("got the payload %s, want %s", c.Payload, tc.payload)
		}
	}

	if tc.status != 0 {
		tc.checkError(t, response, err, log)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	tc.checkResponse(t, response)
}

// levelOf returns the level of the log line for an error with a status.
func levelOf(status int) string {
	switch {
	case status >= http.StatusInternalServerError:
		return "ERROR"
	case status == http.StatusTooManyRequests:
		return "WARNING"
	}
	return "INFO"
}

func (tc testCase) checkError(t *testing.T, response *Response, err error, log *Recorder) {
	t.Helper()
	if response != nil {
		t.Errorf("got the response %+v with the error", response)
	}
	coded, ok := err.(interface{ StatusCode() int }) // like the routers: only on the outermost error
	if !ok || coded.StatusCode() != tc.status {
		t.Fatalf("got %T %v, want the status %d", err, err, tc.status)
	}
	if err.Error() != tc.message {
		t.Errorf("got the message %q, want %q", err, tc.message)
	}
	level := cmp.Or(tc.level, levelOf(tc.status))
	if lines := log.Level(level); len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], level+" [BACKEND: "+tc.backend.URLPattern+"][Lambda] ") {
		t.Errorf("got the lines %q at %s, want the backend's", lines, level)
	}
	if want := map[string]int{"ERROR": 1}[level]; len(log.Level("ERROR")) != want {
		t.Errorf("got the error lines %q, want %d", log.Level("ERROR"), want)
	}
}

func (tc testCase) checkResponse(t *testing.T, response *Response) {
	t.Helper()
	data, err := json.Marshal(response.Data)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != tc.data {
		t.Errorf("got the data %s, want %s", data, tc.data)
	}
	if want := cmp.Or(tc.metadata, http.StatusOK); response.StatusCode != want {
		t.Errorf("got the status %d in the metadata, want %d", response.StatusCode, want)
	}
	if response.IsComplete == tc.incomplete {
		t.Errorf("got complete: %t", response.IsComplete)
	}
	var body []byte
	if response.Io != nil {
		if body, err = io.ReadAll(response.Io); err != nil {
			t.Fatal(err)
		}
	}
	if string(body) != tc.bytes {
		t.Errorf("got the body %q, want %q", body, tc.bytes)
	}
	var headers []string
	for name, values := range response.Headers {
		headers = append(headers, name)
		if len(values) != 1 || values[0] == "" {
			t.Errorf("got the header %s: %q, want one value", name, values)
		}
	}
	slices.Sort(headers)
	if !slices.Equal(headers, tc.headers) {
		t.Errorf("got the headers %q, want %q", headers, tc.headers)
	}
}
