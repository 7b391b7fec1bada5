package sdkv1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

const (
	handlersWarning = "WithSession: calls of functions do not use the handlers of the session: to change that, pass WithInvoker(lambda.New(session))"
	logWarning      = "WithSession: calls of functions do not use the Logger and LogLevel of the session: to change that, pass WithInvoker(lambda.New(session))"
)

// A warning says which parts of a session calls do not use.
func TestWarningsOfASession(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*session.Session)
		want   []string
	}{
		"unchanged":     {func(*session.Session) {}, nil},
		"no validation": {func(s *session.Session) { s.Config.DisableParamValidation = aws.Bool(true) }, nil},
		"a handler more": {func(s *session.Session) {
			s.Handlers.Complete.PushBack(func(*request.Request) {})
		}, []string{handlersWarning}},
		"a handler less":        {func(s *session.Session) { s.Handlers.Send.Clear() }, []string{handlersWarning}},
		"a log":                 {func(s *session.Session) { s.Config.LogLevel = aws.LogLevel(aws.LogDebugWithSigning) }, []string{logWarning}},
		"anonymous credentials": {func(s *session.Session) { s.Config.Credentials = credentials.AnonymousCredentials }, nil},
		"retries":               {func(s *session.Session) { s.Config.MaxRetries = aws.Int(7) }, nil},
		"a replaced handler": {func(s *session.Session) {
			s.Handlers.Sign.Swap(corehandlers.BuildContentLengthHandler.Name, request.NamedHandler{Name: "mine", Fn: func(*request.Request) {}})
		}, []string{handlersWarning}},
	} {
		environment(t, nil, "", shopKeys)
		s := testSession(t, "http://127.0.0.1:1")
		tc.change(s)
		sdk := New(s, &recorder{}, true)
		if _, found, err := sdk.Client(invoke.Settings{}); err != nil || !slices.Equal(found.Warnings, tc.want) {
			t.Errorf("%s: got %q, %v; want %q", name, found.Warnings, err, tc.want)
		}
		// A profile does not use the session.
		if _, found, err := sdk.Client(invoke.Settings{Profile: "shop", Region: "eu-west-1"}); err != nil || len(found.Warnings) != 0 {
			t.Errorf("%s: got %q, %v for a profile", name, found.Warnings, err)
		}
	}
}

// The warning detects a replaced handler in each list, even with the same name.
func TestReplacedHandlers(t *testing.T) {
	s := testSession(t, "http://127.0.0.1:1")
	if hasOtherHandlers(lambda.New(s)) {
		t.Error("the SDK's handlers count as replaced")
	}
	nothing := func(*request.Request) {}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[request.Handlers]()) {
		svc := lambda.New(s)
		list := reflect.ValueOf(&svc.Handlers).Elem().FieldByIndex(field.Index).Addr().Interface().(*request.HandlerList)
		n := max(list.Len(), 1)
		list.Clear()
		for range n {
			list.PushBack(nothing)
		}
		if !hasOtherHandlers(svc) {
			t.Errorf("%s: other handlers are not detected", field.Name)
		}
	}
	// The handlers of a session. (Each client restores ValidateParametersHandler itself.)
	for list, handlers := range map[*request.HandlerList][]request.NamedHandler{
		&s.Handlers.Validate:         {corehandlers.ValidateEndpointHandler},
		&s.Handlers.Build:            {corehandlers.SDKVersionUserAgentHandler, corehandlers.AddHostExecEnvUserAgentHander},
		&s.Handlers.Sign:             {corehandlers.BuildContentLengthHandler},
		&s.Handlers.Send:             {corehandlers.ValidateReqSigHandler, corehandlers.SendHandler},
		&s.Handlers.ValidateResponse: {corehandlers.ValidateResponseHandler},
		&s.Handlers.AfterRetry:       {corehandlers.AfterRetryHandler},
	} {
		for _, h := range handlers {
			replaced := list.SwapNamed(request.NamedHandler{Name: h.Name, Fn: nothing})
			if seen := hasOtherHandlers(lambda.New(s)); !replaced || !seen {
				t.Errorf("%s: replaced: %t, detected: %t", h.Name, replaced, seen)
			}
			list.SwapNamed(h)
		}
	}
	if hasOtherHandlers(lambda.New(s)) {
		t.Error("the SDK's restored handlers count as replaced")
	}
}

// Handlers of a session run only if a build passes its client as the Invoker.
func TestHandlersOfASession(t *testing.T) {
	api := api(t)
	for _, tc := range []struct {
		name    string
		client  func(*session.Session) *invoke.Client
		handled bool
	}{
		{"session", func(s *session.Session) *invoke.Client {
			return clientOf(t, New(s, &recorder{}, false), invoke.Settings{})
		}, false},
		{"client", func(s *session.Session) *invoke.Client {
			return invoke.NewWith(NewAttempter(lambda.New(s)), invoke.Target{})
		}, true},
	} {
		ran := make(map[string]int)
		s := testSession(t, api.URL)
		for name, list := range map[string]*request.HandlerList{
			"Validate": &s.Handlers.Validate, "Build": &s.Handlers.Build, "Sign": &s.Handlers.Sign, "Send": &s.Handlers.Send,
			"ValidateResponse": &s.Handlers.ValidateResponse, "Unmarshal": &s.Handlers.Unmarshal, "UnmarshalMeta": &s.Handlers.UnmarshalMeta,
			"UnmarshalError": &s.Handlers.UnmarshalError, "Retry": &s.Handlers.Retry, "AfterRetry": &s.Handlers.AfterRetry,
			"CompleteAttempt": &s.Handlers.CompleteAttempt, "Complete": &s.Handlers.Complete,
		} {
			list.PushBack(func(r *request.Request) {
				ran[name]++
				if name == "Build" {
					r.HTTPRequest.Header.Set("X-Mine", "a")
				}
			})
		}
		client := tc.client(s)
		api.Reset()
		api.Fail("f", lambdatest.APIError(http.StatusNotFound, "ResourceNotFoundException", ""))
		if err := call(t.Context(), client); err == nil {
			t.Errorf("%s: got no error", tc.name)
		}
		if err := call(t.Context(), client); err != nil {
			t.Errorf("%s: got %v", tc.name, err)
		}
		if got := len(ran) == 12 && ran["Complete"] == 2 && ran["UnmarshalError"] == 1; got != tc.handled || !tc.handled && len(ran) > 0 {
			t.Errorf("%s: got calls of handlers %v, want %t", tc.name, ran, tc.handled)
		}
		if got := api.Calls()[1].Header.Get("X-Mine") == "a"; got != tc.handled {
			t.Errorf("%s: the call has the header of a handler: %t", tc.name, got)
		}
	}
}

// A handler that changes one request of an Invoker does not change others.
func TestHandlersConcurrently(t *testing.T) {
	api := api(t)
	var mu sync.Mutex
	completed := 0
	s := testSession(t, api.URL)
	s.Handlers.Validate.PushBack(func(r *request.Request) {
		r.Handlers.Complete.PushFront(func(*request.Request) {
			mu.Lock()
			defer mu.Unlock()
			completed++
		})
		r.Handlers.Send.Remove(request.NamedHandler{Name: "awssdk.client.LogRequest"})
	})
	client := invoke.NewWith(NewAttempter(lambda.New(s)), invoke.Target{})
	var calls sync.WaitGroup
	const n = 50
	for range n {
		calls.Go(func() {
			if err := call(t.Context(), client); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if completed != n {
		t.Errorf("a handler for one request ran %d times in %d requests", completed, n)
	}
}

// numberOnly is a Retryer of which only MaxRetries may be called.
type numberOnly struct{ request.Retryer }

func (numberOnly) MaxRetries() int { return 2 }

// Without max_retries, the session sets the number of retries.
func TestRetriesOfASession(t *testing.T) {
	for _, tc := range []struct {
		configured int // max_retries; -1 means absent
		session    *aws.Config
		want       int // attempts
	}{
		{-1, aws.NewConfig(), 4},
		{-1, aws.NewConfig().WithMaxRetries(aws.UseServiceDefaultRetries), 4},
		{-1, aws.NewConfig().WithMaxRetries(2), 3},
		{-1, aws.NewConfig().WithMaxRetries(0), 1},
		{-1, request.WithRetryer(aws.NewConfig(), client.DefaultRetryer{NumMaxRetries: 1}), 2},
		{-1, request.WithRetryer(aws.NewConfig(), numberOnly{}), 3},
		{1, aws.NewConfig().WithMaxRetries(7), 2},
		{0, aws.NewConfig(), 1},
	} {
		s := api(t)
		s.Fail("f", lambdatest.APIError(http.StatusInternalServerError, "ServiceException", "").Always())
		custom := testSession(t, s.URL).Copy(tc.session)
		target := New(custom, &recorder{}, false)
		svc := lambda.New(custom)
		goal := target.target(svc, clientKey{endpoint: s.URL, cacheKey: cacheKey{region: "us-west-2"}})
		goal.Sleep = noSleep
		c, err := invoke.New(goal, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: tc.configured}, nil)
		if err == nil || len(s.Calls()) != tc.want {
			t.Errorf("%d configured, %v: got %v after %d attempts, want %d", tc.configured, tc.session, err, len(s.Calls()), tc.want)
		}
		if tc.configured < 0 && MaxRetries(svc) != tc.want-1 {
			t.Errorf("%v: got %d retries of the client, want %d", tc.session, MaxRetries(svc), tc.want-1)
		}
	}
}

// Calls use the HTTP client of the session, but do not follow redirects.
func TestHTTPClientOfASession(t *testing.T) {
	s := api(t)
	used := 0
	custom := testSession(t, s.URL)
	custom.Config.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		used++
		return http.DefaultTransport.RoundTrip(r)
	})}
	if err := call(t.Context(), clientOf(t, New(custom, &recorder{}, false), invoke.Settings{})); err != nil || used != 1 {
		t.Errorf("got %v, the client's transport used %d times", err, used)
	}
	// Lookups and calls with a profile use it too.
	environment(t, nil, "", shopKeys)
	newSTS(t)
	used = 0
	if got := signer(t, New(custom, &recorder{}, false), invoke.Settings{Profile: "shop", Role: role}); got != "AKIDROLE1 eu-west-1" || used != 2 {
		t.Errorf("got %s, the client's transport used %d times", got, used)
	}
}

// The gateway does not retry after the timeout of the session's HTTP client: Lambda may still
// execute the function.
func TestTimeoutOfASession(t *testing.T) {
	calls := 0
	custom := testSession(t, "http://127.0.0.1:1")
	custom.Config.HTTPClient = &http.Client{Timeout: time.Millisecond, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		calls++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	err := clientOf(t, New(custom, &recorder{}, false), invoke.Settings{}).Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: 3}, nil)
	var e *invoke.Error
	if !errors.As(err, &e) || e.Kind != invoke.KindConnection || e.Attempts != 1 || calls != 1 {
		t.Errorf("got %#v after %d attempts, want one that took too long", err, calls)
	}
}

// A session with anonymous credentials is for a stand-in that checks no signatures. Profiles and roles
// use their own credentials.
func TestAnonymousSession(t *testing.T) {
	environment(t, nil, "", shopKeys)
	newSTS(t)
	s := testSession(t, "http://127.0.0.1:1")
	s.Config.Credentials = credentials.AnonymousCredentials
	sdk := New(s, &recorder{}, false)

	var authorization []string
	unsigned := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		authorization = append(authorization, r.Header.Get("Authorization"))
	}))
	t.Cleanup(unsigned.Close)
	if err := call(t.Context(), clientOf(t, sdk, invoke.Settings{Endpoint: unsigned.URL})); err != nil || len(authorization) != 1 || authorization[0] != "" {
		t.Errorf("got %v, calls with Authorization %q; want one without", err, authorization)
	}
	if got, want := signer(t, sdk, invoke.Settings{Profile: "shop"}), "AKIDSHOP eu-west-1"; got != want {
		t.Errorf("profile: got %s, want %s", got, want)
	}
	// The request to STS has no signature, and STS decides.
	if got, want := signer(t, sdk, invoke.Settings{Role: role}), "AKIDROLE1 eu-west-1"; got != want {
		t.Errorf("role: got %s, want %s", got, want)
	}
}

// With renew, the credentials of the build's session are renewed like all others.
func TestCredentialsOfASessionAreRenewed(t *testing.T) {
	p := &counting{}
	s := testSession(t, "http://127.0.0.1:1")
	s.Config.Credentials = credentials.NewCredentials(p)
	find := New(s, &recorder{}, false).finder(cacheKey{region: "eu-west-1"})
	for _, step := range []struct {
		renew bool
		want  string
	}{{false, "key1"}, {false, "key1"}, {true, "key2"}, {false, "key2"}, {true, "key3"}} {
		found, err := find(t.Context(), step.renew)
		if err != nil || found.AccessKeyID != step.want || found.Expires.IsZero() {
			t.Errorf("renew %t: got %+v, %v, want %s", step.renew, found, err, step.want)
		}
	}
}

// counting is a provider of numbered credentials.
type counting struct{ n int }

func (p *counting) Retrieve() (credentials.Value, error) {
	p.n++
	return credentials.Value{AccessKeyID: fmt.Sprint("key", p.n), SecretAccessKey: "s"}, nil
}
func (p *counting) IsExpired() bool      { return false }
func (p *counting) ExpiresAt() time.Time { return time.Now().Add(time.Hour) }

// hanging is a provider that blocks until its channel is closed.
type hanging struct{ release chan struct{} }

func (p hanging) Retrieve() (credentials.Value, error) {
	<-p.release
	return credentials.Value{}, errors.New("too late")
}
func (hanging) IsExpired() bool { return true }

// A provider that hangs does not block the start, nor a request beyond its timeout. (The cache bounds
// lookups.)
func TestProviderThatHangs(t *testing.T) {
	p := hanging{make(chan struct{})}
	s := testSession(t, "http://127.0.0.1:1")
	s.Config.Credentials = credentials.NewCredentials(p)
	sdk := New(s, &recorder{}, false)
	client := clientOf(t, sdk, invoke.Settings{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var e *invoke.Error
	if err := call(ended, client); !errors.As(err, &e) || e.Kind != invoke.KindEnded || !strings.Contains(e.Progress, "credentials") {
		t.Errorf("got %#v", err)
	}
	result := make(chan error)
	go func() {
		_, err := sdk.finder(cacheKey{region: "us-west-2"})(ended, false)
		result <- err
	}()
	close(p.release)
	if err := <-result; err == nil || err.Error() != "too late" {
		t.Errorf("got %v, want a lookup that waits for the provider", err)
	}
}
