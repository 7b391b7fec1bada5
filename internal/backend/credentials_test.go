package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
)

// A source makes credentials as it is told to.
type source struct {
	mu      sync.Mutex
	lookups int
	renew   []bool // what each lookup was told
	gate    chan struct{}
	make    func(n int) (provider, error) // for the nth lookup
}

func (s *source) find(renew bool) (*credentials.Credentials, error) {
	s.mu.Lock()
	s.lookups++
	n := s.lookups
	s.renew = append(s.renew, renew)
	s.mu.Unlock()
	if s.gate != nil {
		<-s.gate
	}
	p, err := s.make(n)
	if err != nil {
		return nil, err
	}
	if p.expires.IsZero() {
		return credentials.NewCredentials(&p.endless), nil
	}
	return credentials.NewCredentials(&p), nil
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookups
}

// endless is a provider that does not tell when its credentials end, as the SDK's chain.
type endless struct {
	id   string
	over *bool
	err  error
}

func (p *endless) Retrieve() (credentials.Value, error) {
	return credentials.Value{AccessKeyID: p.id, SecretAccessKey: p.id, ProviderName: "TestProvider"}, p.err
}
func (p *endless) IsExpired() bool { return p.over != nil && *p.over }

type provider struct {
	endless
	expires time.Time
}

func (p *provider) ExpiresAt() time.Time { return p.expires }

func numbered(n int) provider { return provider{endless: endless{id: fmt.Sprint("key", n)}} }

// newKeeper returns a keeper with a clock that stands still until it is set.
func newKeeper(find *source) (k *keeper, clock *time.Time, l *recorder) {
	l = &recorder{}
	clock = new(time.Time)
	*clock = time.Unix(1_000_000, 0)
	return &keeper{find: find.find, where: "the test", logger: l, now: func() time.Time { return *clock }}, clock, l
}

// idle waits for the lookup under way.
func (k *keeper) idle() {
	k.mu.Lock()
	running := k.running
	k.mu.Unlock()
	if running != nil {
		<-running
	}
}

func (k *keeper) id(t *testing.T) string {
	t.Helper()
	value, _, err := k.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return value.AccessKeyID
}

func TestCredentialsAreLookedForOnce(t *testing.T) {
	s := &source{make: func(n int) (provider, error) { return numbered(n), nil }, gate: make(chan struct{})}
	k, _, l := newKeeper(s)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if id := k.id(t); id != "key1" {
				t.Errorf("got %s", id)
			}
		})
	}
	close(s.gate)
	wg.Wait()
	for range 3 {
		k.id(t)
	}
	k.idle()
	if want := "DEBUG [Lambda] found AWS credentials in the test: those of TestProvider"; s.count() != 1 || len(l.lines) != 1 || l.lines[0] != want {
		t.Errorf("got %d lookups, log %q, want %q", s.count(), l.lines, want)
	}
}

// A request does not wait longer than it may, and the lookup goes on without it.
func TestWaitForCredentialsEndsWithTheRequest(t *testing.T) {
	s := &source{make: func(n int) (provider, error) { return numbered(n), nil }, gate: make(chan struct{})}
	k, _, _ := newKeeper(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := k.get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(s.gate)
	if id := k.id(t); id != "key1" || s.count() != 1 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}
}

// Where there are none, a request waits for the first lookup only.
func TestNoCredentialsAreRemembered(t *testing.T) {
	found := false
	s := &source{make: func(n int) (provider, error) {
		if !found {
			return provider{}, awserr.New("NoCredentialProviders", "nothing here", nil)
		}
		return numbered(n), nil
	}}
	k, clock, l := newKeeper(s)
	for range 5 {
		if _, _, err := k.get(t.Context()); err == nil || err.Error() != `AWS credentials in the test: NoCredentialProviders: "nothing here"` {
			t.Errorf("got %v", err)
		}
	}
	if s.count() != 1 {
		t.Errorf("got %d lookups, want 1", s.count())
	}
	*clock = clock.Add(lookupPause - 1)
	k.get(t.Context())
	if k.idle(); s.count() != 1 {
		t.Errorf("within the pause: got %d lookups, want 1", s.count())
	}

	// Then again, behind the back of a request, which does not wait.
	*clock = clock.Add(1)
	s.gate = make(chan struct{})
	for range 5 {
		if _, _, err := k.get(t.Context()); err == nil {
			t.Error("got credentials from nowhere")
		}
	}
	found = true
	close(s.gate)
	if k.idle(); s.count() != 2 {
		t.Errorf("after the pause: got %d lookups, want 2", s.count())
	}
	if id := k.id(t); id != "key2" {
		t.Errorf("got %s", id)
	}
	want := []string{
		`ERROR [Lambda] no AWS credentials in the test: NoCredentialProviders: "nothing here"; until there are some, each call fails`,
		"INFO [Lambda] found AWS credentials in the test: those of TestProvider",
	}
	if fmt.Sprint(l.lines) != fmt.Sprint(want) {
		t.Errorf("got log %q, want %q", l.lines, want)
	}
}

// The second failure is no news.
func TestMissingCredentialsAreLoggedOnce(t *testing.T) {
	s := &source{make: func(int) (provider, error) { return provider{}, errors.New("none") }}
	k, clock, l := newKeeper(s)
	for range 3 {
		k.get(t.Context())
		k.idle()
		*clock = clock.Add(lookupPause)
	}
	if s.count() != 3 || len(l.lines) != 1 {
		t.Errorf("got %d lookups, log %q", s.count(), l.lines)
	}
}

func TestCredentialsAreReplacedBeforeTheyExpire(t *testing.T) {
	s := &source{}
	k, clock, l := newKeeper(s)
	start := *clock
	fail := false
	s.make = func(n int) (provider, error) {
		if fail {
			return provider{}, errors.New("no answer")
		}
		p := numbered(n)
		p.expires = clock.Add(time.Hour)
		return p, nil
	}
	if id := k.id(t); id != "key1" {
		t.Fatal(id)
	}
	*clock = start.Add(time.Hour - refreshEarly - 1)
	if k.id(t); s.count() != 1 {
		t.Errorf("got %d lookups before it is time", s.count())
	}

	// Nobody waits while the old ones are good.
	s.gate = make(chan struct{})
	*clock = start.Add(time.Hour - refreshEarly)
	for range 3 {
		if id := k.id(t); id != "key1" {
			t.Errorf("got %s", id)
		}
	}
	close(s.gate)
	k.idle()
	if id := k.id(t); id != "key2" || s.count() != 2 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}

	// While none are to be had, the old ones serve to their end, and not beyond.
	fail = true
	*clock = clock.Add(time.Hour - refreshEarly)
	k.id(t)
	k.idle()
	if id := k.id(t); id != "key2" || s.count() != 3 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}
	*clock = clock.Add(refreshEarly - 1)
	if id := k.id(t); id != "key2" {
		t.Errorf("got %s", id)
	}
	k.idle()
	*clock = clock.Add(1)
	if _, _, err := k.get(t.Context()); err == nil {
		t.Error("got credentials that have expired")
	}
	k.idle()
	if errs := l.level("ERROR"); len(errs) != 0 {
		t.Errorf("got %q while the old ones were good", errs)
	}
	*clock = clock.Add(lookupPause)
	k.get(t.Context())
	k.idle()
	*clock = clock.Add(lookupPause)
	k.get(t.Context())
	k.idle()
	if errs := l.level("ERROR"); len(errs) != 1 {
		t.Errorf("got %q, want one line for the end of the old ones", errs)
	}
	if warnings := l.level("WARNING"); len(warnings) != 1 || warnings[0] != `WARNING [Lambda] no new AWS credentials in the test: "no answer"; those of before stay in use until they expire` {
		t.Errorf("got %q", l.lines)
	}

	fail = false
	*clock = clock.Add(lookupPause)
	k.get(t.Context())
	k.idle()
	if id := k.id(t); !strings.HasPrefix(id, "key") || id == "key2" {
		t.Errorf("got %s", id)
	}
}

// Sources that do not tell the end say when it is near: the SDK's, for the roles of
// containers and instances.
func TestCredentialsWhoseEndIsNotTold(t *testing.T) {
	over := false
	s := &source{make: func(n int) (provider, error) {
		p := numbered(n)
		if n == 1 {
			p.over = &over
		}
		return p, nil
	}}
	k, clock, _ := newKeeper(s)
	k.id(t)
	*clock = clock.Add(24 * time.Hour)
	id := k.id(t)
	if k.idle(); id != "key1" || s.count() != 1 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}
	over = true
	*clock = clock.Add(lookupPause)
	if id := k.id(t); id != "key1" { // in the background
		t.Errorf("got %s", id)
	}
	k.idle()
	if id := k.id(t); id != "key2" || s.count() != 2 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}
}

// What AWS refuses is replaced once, however many requests have been refused with it.
func TestRefusedCredentialsAreReplacedOnce(t *testing.T) {
	s := &source{make: func(n int) (provider, error) { return numbered(n), nil }}
	k, _, _ := newKeeper(s)
	_, lease, _ := k.get(t.Context())
	k.refuse(lease)
	k.refuse(lease)
	if id := k.id(t); id != "key2" {
		t.Errorf("got %s", id)
	}
	k.refuse(lease) // a late one
	if id := k.id(t); id != "key2" || s.count() != 2 {
		t.Errorf("got %s after %d lookups", id, s.count())
	}
	if fmt.Sprint(s.renew) != "[false true]" {
		t.Errorf("lookups were told %v", s.renew)
	}
}

// Credentials that AWS goes on to refuse are not looked for in every request: after a few
// there is an error, and a pause.
func TestCredentialsThatAreRefusedAgainAndAgain(t *testing.T) {
	stale := true
	s := &source{make: func(n int) (provider, error) {
		if stale {
			n = 0
		}
		return numbered(n), nil
	}}
	k, clock, l := newKeeper(s)
	for n := range 2 * maxRefusals {
		_, lease, err := k.get(t.Context())
		if (err == nil) != (n < maxRefusals) {
			t.Errorf("request %d: got %v", n, err)
		}
		if err == nil {
			k.refuse(lease)
		} else if want := `AWS credentials in the test: "AWS takes those that were found for expired"`; err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if s.count() != maxRefusals {
		t.Errorf("got %d lookups, want %d", s.count(), maxRefusals)
	}

	// The same again are no better, for a while.
	*clock = clock.Add(lookupPause)
	k.get(t.Context())
	k.idle()
	if _, _, err := k.get(t.Context()); err == nil || s.count() != maxRefusals+1 {
		t.Errorf("got %v after %d lookups", err, s.count())
	}
	*clock = clock.Add(oldFailure)
	_, again, err := k.get(t.Context())
	if err != nil {
		t.Errorf("after a minute: got %v", err)
	}
	k.refuse(again)
	if _, _, err := k.get(t.Context()); err == nil {
		t.Error("refused once more: got no error")
	}
	if lines := l.level("ERROR"); len(lines) != 2 || lines[0] != `ERROR [Lambda] no AWS credentials in the test: "AWS takes those that were found for expired"; until there are some, each call fails` {
		t.Errorf("got %q", lines)
	}
	// Others are tried, and one that is taken ends it.
	stale = false
	*clock = clock.Add(lookupPause)
	k.get(t.Context())
	k.idle()
	_, lease, err := k.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.accept()
	k.refuse(lease)
	if _, _, err := k.get(t.Context()); err != nil {
		t.Errorf("after one that was taken: got %v", err)
	}
}

// A failure of long ago says nothing of now: the first request after it waits a moment for
// a new look.
func TestOldFailure(t *testing.T) {
	found := false
	s := &source{make: func(n int) (provider, error) {
		if !found {
			return provider{}, errors.New("none")
		}
		return numbered(n), nil
	}}
	k, clock, _ := newKeeper(s)
	k.get(t.Context())
	*clock = clock.Add(oldFailure)
	if _, _, err := k.get(t.Context()); err == nil || s.count() != 2 {
		t.Errorf("got %v after %d lookups", err, s.count())
	}
	found = true
	*clock = clock.Add(oldFailure)
	if id := k.id(t); id != "key3" {
		t.Errorf("got %s", id)
	}

	// It does not wait for longer.
	found = false
	_, lease, _ := k.get(t.Context())
	k.refuse(lease)
	k.get(t.Context())
	k.idle()
	*clock = clock.Add(oldFailure)
	s.gate = make(chan struct{})
	if _, _, err := k.get(t.Context()); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v", err)
	}
	close(s.gate)
	k.idle()
}

// A key that AWS does not know may have been replaced in the shared files.
func TestDoubt(t *testing.T) {
	s := &source{make: func(n int) (provider, error) { return numbered(n), nil }}
	k, clock, _ := newKeeper(s)
	_, lease, _ := k.get(t.Context())
	k.doubt(lease) // within the pause
	if k.idle(); s.count() != 1 {
		t.Errorf("got %d lookups", s.count())
	}
	*clock = clock.Add(lookupPause)
	k.doubt(lease)
	k.doubt(lease)
	k.idle()
	k.doubt(lease) // a late one
	k.idle()
	if id := k.id(t); id != "key2" || s.count() != 2 || fmt.Sprint(s.renew) != "[false true]" {
		t.Errorf("got %s after lookups %v", id, s.renew)
	}
}

// Whatever does not come back, a lookup ends, and there is no second one beside it.
func TestLookupThatHangs(t *testing.T) {
	hang := make(chan struct{})
	s := &source{make: func(n int) (provider, error) {
		if n == 1 {
			<-hang
		}
		return numbered(n), nil
	}}
	k, _, _ := newKeeper(s)
	for range 2 {
		if _, err := k.within(time.Millisecond, nil, false); err == nil || err.Error() != "no answer within 1ms" {
			t.Errorf("got %v", err)
		}
	}
	if s.count() != 1 {
		t.Errorf("got %d lookups at once", s.count())
	}
	close(hang)
	for want := range 2 { // what has come late counts
		if found, err := k.within(time.Hour, nil, false); err != nil || found.value.AccessKeyID != fmt.Sprint("key", want+1) {
			t.Errorf("got %+v, %v, want key%d", found, err, want+1)
		}
	}
}

func TestLookupsThatFail(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(int) (provider, error)
		want string
	}{
		"no source": {func(int) (provider, error) { return provider{}, errors.New("x") }, `"x"`},
		"an error":  {func(int) (provider, error) { return provider{endless: endless{id: "a", err: errors.New("y")}}, nil }, `"y"`},
		"empty":     {func(int) (provider, error) { return provider{}, nil }, `"access key id and secret access key are empty"`},
		"expired already": {func(int) (provider, error) {
			return provider{endless: endless{id: "a"}, expires: time.Unix(1_000_000, 0)}, nil
		}, `"those that were found have expired at 1970-01-12T13:46:40Z"`},
		"a panic": {func(int) (provider, error) { panic("z") }, `"panic: z"`},
	} {
		k, _, _ := newKeeper(&source{make: tc.make})
		_, _, err := k.get(t.Context())
		var missing *credentialsError
		if !errors.As(err, &missing) || err.Error() != "AWS credentials in the test: "+tc.want || errors.Unwrap(err) == nil {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

// Short-lived ones are not looked for in every request.
func TestCredentialsThatLiveShort(t *testing.T) {
	s := &source{}
	k, clock, _ := newKeeper(s)
	s.make = func(n int) (provider, error) {
		p := numbered(n)
		p.expires = clock.Add(10 * time.Second)
		return p, nil
	}
	for range 5 {
		k.id(t)
		k.idle()
	}
	if s.count() != 1 {
		t.Errorf("got %d lookups at one time", s.count())
	}
	*clock = clock.Add(lookupPause)
	k.id(t)
	k.idle()
	if id := k.id(t); id != "key2" {
		t.Errorf("got %s", id)
	}
	// Past their end a request waits.
	*clock = clock.Add(10 * time.Second)
	if id := k.id(t); id != "key3" {
		t.Errorf("got %s", id)
	}
}

// An expired token costs one lookup for all requests that meet it, and they all succeed.
func TestHerdOfExpiredCredentials(t *testing.T) {
	const herd = 20
	var refused sync.WaitGroup
	refused.Add(herd)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "Credential=key1/") {
			refused.Done()
			refused.Wait() // all have been signed by then
			w.Header().Set("X-Amzn-ErrorType", "ExpiredTokenException")
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(s.Close)
	b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, s.URL, nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_retries": 0.0})})
	keys := &source{make: func(n int) (provider, error) { return numbered(n), nil }}
	b.keeper, _, _ = newKeeper(keys)

	var wg sync.WaitGroup
	for range herd {
		wg.Go(func() {
			if _, err := invoke(t.Context(), b, &Request{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := keys.count(); n != 2 {
		t.Errorf("got %d lookups, want 2", n)
	}
}

// What a client is told of missing credentials is a code of AWS, where there is one.
func TestDetailsOfMissingCredentials(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string // errorType
	}{
		{awserr.New("NoCredentialProviders", "private", nil), "NoCredentialProviders"},
		{awserr.New("not a\ncode", "private", nil), "InvocationFailure"},
		{errors.New("private"), "InvocationFailure"},
	} {
		b := NewFactory(Options{Logger: &recorder{}, Session: testSession(t, "http://127.0.0.1:1", nil)}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
		b.keeper, _, _ = newKeeper(&source{make: func(int) (provider, error) { return provider{}, tc.err }})
		_, err := invoke(t.Context(), b, &Request{})
		var e *Error
		if want := fmt.Sprintf(`{"errorType":%q,"errorMessage":"invocation failed"}`, tc.want); !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway || string(e.Details()) != want {
			t.Errorf("%v: got %v, %s; want a 502 with %s", tc.err, err, e.Details(), want)
		}
	}
}
