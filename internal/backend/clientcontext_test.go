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
	_, err := invoke(t.Context(), b, &Request{
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

func TestClientContextLimit(t *testing.T) {
	s := api(t, `{}`)
	b, l := newBackend(t, s, Spec{}, map[string]any{"function_name": "f", "client_context": true})
	fixed := len(`{"client":{"installation_id":"","app_title":"","app_version_name":"","app_version_code":"","app_package_name":""},"custom":{"A":""},"env":{},"environment":{}}`)
	most := base64.StdEncoding.DecodedLen(maxClientContext/4*4) - fixed

	request := func(n int) *Request {
		return &Request{Headers: map[string][]string{"A": {strings.Repeat("x", n)}}}
	}
	if _, err := invoke(t.Context(), b, request(most)); err != nil {
		t.Error(err)
	}
	if got := len(s.Calls()[0].Header.Get("X-Amz-Client-Context")); got != 3580 {
		t.Errorf("got %d bytes, want 3580, the most that base64 can have of %d", got, maxClientContext)
	}
	_, err := invoke(t.Context(), b, request(most+1))
	var e *Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusRequestHeaderFieldsTooLarge || e.Error() != "lambda: headers too large" {
		t.Errorf("got %v, want a 431", err)
	}
	if got := l.level("ERROR"); len(got) != 1 || !strings.Contains(got[0], "3584 bytes of base64, which is more than Lambda's limit of 3583") {
		t.Errorf("got %q", got)
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

func TestNoClientContextUnlessAskedFor(t *testing.T) {
	s := api(t, `{}`)
	b, _ := newBackend(t, s, Spec{}, nil)
	if _, err := invoke(t.Context(), b, &Request{Headers: map[string][]string{"A": {"b"}}}); err != nil {
		t.Fatal(err)
	}
	if c := s.Calls()[0]; c.ClientContext != nil || c.LogType != "None" {
		t.Errorf("got %+v", c)
	}
}
