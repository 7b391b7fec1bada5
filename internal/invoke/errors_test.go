package invoke

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

func TestAPIError(t *testing.T) {
	for _, tc := range []struct {
		name, header, body string
		code, message      string
	}{
		{"the header's code", "AccessDeniedException", `{"__type":"Other","message":"no"}`, "AccessDeniedException", "no"},
		{"a code with a URL", "AccessDeniedException:http://internal.amazon.com/coral/", `{}`, "AccessDeniedException", ""},
		{"a code with a namespace", "com.amazonaws.lambda#TooManyRequestsException", `{}`, "TooManyRequestsException", ""},
		{"a code with both", "", `{"__type":"com.amazonaws.lambda#ServiceException:http://x/","Message":"no"}`, "ServiceException", "no"},
		{"__type", "", `{"__type":"ServiceException","Type":"User"}`, "ServiceException", ""},
		{"code", "", `{"code":"ServiceException"}`, "ServiceException", ""},
		{"Code", "", `{"Code":"ServiceException","errorMessage":"no"}`, "ServiceException", "no"},
		{"Type", "", `{"Type":"ServiceException"}`, "ServiceException", ""},
		{"a Type", "", `{"Type":"User","message":"no"}`, "", "no"},
		{"a Type, of Lambda", "", `{"Type":"Service","Message":"no"}`, "", "no"},
		{"from API Gateway", "", `{"message":"Forbidden"}`, "", "Forbidden"},
		{"a number for a code", "", `{"code":500,"message":["no"]}`, "", ""},
		{"a page", "", "<html>no</html>", "", ""},
		{"nothing", "", "", "", ""},
		{"a null", "", "null", "", ""},
		{"an incomplete body", "ServiceException", `{"message":"no`, "ServiceException", ""},
		{"a list", "", `["ServiceException"]`, "", ""},
		{"nothing before the colon", ":x", "{}", "", ""},
		{"nothing before the number sign", "#ServiceException", "{}", "ServiceException", ""},
	} {
		h := http.Header{"Retry-After": {"7"}, "X-Amz-Request-Id": {"2"}}
		if tc.header != "" {
			h.Set("X-Amzn-ErrorType", tc.header)
		}
		e := apiError(403, h, []byte(tc.body))
		if e.Kind != KindAPI || e.Status != 403 || e.Code != tc.code || e.Message != tc.message || e.RetryAfter != "7" || e.RequestID != "2" || e.Header == nil {
			t.Errorf("%s: got %+v", tc.name, e)
		}
	}
}

// FuzzAPIError checks that an error's code is one word of the answer, and that every error has a text
// and a decision on retries.
func FuzzAPIError(f *testing.F) {
	f.Add(403, "AccessDeniedException:http://x/", "", `{"message":"no"}`)
	f.Add(429, "", "5", `{"Type":"User","retryAfterSeconds":"9","__type":"a#b:c"}`)
	f.Add(500, "a#", "Fri, 27 Nov 2026 12:00:00 GMT", "<html>")
	f.Add(0, "\xff", "-1", "\"\xff\"")
	f.Fuzz(func(t *testing.T, status int, code, after, body string) {
		e := apiError(status, http.Header{"X-Amzn-Errortype": {code}, "Retry-After": {after}}, []byte(body))
		for _, c := range e.Code {
			if c == ':' || c == '#' {
				t.Errorf("got the code %q", e.Code)
			}
		}
		if e.Error() == "" {
			t.Error("got an error without a text")
		}
		if utf8.ValidString(body) && !utf8.ValidString(e.Message) {
			t.Errorf("got the message %q", e.Message)
		}
		if e.retryable(all()) && status < 500 && status != 429 && !throttleCodes[e.Code] && !retryableCodes[e.Code] {
			t.Errorf("%d %s is retried", status, e.Code)
		}
		if d := retryAfter(e.RetryAfter, newWorld(good).Now()); d < 0 {
			t.Errorf("got a delay of %v", d)
		}
	})
}

// AWS names the limit that throttled a call. Text that is not a name is not one.
func TestReasonOfAThrottle(t *testing.T) {
	for _, tc := range []struct{ reason, want string }{
		{`"ReservedFunctionConcurrentInvocationLimitExceeded"`, "ReservedFunctionConcurrentInvocationLimitExceeded"},
		{`""`, ""},
		{`"two words"`, ""},
		{`7`, ""},
		{`"4111111111111111"`, ""}, // the payload
	} {
		w := newWorld(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusTooManyRequests, `{"Reason":`+tc.reason+`,"Type":"User","message":"Rate Exceeded."}`, "X-Amzn-Errortype", "TooManyRequestsException"), nil
		})
		_, err := send(t.Context(), w.client(t), &Policy{}, &Request{Function: "f", Payload: PayloadOf([]byte(`{"card":"4111111111111111"}`))})
		if e := errorOf(t, err); e.Reason != tc.want || e.Message != "Rate Exceeded." {
			t.Errorf("%s: got %q, %q, want %q", tc.reason, e.Reason, e.Message, tc.want)
		}
	}
}

// For the answers of proxies, the message tells who answered.
func TestAPIErrorOfAProxy(t *testing.T) {
	html := func(more ...string) http.Header {
		return header(append(more, "Content-Type", "text/html; charset=utf-8")...)
	}
	const page = "<html>\r\n<head><TITLE lang=en>502 Bad\n Gateway &amp; more</title></head><body>private</body></html>"
	for _, tc := range []struct {
		status int
		header http.Header
		body   string
		want   string
	}{
		{502, html("Server", "nginx"), page, "HTML page: 502 Bad Gateway & more; Server: nginx"},
		{502, html(), page, "HTML page: 502 Bad Gateway & more"},
		{502, html(), "<html>private</html>", "HTML page"},
		{502, html(), "", "HTML page"},
		{502, html(), strings.Repeat(" ", 16<<10) + page, "HTML page"},
		{503, header("Server", "awselb/2.0"), "", "Server: awselb/2.0"},
		{302, header("Location", "https://login.example.com/in?token=private", "Content-Type", "text/plain"), "Found. Redirecting to https://login.example.com/in?token=private", "redirect to https://login.example.com/in"},
		{302, header("Location", "/in?token=private"), `{"message":"go to /in?token=private"}`, "redirect to /in"},
		{302, header("Location", "?token=private"), "", ""},
		{503, header("Content-Type", "text/plain", "Server", "envoy"), " ", "Server: envoy"},
		{502, html(), "<titles>no</titles>" + page, "HTML page: 502 Bad Gateway & more"},
		{302, header("Location", "https://user:pass@login.example.com/in?token=private#x"), "", "redirect to https://login.example.com/in"},
		{302, html("Location", "/in", "Server", "squid"), page, "redirect to /in; HTML page; Server: squid"},
		{302, header("Location", "%"), "", ""},
		{302, header(), "", ""},
		{502, header("Location", "https://example.com"), "", ""},
		{407, header("Content-Type", "text/plain", "Server", "squid"), "no password\nmore", "no password"},
	} {
		if e := apiError(tc.status, tc.header, []byte(tc.body)); e.Message != tc.want || e.Code != "" {
			t.Errorf("%d %v: got %q %q, want %q", tc.status, tc.header, e.Code, e.Message, tc.want)
		}
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// For plain text of other servers, the message is its first line.
func TestAPIErrorOfPlainText(t *testing.T) {
	for _, tc := range []struct{ contentType, body, want string }{
		{"text/plain; charset=utf-8", "404 page not found\n", "404 page not found"},
		{"text/plain", "\r\none\r\ntwo", "one"},
		{"Text/Plain", "5", "5"},
		{"text/plain", `{"message":"no"}`, "no"},
		{"text/plain", `{"detail":"no"}`, ""},
		{"text/plain", "", ""},
		{"text/html", "<html>no</html>", "HTML page"},
		{"application/json", `"no"`, ""},
		{"text/plain;", "no", "no"},
		{"/", "no", ""},
		{"", "no", ""},
	} {
		if e := apiError(404, http.Header{"Content-Type": {tc.contentType}}, []byte(tc.body)); e.Message != tc.want || e.Code != "" {
			t.Errorf("%s %q: got %q %q, want %q", tc.contentType, tc.body, e.Code, e.Message, tc.want)
		}
	}
	h := http.Header{"Content-Type": {"text/plain"}, "X-Amzn-Errortype": {"ServiceException"}}
	if e := apiError(500, h, []byte("no")); e.Message != "" || e.Code != "ServiceException" {
		t.Errorf("got %+v, want AWS's code alone", e)
	}
}

// No message repeats the payload or the client context, for any code.
func TestMessageRepeatsNoPayload(t *testing.T) {
	const payload = `{"card":"4111111111111111"}`
	clientContext := base64.StdEncoding.EncodeToString([]byte(`{"custom":{"X-Token":"abcd"}}`))
	for _, tc := range []struct{ code, contentType, body, want string }{
		{"", "text/plain", "no such path", "no such path"},
		{"", "text/plain", "cannot read " + payload, ""},
		{"", "application/json", `{"message":"cannot read {\"card\":\"4111111111111111\"}"}`, ""},
		{"ServiceException", "application/json", `{"message":"no function 4111111111111111"}`, ""},
		{"ServiceException", "application/json", `{"message":"no function 411111111111"}`, "no function 411111111111"},
		{"SerializationException", "application/json", `{"message":"no token 4111"}`, ""},
		{"ServiceException", "application/json", `{"message":"no context {\"X-Token\":\"abcd\"}"}`, ""},
		{"ServiceException", "application/json", `{"message":"no context/siWC1Ub2tlbiI6ImFiY2/"}`, ""},
	} {
		w := newWorld(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusBadRequest, tc.body, "Content-Type", tc.contentType, "X-Amzn-Errortype", tc.code), nil
		})
		_, err := send(t.Context(), w.client(t), all(), &Request{Function: "f", Payload: PayloadOf([]byte(payload)), ClientContext: clientContext})
		if got := errorOf(t, err).Message; got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.body, got, tc.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]Error{
		"ServiceException: no":         {Code: "ServiceException", Message: "no"},
		"no":                           {Message: "no", Err: errReset},
		"ServiceException":             {Code: "ServiceException", Err: errReset},
		"connection reset by peer":     {Kind: KindConnection, Err: errReset},
		"call failed":                  {},
		"the function failed: Handled": {Kind: KindFunction, Code: "Handled", Message: "no"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%+v: got %q, want %q", e, got, want)
		}
		if e.Err != nil && !errors.Is(&e, errReset) {
			t.Errorf("%+v: errors.Is does not find its cause", e)
		}
	}
}

type sdkError struct{ status int }

func (e *sdkError) Error() string { return "an error of an SDK" }

// The SDK makes its error types from the answer, for errors.As.
func TestDecodeError(t *testing.T) {
	w := newWorld(refuses(409, "ResourceConflictException"))
	w.DecodeError = func(status int, h http.Header, body []byte) error {
		if h.Get("X-Amzn-Errortype") != "ResourceConflictException" || string(body) != `{"message":"no"}` {
			t.Errorf("got %v, %s", h, body)
		}
		return &sdkError{status}
	}
	_, err := invoke(t.Context(), w.client(t), all())
	var e *sdkError
	if !errors.As(err, &e) || e.status != 409 || errorOf(t, err).Error() != "ResourceConflictException: no" {
		t.Errorf("got %v", err)
	}
}

// MessageOf returns the message of a refusal whose body the SDK has read.
func TestMessageOfARefusal(t *testing.T) {
	long := strings.Repeat("x", maxKept)
	for _, tc := range []struct {
		status           int
		code, body, want string
	}{
		{404, "", "404 page not found", "404 page not found"},
		{404, "", long + "y", long},
		{404, "ServiceException", "404 page not found", ""},
		{300, "", "300 places", "300 places"},
		{200, "", "404 page not found", ""},
	} {
		response := answer(tc.status, tc.body, "Content-Type", "text/plain", "X-Amzn-Errortype", tc.code)
		body, e := LimitAnswer(response, &Request{}, all())
		if e != nil {
			t.Fatal(e)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Fatal(err)
		}
		if got := body.Message(); got != tc.want {
			t.Errorf("%d %s %.20s: got %.20q, want %.20q", tc.status, tc.code, tc.body, got, tc.want)
		}
	}
	if got := (*Body)(nil).Message(); got != "" {
		t.Errorf("got %q for a nil answer", got)
	}
}

// After a timeout the function may still be running, unless the connection was never made.
func TestTimedOut(t *testing.T) {
	for op, want := range map[string]bool{"dial": false, "read": true} {
		if got := timedOut(&net.OpError{Op: op, Net: "tcp", Err: context.DeadlineExceeded}); got != want {
			t.Errorf("%s: got %t", op, got)
		}
	}
}

// Without credentials nothing is sent, so the reason stays, whatever words the payload has. Secrets are
// removed.
func TestRedactMissingCredentials(t *testing.T) {
	const reason = "no AWS credentials in the environment, the profile 'default' of the shared AWS files"
	secret := strings.Repeat("not-a-secret", 3)
	r := &Request{Payload: PayloadOf([]byte(reason))}
	r.SignedWith(sigv4.Credentials{SecretAccessKey: secret}, "")
	for text, want := range map[string]string{
		reason:                      reason,
		"refused: " + secret:        RedactedText,
		"refused: AWS4-HMAC-SHA256": RedactedText,
	} {
		e := &Error{Kind: KindCredentials, Err: errors.New(text)}
		if r.redact(e); e.Err.Error() != want {
			t.Errorf("%s: got %v", text, e.Err)
		}
		// An Invoker may have sent the call: its message must not repeat the payload.
		e = &Error{Kind: KindCredentials, Message: text}
		if r.redact(e); e.Message != "" || !e.Redacted {
			t.Errorf("%s: got %+v", text, e)
		}
	}
}

// A message is cut, and what shows that it has a secret may be behind the cut.
func TestRedactLongMessage(t *testing.T) {
	message := "x-amz-security-token:" + strings.Repeat("not-a-secret", 200) + " AWS4-HMAC-SHA256"
	for _, kind := range []Kind{KindAPI, KindCredentials} {
		e := &Error{Kind: kind, Code: "Forbidden", Message: message}
		if new(Request).redact(e); e.Message != "" || !e.Redacted {
			t.Errorf("%v: got %q", kind, e.Message)
		}
	}
}

// The cut does not hide the end of a user and password in a URL.
func TestRedactLongMessageWithUserinfo(t *testing.T) {
	e := &Error{Kind: KindAPI, Message: strings.Repeat("a", 1000) + " http://user:hunter2" + strings.Repeat("x", 100) + "@proxy.example.com"}
	if new(Request).redact(e); strings.Contains(e.Message, "hunter2") {
		t.Errorf("got %s", e.Message)
	}
}
