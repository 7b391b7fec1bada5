package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// upgrade is a row of docs/upgrading.md: a gateway with a POST or GET endpoint for function f, a
// request, and what becomes of it with the published module and with this one.
type upgrade struct {
	name                      string
	lambda, backend, endpoint object // beside those of the test; nil removes a key
	service                   object
	fromYAML                  bool
	env                       map[string]string
	request                   string // method, path and body; "POST /f {}" if empty
	answer                    http.HandlerFunc
	see                       string // "": status and body; else what is beside the status

	published, ours     string
	published14, ours14 string // where they differ from KrakenD 2's
}

const (
	seePayload = "payload"
	seeCalls   = "calls"
	seePath    = "path"
	seeHeaders = "headers"
	seeARN     = "ARN"
	seeLogType = "log type"
	seeHeader  = "header " // and its name
)

func upgrades() []upgrade {
	host := func(w http.ResponseWriter, r *http.Request) { // an HTTP backend and an Invoke API
		if strings.HasPrefix(r.URL.Path, "/2015-03-31/") {
			io.WriteString(w, `{"from":"lambda"}`)
			return
		}
		io.WriteString(w, `{"from":"host"}`)
	}
	reset := func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}
	slow := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	param := object{"function_name": nil, "function_param_name": "Lambda"}
	get := func(path string, queries ...string) object {
		return object{"endpoint": path, "method": "GET", "input_query_strings": queries, "querystring_params": queries}
	}
	serviceException := refuses(http.StatusInternalServerError, "ServiceException")
	tenSeconds := object{"timeout": "20s"}
	return []upgrade{
		// What to check in krakend.json
		{name: "both names", lambda: object{"function_param_name": "Lambda"}, see: seePath, published: "200 f", ours: "500 "},
		{name: "no name", lambda: object{"function_name": nil}, see: seePath, endpoint: object{"endpoint": "/{function}"}, published: "500 ", ours: "500 "},
		{name: "a name in a param", lambda: param, endpoint: get("/{lambda}"), request: "GET /tea", see: seePath, published: "200 tea", ours: "200 Tea"},
		{name: "a verbatim name", lambda: object{"function_name": nil, "function_param_name": "Lambda", "function_name_case": "verbatim"}, endpoint: get("/{lambda}"), request: "GET /tea", see: seePath, published: "200 tea", ours: "200 tea"},
		{name: "encoding", backend: object{"encoding": "string"}, answer: replies(`{"a":1}`), published: `200 {"a":1}`, ours: `200 {"content":"{\"a\":1}"}`},
		{name: "an empty region", lambda: object{"region": ""}, published: "200 {}", ours: "500 "},
		{name: "an ARN in the URL", lambda: param, endpoint: get("/{lambda}"), request: "GET /arn:aws:lambda:us-west-2:123456789012:function:tea", see: seeCalls, published: "200 1", ours: "404 0"},
		{name: "max_retries", lambda: object{"max_retries": 1}, answer: serviceException, see: seeCalls, published: "500 4", ours: "502 2"},
		{name: "max_retries in YAML", lambda: object{"max_retries": 1}, fromYAML: true, answer: serviceException, see: seeCalls, published: "500 2", ours: "502 2"},
		{name: "no max_retries", answer: serviceException, see: seeCalls, published: "500 4", ours: "502 3", ours14: "502 4"},
		{name: "an endpoint without a region", lambda: object{"region": nil}, see: seeCalls, published: "500 0", ours: "200 1"},
		{name: "a region that is a number", lambda: object{"region": 1}, see: seeCalls, published: "500 0", ours: "500 0"},
		{name: "an ARN of another region", lambda: object{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f"}, see: seeCalls, published: "200 1", ours: "500 0"},
		{name: "a namespace that is not an object", backend: object{"extra_config": object{"github.com/devopsfaith/krakend-lambda": true}}, answer: host, published: `200 {"from":"host"}`, ours: "500 "},
		{name: "no host", backend: object{"host": nil}, published: "500 ", ours: "200 {}"},
		{name: "method in lower case", endpoint: get("/{id}"), backend: object{"method": "get"}, request: "GET /7", see: seePayload, published: "200 ", ours: `200 {"id":"7"}`},
		{name: "concurrent_calls", endpoint: object{"concurrent_calls": 2}, published: "200 {}", ours: "200 {}", ours14: "500 "},
		{name: "backend/lambda", backend: object{"extra_config": object{"backend/lambda": object{"function_name": "f", "region": region, "endpoint": "API"}}}, answer: host, published: `200 {"from":"host"}`, ours: `200 {"from":"lambda"}`, ours14: `200 {"from":"host"}`},
		{name: "an endpoint in the environment", lambda: object{"endpoint": nil}, env: map[string]string{"AWS_ENDPOINT_URL_LAMBDA": "API"}, see: seeCalls, published: "500 0", ours: "200 1"},
		{name: "no region", lambda: object{"region": nil}, env: map[string]string{"AWS_REGION": ""}, see: seeCalls, published: "500 0", ours: "500 0"},
		{name: "keys in the shared config", env: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": "testdata/keys"}, see: seeCalls, published: "500 0", ours: "200 1"},
		{name: "the same, with AWS_SDK_LOAD_CONFIG", env: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": "testdata/keys", "AWS_SDK_LOAD_CONFIG": "1"}, see: seeCalls, published: "200 1", ours: "200 1"},

		// What functions receive
		{name: "query strings", endpoint: get("/f", "a"), request: "GET /f?a=1&a=2", see: seePayload, published: "200 {}\n", ours: `200 {"a":["1","2"]}`},
		{name: "a query string like a placeholder", endpoint: get("/{userId}", "userid"), request: "GET /7?userid=9", see: seePayload, published: "200 {\"userid\":\"7\"}\n", ours: `200 {"userId":"7"}`},
		{name: "no body", request: "POST /f", see: seePayload, published: "200 ", ours: "200 "},
		{name: "a large body", request: "POST /f " + strings.Repeat("x", 6<<20+1), see: seeCalls, published: "200 1", ours: "413 0"},
		{name: "the log tail", see: seeLogType, published: "200 None", ours: "200 ", published14: "200 Tail"},

		// What clients get
		{name: "an object", answer: replies(`{"a":"b"}`), published: `200 {"a":"b"}`, ours: `200 {"a":"b"}`},
		{name: "a list", answer: replies(`[1]`), published: "500 ", ours: "502 "},
		{name: "a list, as one", answer: replies(`[1]`), backend: object{"is_collection": true}, published: "500 ", ours: `200 {"collection":[1]}`},
		{name: "a string", answer: replies(`"tea"`), published: "500 ", ours: "502 "},
		{name: "null", answer: replies("null"), published: "200 null", ours: "200 {}"},
		{name: "a large number", answer: replies(`{"n":9007199254740993}`), published: `200 {"n":9007199254740992}`, ours: `200 {"n":9007199254740993}`},
		{name: "no-op", answer: replies(`{"a":1}`), endpoint: object{"output_encoding": "no-op"}, backend: object{"encoding": "no-op"}, published: "200 ", ours: `200 {"a":1}`},
		{name: "no-op, headers", answer: replies(`{"a":1}`), endpoint: object{"output_encoding": "no-op"}, backend: object{"encoding": "no-op"}, see: seeHeaders, published: "200 2 versions, 0 ids", ours: "200 1 versions, 1 ids", published14: "200 2 versions, 0 ids"},
		{name: "headers", answer: replies(`{"a":1}`), see: seeHeaders, published: "200 1 versions, 0 ids", ours: "200 1 versions, 1 ids"},
		{name: "a function's error", answer: fails, published: `200 {"errorMessage":"spilt","errorType":"E","stackTrace":["main.go"]}`, ours: "502 "},
		{name: "no such function", answer: refuses(http.StatusNotFound, "ResourceNotFoundException"), published: "404 ", ours: "502 "},
		{name: "no such function, from a request", lambda: param, endpoint: get("/{lambda}"), request: "GET /tea", answer: refuses(http.StatusNotFound, "ResourceNotFoundException"), published: "404 ", ours: "404 "},
		{name: "a throttle", answer: refuses(http.StatusTooManyRequests, "TooManyRequestsException"), endpoint: tenSeconds, see: seeCalls, published: "429 4", ours: "429 3", ours14: "429 4"},
		{name: "a throttle until the deadline", answer: refuses(http.StatusTooManyRequests, "TooManyRequestsException"), endpoint: object{"timeout": "400ms"}, published: "500 ", ours: "429 "},
		{name: "a late answer", answer: slow, endpoint: object{"timeout": "100ms"}, published: "500 ", ours: "504 "},
		{name: "not ready, VPC", answer: refuses(http.StatusBadGateway, "ResourceNotReadyException"), see: seeCalls, published: "502 4", ours: "503 3", ours14: "503 4"},
		{name: "not ready, EFS", answer: refuses(http.StatusGone, "EFSIOException"), published: "410 ", ours: "503 "},
		{name: "not ready, an update", answer: refuses(http.StatusConflict, "ResourceConflictException"), published: "409 ", ours: "503 "},
		{name: "not ready, SnapStart", answer: refuses(http.StatusRequestTimeout, "SnapStartTimeoutException"), published: "408 ", ours: "503 "},
		{name: "no access", answer: refuses(http.StatusForbidden, "AccessDeniedException"), published: "403 ", ours: "502 "},
		{name: "a quota", answer: refuses(http.StatusPaymentRequired, "ServiceQuotaExceededException"), published: "402 ", ours: "502 "},
		{name: "a broken connection", answer: reset, see: seeCalls, published: "500 1", ours: "502 3", ours14: "502 4"},
		{name: "not JSON", answer: refuses(http.StatusBadRequest, "InvalidRequestContentException"), published: "400 ", ours: "400 "},
		{name: "too large for AWS", answer: refuses(http.StatusRequestEntityTooLarge, "RequestTooLargeException"), published: "413 ", ours: "413 "},
		{name: "the type of the payload", answer: refuses(http.StatusUnsupportedMediaType, "UnsupportedMediaTypeException"), published: "415 ", ours: "415 "},
		{name: "return_error_msg", answer: refuses(http.StatusForbidden, "AccessDeniedException"), service: object{"extra_config": object{"github_com/luraproject/lura/router/gin": object{"return_error_msg": true}}}, see: seeARN, published: "403 true", ours: "502 false", published14: "403 false"},
		{name: "Retry-After", lambda: object{"max_retries": 0}, answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			refuses(http.StatusTooManyRequests, "TooManyRequestsException")(w, r)
		}, endpoint: object{"timeout": "400ms"}, see: seeHeader + "Retry-After", published: "500 ", ours: "429 7", ours14: "429 "},
		{name: "return_error_details", answer: fails, backend: object{"extra_config": object{
			"github.com/devopsfaith/krakend-lambda": object{"function_name": "f", "region": region, "endpoint": "API"},
			"github.com/devopsfaith/krakend/http":   object{"return_error_details": "f"},
		}}, published: `200 {"errorMessage":"spilt","errorType":"E","stackTrace":["main.go"]}`, ours: `200 {"error_f":{"http_status_code":502,"http_body":"{\"errorType\":\"E\",\"errorMessage\":\"spilt\"}","http_body_encoding":"application/json"}}`,
			ours14: `200 {"error_f":{"http_status_code":502,"http_body":"{\"errorType\":\"E\",\"errorMessage\":\"spilt\"}"}}`},

		// Numbers
		{name: "a number of an earlier reply", answer: replies(`{"id":7}`), endpoint: sequential(), see: seePayload, published: "200 {\"resp0_id\":\"7E+00\"}\n", ours: `200 {"resp0_id":"7"}`},
		{name: "a large one", answer: replies(`{"id":16777217}`), endpoint: sequential(), see: seePayload, published: "200 {\"resp0_id\":\"1.6777216E+07\"}\n", ours: `200 {"resp0_id":"16777217"}`},
		{name: "YAML", answer: replies(`{"count":7}`), endpoint: object{"output_encoding": "yaml"}, published: "200 count: 7.0", ours: `200 count: "7"`, published14: `200 {"count":7}`, ours14: `200 {"count":7}`},
	}
}

// sequential is an endpoint whose second backend gets the id in the first one's reply.
func sequential() object {
	backend := func(pattern string) object {
		return object{"host": []string{"API"}, "url_pattern": pattern, "method": "GET", "extra_config": object{
			"github.com/devopsfaith/krakend-lambda": object{"function_name": "f", "region": region, "endpoint": "API"},
		}}
	}
	return object{
		"method": "POST", "extra_config": object{"github.com/devopsfaith/krakend/proxy": object{"sequential": true}},
		"backend": []object{backend("/"), backend("/{resp0_id}")},
	}
}

// What docs/upgrading.md says of the published modules and of this one is what they do.
func TestUpgrading(t *testing.T) {
	http.DefaultTransport = loopbackOnly{http.DefaultTransport.(*http.Transport)} // of SDKs and backends
	for _, u := range upgrades() {
		for gateway, start := range gatewayHandlers {
			t.Run(u.name+"/"+gateway, func(t *testing.T) {
				if u.env == nil && u.service == nil { // both are the process's
					t.Parallel()
				}
				want := u.ours
				switch gateway {
				case "published":
					want = u.published
				case "published 1.4":
					want = cmp.Or(u.published14, u.published)
				case "ours 1.4":
					want = cmp.Or(u.ours14, u.ours)
				}
				if got := u.run(t, start); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// loopbackOnly fails requests to AWS.
type loopbackOnly struct{ *http.Transport }

func (l loopbackOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !net.ParseIP(r.URL.Hostname()).IsLoopback() {
		return nil, fmt.Errorf("no calls of %s", r.URL.Hostname())
	}
	return l.Transport.RoundTrip(r)
}

func (u upgrade) run(t *testing.T, start func(*testing.T, string, bool) http.Handler) string {
	var calls atomic.Int32
	var function, payload, logType atomic.Value
	function.Store("")
	payload.Store("")
	logType.Store("")
	answer := u.answer
	if answer == nil {
		answer = replies("{}")
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if u.see != "" {
			body, _ := io.ReadAll(r.Body)
			path := strings.Split(r.URL.Path, "/")
			function.Store(path[max(0, len(path)-2)])
			payload.Store(string(body))
			logType.Store(r.Header.Get("X-Amz-Log-Type"))
		}
		answer(w, r)
	}))
	defer api.Close()
	for name, value := range u.env {
		t.Setenv(name, strings.ReplaceAll(value, "API", api.URL))
	}

	settings := with(object{"function_name": "f", "region": region, "endpoint": "API"}, u.lambda)
	backend := with(object{"host": []string{"API"}, "url_pattern": "/", "extra_config": object{"github.com/devopsfaith/krakend-lambda": settings}}, u.backend)
	endpoint := with(object{"endpoint": "/f", "method": "POST", "timeout": "10s", "backend": []object{backend}}, u.endpoint)
	krakend, err := json.Marshal(with(object{"endpoints": []object{endpoint}}, u.service))
	if err != nil {
		t.Fatal(err)
	}
	handler := start(t, strings.ReplaceAll(string(krakend), "API", api.URL), u.fromYAML)
	if handler == nil {
		return "no gateway"
	}
	gateway := httptest.NewServer(handler)
	defer gateway.Close()

	request := strings.SplitN(cmp.Or(u.request, "POST /f {}"), " ", 3)
	r, err := http.NewRequestWithContext(t.Context(), request[0], gateway.URL+request[1], strings.NewReader(strings.Join(request[2:], "")))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: time.Minute, Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	var seen any
	switch u.see {
	case "":
		seen = strings.TrimSpace(string(body))
	case seePayload:
		seen = payload.Load()
	case seePath:
		seen = function.Load()
	case seeCalls:
		seen = calls.Load()
	case seeHeaders:
		seen = fmt.Sprintf("%d versions, %d ids", len(response.Header.Values("X-Amz-Executed-Version")), len(response.Header.Values("X-Amzn-Requestid")))
	case seeARN:
		seen = strings.Contains(string(body), "arn:aws")
	case seeLogType:
		seen = logType.Load()
	default:
		seen = response.Header.Get(strings.TrimPrefix(u.see, seeHeader))
	}
	return fmt.Sprint(response.StatusCode, " ", seen)
}

// with returns a with the members of b. A member that is nil in b is left out.
func with(a, b object) object {
	a = maps.Clone(a)
	maps.Copy(a, b)
	maps.DeleteFunc(a, func(_ string, v any) bool { return v == nil })
	return a
}
