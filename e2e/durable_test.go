package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// durableAPI is an Invoke API that breaks the first connection of each name, and knows one
// execution for each name and payload.
type durableAPI struct {
	url string

	mu       sync.Mutex
	names    []string // of all attempts, in order
	payloads map[string]string
}

func newDurableAPI(t *testing.T) *durableAPI {
	a := &durableAPI{payloads: make(map[string]string)}
	a.url = newHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body)
		name := r.Header.Get("X-Amz-Durable-Execution-Name")
		if signed := strings.Contains(r.Header.Get("Authorization"), "x-amz-durable-execution-name"); signed != (name != "") {
			t.Errorf("the name %q, signed: %t", name, signed)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.names = append(a.names, name)
		started, taken := a.payloads[name]
		const arn = "arn:aws:lambda:us-east-1:123456789012:function:f:7/durable-execution/"
		switch {
		case name == "":
		case !taken:
			a.payloads[name] = string(payload)
			panic(http.ErrAbortHandler) // the execution has started, and the gateway cannot know
		case started != string(payload):
			w.Header().Set("X-Amzn-ErrorType", "DurableExecutionAlreadyStartedException")
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `{"Message":"`+arn+name+`/1 has another payload"}`)
			return
		}
		w.Header().Set("X-Amz-Durable-Execution-Arn", arn+"order/1c9f")
		if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"order":1}`)
	})
	return a
}

// take returns the names of the attempts since it was called before.
func (a *durableAPI) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := a.names
	a.names = nil
	return names
}

// An Idempotency-Key starts one execution, over broken connections and for clients that repeat
// their request. With another payload it is a 409. Nothing of it names the account.
func TestDurableExecutionName(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newDurableAPI(t)
		function := object{
			"function_name": "f", "qualifier": "7", "region": "us-east-1", "endpoint": api.url, "max_retries": 1,
			"durable_execution_name": "{input_headers.Idempotency-Key}",
		}
		keyed := object{"headers_to_pass": list{"Idempotency-Key", "Content-Type"}, "method": "POST"}
		gw := start(t, g, []object{
			with(endpoint("/data", lambdaBackend(function, at("/data"))), keyed),
			with(noOpEndpoint("/no-op", function), keyed),
			with(noOpEndpoint("/event", with(function, object{"invocation_type": "Event"})), keyed),
			with(noOpEndpoint("/bound/{user}", with(function, object{"durable_execution_name": "order:{user}:{input_headers.Idempotency-Key}"})), keyed),
		}, options{})
		hashed := func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		}
		post := func(path, key, body string) response {
			t.Helper()
			r := gw.do(t, http.MethodPost, path, http.Header{"Idempotency-Key": {key}, "Content-Type": {"application/json"}}, strings.NewReader(body))
			if text := r.text(); strings.Contains(text, "123456789012") || strings.Contains(text, "arn:") {
				t.Errorf("%s: the client sees %s", path, text)
			}
			return r
		}
		for _, tc := range []struct {
			path, key string
			status    int
			name      string
		}{
			{"/data", "data-1_A", http.StatusOK, "data-1_A"},
			{"/no-op", "no-op-1", http.StatusOK, "no-op-1"},
			{"/event", "event-1", http.StatusAccepted, "event-1"},
			{"/data", "a key, of words", http.StatusOK, hashed("a key, of words")},
			{"/data", strings.Repeat("k", 300), http.StatusOK, hashed(strings.Repeat("k", 300))},
			{"/data", "sch\xc3\xbcssel", http.StatusOK, hashed("schüssel")},
		} {
			r := post(tc.path, tc.key, `{"a":1}`)
			if r.status != tc.status || r.header.Get("X-Amz-Durable-Execution") != "order/1c9f" {
				t.Errorf("%s: got %s", tc.path, r.text())
			}
			if names := api.take(); !slices.Equal(names, []string{tc.name, tc.name}) {
				t.Errorf("%s: got the names %q, want %q twice", tc.path, names, tc.name)
			}
			if r := post(tc.path, tc.key, `{"a":1}`); r.status != tc.status {
				t.Errorf("%s, repeated: got %s", tc.path, r.text())
			}
			if r := post(tc.path, tc.key, `{"a":2}`); r.status != http.StatusConflict || r.header.Get("X-Amz-Durable-Execution") != "" {
				t.Errorf("%s, another payload: got %s", tc.path, r.text())
			}
			if names := api.take(); !slices.Equal(names, []string{tc.name, tc.name}) {
				t.Errorf("%s: got the names %q, want one for each repeated request", tc.path, names)
			}
		}

		// A request without the header has no name, whatever the query string says.
		for _, path := range []string{"/data?Idempotency-Key=x", "/bound/me?Idempotency-Key=x"} {
			if r := post(path, "", `{}`); r.status != http.StatusOK {
				t.Errorf("%s: got %s", path, r.text())
			}
			if names := api.take(); !slices.Equal(names, []string{""}) {
				t.Errorf("%s: got the names %q, want none", path, names)
			}
		}

		// Bound to its user, one's key is not another's, however the two are cut.
		seen := make(map[string]string)
		for _, who := range [][2]string{{"me", "k"}, {"you", "k"}, {"me:k", "x"}, {"me", "k:x"}} {
			post("/bound/"+who[0], who[1], `{}`)
			names := api.take()
			if len(names) != 2 || names[0] != names[1] || len(names[0]) != 64 || seen[names[0]] != "" {
				t.Errorf("%q: got the names %q, of %q", who, names, seen[names[0]])
			}
			seen[names[0]] = strings.Join(who[:], " and ")
		}
	})
}

// What AWS will refuse, or what has no effect, is a warning at start; a stream with a name is an
// error.
func TestDurableExecutionWarnings(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": echo})
		function := func(path string, more object) object {
			return lambdaBackend(with(fixed(api, "f"), object{"durable_execution_name": "{input_headers.Idempotency-Key}"}, more), at(path))
		}
		gw := start(t, g, []object{
			endpoint("/unqualified", function("/unqualified", nil)),
			endpoint("/event", function("/event", object{"qualifier": "7", "payload_format": "2.0"})),
			endpoint("/dry", function("/dry", object{"qualifier": "7", "invocation_type": "DryRun"})),
			with(endpoint("/stream", function("/stream", object{"qualifier": "7", "stream": true})), object{"output_encoding": "no-op"}),
		}, options{})
		for path, want := range map[string]string{
			"/unqualified": "durable_execution_name: AWS refuses calls of durable functions without a version or an alias: set the qualifier",
			"/event":       "durable_execution_name: with the payload_format 2.0 AWS answers a repeated request with a 409, because its event differs: set payload_format to 'simple'",
			"/dry":         "durable_execution_name: has no effect with the invocation_type DryRun",
		} {
			if lines := gw.Lines(t, "WARNING", path); !slices.Equal(lines, []string{want}) {
				t.Errorf("%s: got %q, want %q", path, lines, want)
			}
		}
		check(t, gw.get(t, "/stream"), http.StatusInternalServerError, "")
		const want = "bad configuration: durable_execution_name: must not be set together with stream, because AWS's operation for streams does not take it; "
		if lines := gw.Lines(t, "ERROR", "/stream"); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("got %q", lines)
		}
	})
}
