package backend

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestClientContext(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{Method: "POST", Endpoint: "/{id}/{Accept}"}, map[string]any{"function_name": "f", "client_context": true})
	_, err := do(t.Context(), b, &Request{
		Params: map[string]string{"Id": "7\x7f\uffff", "Accept": "a placeholder"},
		Query:  map[string][]string{"tag": {"a", "b"}, "X-Tea": {"query"}, "x-two": {"query"}},
		Headers: map[string][]string{
			"x-tea": {"header"}, "Accept": {"text/html"}, "X-Name": {"Zoë 🍵"}, "Connection": {"close"}, "X-Two": {"1", "2"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := s.Calls()[0].ClientContext
	want := `{"client":{"installation_id":"","app_title":"","app_version_name":"","app_version_code":"","app_package_name":""},` +
		`"custom":{"Accept":"a placeholder","X-Name":"Zo\u00eb \ud83c\udf75","X-Tea":"header","X-Two":"1,2","id":"7\u007f\uffff","tag":"a,b"},"env":{},"environment":{}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var decoded lambdacontext.ClientContext
	if err := json.Unmarshal(got, &decoded); err != nil {
		t.Error(err)
	}
	if want := map[string]string{"Accept": "a placeholder", "X-Name": "Zoë 🍵", "X-Tea": "header", "X-Two": "1,2", "id": "7\x7f\uffff", "tag": "a,b"}; !maps.Equal(decoded.Custom, want) {
		t.Errorf("got %q, want %q", decoded.Custom, want)
	}
}

// A header or query string cannot replace a value that the gateway vouches for.
func TestClientContextOfNamesThatFold(t *testing.T) {
	for _, name := range []string{"userid", "UserId", "u\u017ferId", "user\u0130d", "jwt.sub", "JWT.role", "resp0_id", "RESP1", "TIER"} {
		for kind, r := range map[string]*Request{
			"header":       {Headers: map[string][]string{name: {"9"}}},
			"query string": {Query: map[string][]string{name: {"9"}}},
		} {
			s := api(t, `{}`)
			b, l := newBackend(t, s, Spec{Endpoint: "/users/{userId}"}, map[string]any{"function_name": "f", "client_context": true})
			r.Params = map[string]string{"UserId": "7", "JWT.sub": "me", "tier": "gold"}
			if _, err := do(t.Context(), b, r); err != nil {
				t.Fatal(err)
			}
			var got lambdacontext.ClientContext
			if err := json.Unmarshal(s.Calls()[0].ClientContext, &got); err != nil {
				t.Fatal(err)
			}
			if want := map[string]string{"userId": "7", "JWT.sub": "me", "tier": "gold"}; !maps.Equal(got.Custom, want) {
				t.Errorf("%s %q: got %q, want %q", kind, name, got.Custom, want)
			}
			if got := l.level("WARNING"); len(got) != 1 || !strings.Contains(got[0], "the function does not get the "+kind+" ") {
				t.Errorf("%s %q: got the warnings %q, want one", kind, name, got)
			}
		}
	}
}

// A query string with the name of a hidden header stays out too: KrakenD sets those headers, and they
// identify the client.
func TestClientContextOfAHiddenHeader(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{HiddenHeaders: []string{"X-Forwarded-For", "User-Agent"}}, map[string]any{"function_name": "f", "client_context": true})
	if _, err := do(t.Context(), b, &Request{
		Query:   map[string][]string{"x-forwarded-for": {"192.0.2.1"}, "User-Agent": {"x"}, "page": {"2"}},
		Headers: map[string][]string{"X-Forwarded-For": {"127.0.0.1"}, "X-Tea": {"assam"}},
	}); err != nil {
		t.Fatal(err)
	}
	var got lambdacontext.ClientContext
	if err := json.Unmarshal(s.Calls()[0].ClientContext, &got); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"X-Tea": "assam", "page": "2"}; !maps.Equal(got.Custom, want) {
		t.Errorf("got %q, want %q", got.Custom, want)
	}
}

func TestClientContextLimit(t *testing.T) {
	s := api(t, `{}`)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": "f", "client_context": true})
	fixed := len(`{"client":{"installation_id":"","app_title":"","app_version_name":"","app_version_code":"","app_package_name":""},"custom":{"A":""},"env":{},"environment":{}}`)
	most := base64.StdEncoding.DecodedLen(maxClientContext/4*4) - fixed

	request := func(n int) *Request {
		return &Request{Headers: map[string][]string{"A": {strings.Repeat("x", n)}}}
	}
	if _, err := do(t.Context(), b, request(most)); err != nil {
		t.Error(err)
	}
	if got := len(s.Calls()[0].Header.Get("X-Amz-Client-Context")); got != 3580 {
		t.Errorf("got %d bytes, want 3580, the longest base64 within %d", got, maxClientContext)
	}
	_, err := do(t.Context(), b, request(most+1))
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusRequestHeaderFieldsTooLarge || e.Error() != "lambda: headers too large" {
		t.Errorf("got %v, want a 431", err)
	}
	if got := l.level("INFO"); len(got) != 1 || !strings.Contains(got[0], "3584 bytes of base64; Lambda's limit is 3583") {
		t.Errorf("got %q", got)
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

func TestNoClientContextByDefault(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{}, nil)
	if _, err := do(t.Context(), b, &Request{Headers: map[string][]string{"A": {"b"}}}); err != nil {
		t.Fatal(err)
	}
	if c := s.Calls()[0]; c.ClientContext != nil || c.LogType != "None" {
		t.Errorf("got %+v", c)
	}
}
