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

// Target is where calls go. An AWS SDK has worked it out.
type Target struct {
	// Endpoint is the base URL of the Invoke API, without the path of an operation.
	Endpoint string
	// Region is the one that calls are signed for.
	Region string
	// Credentials sign the calls. Nil sends them unsigned.
	Credentials Credentials
	// MaxRetries is the SDK's number of retries, for backends that configure none.
	MaxRetries int
	// Transport sends the calls. Nil is http.DefaultTransport as it is at the time of each
	// call: KrakenD replaces it when its router starts.
	Transport http.RoundTripper
	// Timeout bounds an attempt with its reply. 0 leaves it to the request's deadline, and to a
	// bound of 16 minutes, a little more than Lambda's longest execution, where it has none.
	Timeout time.Duration
	// UserAgent is the header of that name.
	UserAgent string
	// Clock is the endpoint's, which its clients share. Nil makes one for this client.
	Clock *Clock
	// Now and Sleep are the time, and what waits for a retry. Nil is the machine's own.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// DecodeError makes the error types of an SDK of an answer, for errors.As. The header's
	// and body's are the answer's own. Nil makes none.
	DecodeError func(status int, h http.Header, body []byte) error
}

// An Attempter makes one attempt of a call, in place of the HTTP client of this package. Its
// error is an *Error, or is taken for one of the connection. It must be safe for concurrent use.
type Attempter interface {
	Attempt(ctx context.Context, r *Request, p *Policy) (*Response, error)
}

// Policy is how the calls of a backend are made.
type Policy struct {
	// MaxRetries is how often an execution that failed is tried again. -1 leaves the number
	// to the Target.
	MaxRetries int
	// RetryFunctionErrors counts a function's own error as an execution that failed.
	RetryFunctionErrors bool
	// MaxReply is the largest reply, in bytes. 0 is without a limit, for streams.
	MaxReply int64
	// Peek is how much of a reply to read before the rest is handed on, in bytes. 0 reads all
	// of it.
	Peek int
	// Decodes tells that the reply is decoded: it can be tried again as long as that has not
	// succeeded. What goes to a client cannot.
	Decodes bool
	// Transport sends the calls in place of the Target's. Nil is the Target's. An Attempter of
	// other make has its own.
	Transport http.RoundTripper
	// OnAttempt is called before each attempt. Nil is for none.
	OnAttempt func()
	// OnFailure is called with the error of each attempt that failed, before it is tried
	// again. Nil is for none.
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
	rand  func() float64 // in [0, 1)
	warn  func(string)   // nil for none
}

// New returns a client. warn gets what an operator should read; nil drops it. The error is for
// an endpoint that is not a URL.
func New(t Target, warn func(string)) (*Client, error) {
	endpoint, err := url.Parse(t.Endpoint)
	if err != nil {
		return nil, errors.New("the endpoint is not a URL")
	}
	c := newClient(t, warn)
	c.base = *endpoint
	// As aws-sdk-go, sign and send the host without the port that goes without saying: what
	// stands in between may drop it.
	if port := endpoint.Port(); port == "80" && endpoint.Scheme == "http" || port == "443" && endpoint.Scheme == "https" {
		c.base.Host = strings.TrimSuffix(endpoint.Host, ":"+port)
	}
	c.base.Path, c.base.RawPath, c.base.RawQuery, c.base.User = strings.TrimSuffix(path.Clean("/"+endpoint.Path), "/"), "", "", nil
	c.attempter = (*httpAttempter)(c)
	return c, nil
}

// NewWith returns a client whose attempts another one makes, with its own endpoint, credentials
// and limits. Of the Target only MaxRetries, Now and Sleep count.
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

// Invoke makes a call, with its retries, and hands the response to use. Where the reply turns out
// to be cut while use reads it, and nothing of it has gone to a client, the call is tried again.
// The error is an *Error, or what use has returned for a whole reply.
//
// It is the one path of a call: attempt, use, verdict, delay.
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
		if e == nil { // whatever use made of it, there was a whole reply
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
		} else if err != nil || call.room(ctx, e) <= 0 { // a busy machine wakes late
			return e // it says more than the deadline does
		}
	}
}

// attempt makes one attempt and has its response used.
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
	if errors.As(err, &e) && e.Header == nil { // a reply's error does not know its answer
		e.Header, e.RequestID = response.Header, response.RequestID
	}
	return err
}

// call is the state of one call.
type call struct {
	client   *Client
	policy   *Policy
	function string

	attempts  int           // that were made
	took      time.Duration // the last attempt
	requestID string        // of the last answer
	failed    int           // executions that failed
	retried   bool          // at least once for an execution that failed
	refreshed bool          // the credentials, or the clock was corrected, for an attempt that executed nothing
	last      *Error        // of the attempt before; nil for the first
}

// ended is the error of a call whose context is done, with how far it came. Where the deadline
// passed before a retry was sent, it is the error of the attempt before, which says more.
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
		progress = "before there were credentials to sign the call with"
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
