package backend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/sdkv1"
)

const (
	fakeToken   = "IQoJb3JpZ2luX2VjEXAMPLEfake/session+token=="
	fakePayload = `{"card":"4111-1111-1111-1111"}`
)

// echoes are ways in which an answer may repeat what the gateway has sent.
var echoes = map[string]func(w http.ResponseWriter, planted string){
	"a plain text": func(w http.ResponseWriter, planted string) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "got "+planted)
	},
	"a code": func(w http.ResponseWriter, planted string) {
		w.Header().Set("X-Amzn-Errortype", planted)
		w.WriteHeader(http.StatusForbidden)
	},
	"a request id": func(w http.ResponseWriter, planted string) {
		w.Header().Set("X-Amzn-Requestid", planted)
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusForbidden)
	},
	"not HTTP": func(w http.ResponseWriter, planted string) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(buf, "HTTP/1.1 %s\r\n\r\n", planted)
		buf.Flush()
	},
	"an exception": func(w http.ResponseWriter, planted string) {
		w.Header().Set("Content-Type", eventStream)
		w.Write(message([][2]string{{":message-type", "exception"}, {":exception-type", "Odd"}}, string(jsonOf(map[string]string{"message": planted}))))
	},
	"an error in a stream": func(w http.ResponseWriter, planted string) {
		w.Header().Set("Content-Type", eventStream)
		w.Write(event("PayloadChunk", "begun"))
		w.Write(message([][2]string{{":message-type", "error"}, {":error-code", "Odd"}, {":error-message", planted}}, ""))
	},
}

func jsonOf(v any) []byte {
	p, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return p
}

// functionEchoes are errors of functions. These may repeat the payload.
var functionEchoes = map[string]func(w http.ResponseWriter, planted string){
	"a function's error": func(w http.ResponseWriter, planted string) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		w.Write(jsonOf(map[string]string{"errorType": "Odd", "errorMessage": planted}))
	},
	"the end of a stream": func(w http.ResponseWriter, planted string) {
		w.Header().Set("Content-Type", eventStream)
		w.Write(event("InvokeComplete", string(jsonOf(map[string]string{"ErrorCode": "Unhandled", "ErrorDetails": `{"errorMessage":` + string(jsonOf(planted)) + `}`}))))
	},
}

// plants are the parts of a request that an answer may repeat.
var plants = map[string]func(r *http.Request, body string) string{
	"token":     func(*http.Request, string) string { return fakeToken },
	"secret":    func(*http.Request, string) string { return secretKey },
	"signature": func(r *http.Request, _ string) string { return signatureOf(r) },
	"payload":   func(_ *http.Request, body string) string { return body },
	"base64":    func(_ *http.Request, body string) string { return base64.StdEncoding.EncodeToString([]byte(body)) },
	"a URL":     func(_ *http.Request, body string) string { return url.QueryEscape(body) },
	"the client context": func(r *http.Request, _ string) string {
		p, _ := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-Client-Context"))
		return string(p)
	},
	"a part": func(_ *http.Request, body string) string { return body[9 : 9+18] },
}

// No log line and no error repeats the credentials or the payload, for any answer.
func TestErrorsRepeatNoSecrets(t *testing.T) {
	p := newPlanter(t)
	for name, answer := range echoes {
		for what := range plants {
			p.check(t, name, answer, what)
		}
	}
	for name, answer := range functionEchoes {
		p.check(t, name, answer, "token")
		p.check(t, name, answer, "signature")
	}
	// The code decides whether the message is shown, so two plants are enough.
	for _, code := range append(slices.Collect(maps.Keys(clientErrors)), "", "Odd", "SerializationException", "ExpiredTokenException", "InvalidSignatureException", "AccessDeniedException") {
		for _, what := range []string{"token", "payload"} {
			p.check(t, "the code "+code, func(w http.ResponseWriter, planted string) {
				w.Header().Set("X-Amzn-Errortype", code)
				w.WriteHeader(http.StatusForbidden)
				w.Write(jsonOf(map[string]string{"message": "got " + planted}))
			}, what)
		}
	}
}

func signatureOf(r *http.Request) string {
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	return signature
}

// A planter is an API whose answers repeat secrets, and the backends that call it.
type planter struct {
	answer   func(w http.ResponseWriter, planted string)
	plant    func(r *http.Request, body string) string
	planted  string
	log      *recorder
	backends map[string]*Backend
}

func newPlanter(t *testing.T) *planter {
	t.Helper()
	p := &planter{log: &recorder{}, backends: make(map[string]*Backend)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.planted = p.plant(r, string(body))
		p.answer(w, p.planted)
	}))
	t.Cleanup(s.Close)
	svc := lambda.New(session.Must(session.NewSession(&aws.Config{
		Region: aws.String("us-west-2"), Endpoint: &s.URL, Credentials: credentials.NewStaticCredentials(accessKey, secretKey, fakeToken),
	})))
	for by, f := range map[string]*Factory{
		"the gateway": NewFactory(Options{Logger: p.log, SDK: testSDK{endpoint: s.URL, token: fakeToken}}),
		"the Invoker": withInvoker(p.log, sdkv1.Invoker(svc)),
	} {
		for _, stream := range []bool{false, true} {
			p.backends[fmt.Sprintf("%s, stream %t", by, stream)] = f.New(Spec{Method: "POST", Encoding: "no-op", Settings: ns(map[string]any{
				"function_name": "f", "stream": stream, "client_context": true, "max_retries": 0,
			})})
		}
	}
	return p
}

// check puts one of plants into an answer. The secret key of an Invoker is unknown and never sent.
func (p *planter) check(t *testing.T, name string, answer func(http.ResponseWriter, string), what string) {
	t.Helper()
	p.answer, p.plant = answer, plants[what]
	for by, b := range p.backends {
		if what == "secret" && strings.HasPrefix(by, "the Invoker") {
			continue
		}
		p.planted, p.log.lines = "", nil
		response, err := do(t.Context(), b, &Request{Body: io.NopCloser(strings.NewReader(fakePayload)), Headers: http.Header{"X-Card": {"4222-2222-2222-2222"}}})
		shown := ""
		if response != nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		if e, ok := err.(*Error); ok {
			shown = e.Error() + string(e.Details()) + e.RequestID()
		}
		if p.planted == "" {
			t.Fatalf("%s, %s, %s: nothing was planted", name, what, by)
		}
		log := strings.Join(p.log.lines, "\n")
		for _, text := range []string{p.planted, strings.ReplaceAll(p.planted, `"`, "'"), strings.Trim(p.planted, `{}`)} {
			if strings.Contains(log+shown, text) {
				t.Errorf("%s, %s, by %s: the secret is in the log\n%s\nor in %s", name, what, by, log, shown)
			}
		}
	}
}
