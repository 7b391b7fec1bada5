package invoke

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// service is the name of AWS Lambda in signatures.
const service = "lambda"

// Target tells where calls go. An AWS SDK has determined it.
type Target struct {
	// Endpoint is the base URL of the Invoke API, without the path of an operation.
	Endpoint string
	// Region is the region that calls are signed for.
	Region string
	// Credentials sign the calls. Nil sends them unsigned.
	Credentials Credentials
	// MaxRetries is the SDK's number of retries, for backends that configure none.
	MaxRetries int
	// Transport sends the calls. Nil is http.DefaultTransport as it is at the time of each
	// call: KrakenD replaces it when its router starts.
	Transport http.RoundTripper
	// Timeout bounds an attempt including its reply. If it is 0, the request's deadline bounds
	// the attempt, or without a deadline 16 minutes, which is a little more than Lambda's
	// longest execution.
	Timeout time.Duration
	// UserAgent is the User-Agent header.
	UserAgent string
	// Clock is the clock that an endpoint's clients share. Nil makes one for this client.
	Clock *Clock
	// Now returns the time, and Sleep waits for a retry. Nil uses the machine's clock.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// DecodeError turns an answer into the error types of an SDK, for errors.As. It receives the
	// answer's own header and body. It may be nil.
	DecodeError func(status int, h http.Header, body []byte) error
}

// An Attempter makes one attempt of a call, in place of this package's HTTP client. If its error
// is not an *Error, it counts as an error of the connection. It must be safe for concurrent use.
type Attempter interface {
	Attempt(ctx context.Context, r *Request, p *Policy) (*Response, error)
}

// Policy controls the calls of a backend.
type Policy struct {
	// MaxRetries is how often a failed execution is retried. -1 leaves the number to the Target.
	MaxRetries int
	// RetryFunctionErrors treats a function's own error as a failed execution.
	RetryFunctionErrors bool
	// MaxReply is the largest reply, in bytes. 0 is no limit, for streams.
	MaxReply int64
	// Peek is how much of a reply to read before the rest is passed on, in bytes. 0 reads all of
	// it.
	Peek int
	// Decodes tells that the reply is decoded: the call can be retried until decoding succeeds.
	// It cannot be retried once a part of the reply has gone to a client.
	Decodes bool
	// Transport sends the calls in place of the Target's. Nil uses the Target's. A custom
	// Attempter uses its own transport.
	Transport http.RoundTripper
	// OnAttempt is called before each attempt. It may be nil.
	OnAttempt func()
	// OnFailure is called with the error of each failed attempt, before the next one. It may be
	// nil.
	OnFailure func(*Error)
}

// Client calls the Invoke API of one Target. It is safe for concurrent use.
type Client struct {
	target    Target
	attempter Attempter
	base      url.URL // its path ends without a slash
	userAgent []string
	signer    *sigv4.Signer
	clock     *Clock
	budgets   budgets

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	rand  func() float64 // returns a number in [0, 1)
	warn  func(string)   // nil for none
}

// New returns a client. warn receives warnings for the operator; nil drops them. New returns an
// error if the endpoint is not a URL.
func New(t Target, warn func(string)) (*Client, error) {
	endpoint, err := url.Parse(t.Endpoint)
	if err != nil {
		return nil, errors.New("the endpoint is not a URL")
	}
	c := newClient(t, warn)
	c.base = *endpoint
	// Like aws-sdk-go, sign and send the host without a default port, because a proxy in between
	// may drop it.
	if port := endpoint.Port(); port == "80" && endpoint.Scheme == "http" || port == "443" && endpoint.Scheme == "https" {
		c.base.Host = strings.TrimSuffix(endpoint.Host, ":"+port)
	}
	c.base.Path, c.base.RawPath, c.base.RawQuery, c.base.User = strings.TrimSuffix(path.Clean("/"+endpoint.Path), "/"), "", "", nil
	c.attempter = (*httpAttempter)(c)
	return c, nil
}

// NewWith returns a client whose attempts the Attempter makes, with its own endpoint,
// credentials and limits. It uses only MaxRetries, Now and Sleep of the Target.
func NewWith(a Attempter, t Target) *Client {
	c := newClient(t, nil)
	c.attempter = a
	return c
}

func newClient(t Target, warn func(string)) *Client {
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Sleep == nil {
		t.Sleep = sleep
	}
	if t.Clock == nil {
		t.Clock = new(Clock)
	}
	return &Client{
		target:    t,
		clock:     t.Clock,
		userAgent: []string{t.UserAgent},
		signer:    sigv4.NewSigner(t.Region, service),
		now:       t.Now,
		sleep:     t.Sleep,
		rand:      rand.Float64,
		warn:      warn,
	}
}

// Invoke makes a call, with its retries, and passes the response to use. If the reply breaks off
// while use reads it, and no part of it has gone to a client, Invoke retries the call. The error
// is an *Error, or the error of use for a whole reply.
//
// This is the only path of a call: attempt, use, decide, wait.
func (c *Client) Invoke(ctx context.Context, r *Request, p *Policy, use func(*Response) error) error {
	call := call{client: c, policy: p, function: r.Function}
	for {
		call.attempts++
		if p.OnAttempt != nil {
			p.OnAttempt()
		}
		started := c.now()
		err := c.attempt(ctx, r, p, use)
		e := asError(err)
		if e == nil { // the reply was whole, even if use failed
			c.budgets.success(r.Function, call.retried)
			return err
		}
		call.took = c.now().Sub(started)
		r.redact(e)
		e.Attempts = call.attempts
		if e.RequestID == "" {
			e.RequestID = call.requestID
		}
		call.requestID = e.RequestID
		if p.OnFailure != nil {
			p.OnFailure(e)
		}
		if ctx.Err() != nil && e.Kind != KindAPI && e.Kind != KindFunction && e.Kind != KindLimit {
			return call.ended(ctx, e)
		}
		delay, again := call.next(ctx, e)
		if !again {
			return e
		}
		call.last = e
		if delay == 0 {
			continue
		}
		if err := c.sleep(ctx, delay); errors.Is(err, context.Canceled) {
			return call.ended(ctx, e)
		} else if err != nil || call.room(ctx, e) <= 0 { // a busy machine wakes up late
			return e // it says more than the deadline
		}
	}
}

// attempt makes one attempt and passes its response to use.
func (c *Client) attempt(ctx context.Context, r *Request, p *Policy, use func(*Response) error) error {
	response, err := c.attempter.Attempt(ctx, r, p)
	if err != nil {
		if e := asError(err); e != nil {
			return e
		}
		return connectionError(err)
	}
	if response.Events != nil {
		response.Events = redactedEvents{response.Events, r}
	}
	used := false
	defer func() {
		if !used {
			response.close()
		}
	}()
	if err = use(response); err == nil {
		used = true
		return nil
	}
	var e *Error
	if response.Rest != nil {
		if e = response.Rest.Failure(); e != nil {
			e.ReplyUsed, err = true, e
		}
	}
	if errors.As(err, &e) && e.Header == nil { // the error of a reply lacks its answer's data
		e.Header, e.RequestID = response.Header, response.RequestID
	}
	return err
}

// call is the state of one call.
type call struct {
	client   *Client
	policy   *Policy
	function string

	attempts  int           // attempts so far
	took      time.Duration // the last attempt
	requestID string        // of the last answer
	failed    int           // executions that failed
	retried   bool          // at least one retry was for a failed execution
	refreshed bool          // new credentials or a corrected clock, after an attempt that executed nothing
	last      *Error        // of the last attempt; nil for the first
}

// ended returns the error of a call whose context is done, and says how far the call came. If
// the deadline passed before a retry was sent, it returns the last attempt's error, which says
// more.
func (c *call) ended(ctx context.Context, e *Error) *Error {
	if c.last != nil && e.Kind == KindCredentials && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return c.last
	}
	progress := "before the function answered"
	switch {
	case c.last != nil:
		progress = fmt.Sprintf("in attempt %d", c.attempts)
	case e.Kind == KindEnded:
		progress = e.Progress
	case e.Kind == KindTruncated:
		progress = "while the reply was coming"
	case e.Kind == KindCredentials:
		progress = "before the gateway had credentials to sign the call with"
	}
	return &Error{Kind: KindEnded, Progress: progress, Previous: c.last, RequestID: e.RequestID, Header: e.Header, Attempts: c.attempts, Err: ctx.Err()}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
