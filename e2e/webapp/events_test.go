package webapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// checkEvent checks that the event of a case fits aws-lambda-go's types for API Gateway, without other
// members.
func checkEvent(t *testing.T, c *testCase, s *stack) {
	t.Helper()
	calls := s.api.Calls()
	if slices.ContainsFunc(known(c, s), func(e *exception) bool { return e.uncalled }) {
		if len(calls) > 0 {
			t.Errorf("got the calls %+v, want no call", calls)
		}
		return
	}
	if len(calls) != 1 || !calls[0].Executed || calls[0].Function != "webapp" {
		t.Errorf("got the calls %+v, want one call of webapp", calls)
		return
	}
	got, err := s.decode(calls[0].Payload)
	if err != nil {
		t.Errorf("%v in the event\n%.2000s", err, calls[0].Payload)
		return
	}
	got.path = unescaped(t, got.path)
	path, _, _ := strings.Cut(c.Target, "?")
	want := summary{method: c.Method, path: unescaped(t, path), hasBody: c.Body != ""}
	if s.format == "2.0" {
		want.version = "2.0"
	}
	if got != want {
		t.Errorf("event: got %+v, want %+v", got, want)
	}
}

// summary has a few fields of an event.
type summary struct {
	version, method, path string
	hasBody               bool
}

// A restEvent is the event of a REST API as API Gateway writes it. The type of aws-lambda-go
// lacks two members of the identity.
type restEvent struct {
	events.APIGatewayProxyRequest
	RequestContext struct {
		events.APIGatewayProxyRequestContext
		Identity struct {
			events.APIGatewayRequestIdentity
			ClientCert     any `json:"clientCert"`
			PrincipalOrgID any `json:"principalOrgId"`
		} `json:"identity"`
	} `json:"requestContext"`
}

// decode decodes an event strictly.
func (s *stack) decode(payload []byte) (summary, error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	var got summary
	var err error
	if s.format == "1.0" {
		var event restEvent
		err = decoder.Decode(&event)
		got = summary{"", event.HTTPMethod, event.Path, event.Body != ""}
	} else {
		var event events.APIGatewayV2HTTPRequest
		err = decoder.Decode(&event)
		got = summary{event.Version, event.RequestContext.HTTP.Method, event.RawPath, event.Body != ""}
	}
	if err != nil {
		return summary{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return summary{}, fmt.Errorf("more than one value: %v", err)
	}
	return got, nil
}

// unescaped returns a path as servers decode it.
func unescaped(t *testing.T, path string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+answertest.Host+path, nil)
	if err != nil {
		t.Error(err)
		return path
	}
	return r.URL.Path
}
