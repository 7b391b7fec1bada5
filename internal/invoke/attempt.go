package invoke

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// httpAttempter makes attempts over HTTP.
type httpAttempter Client

// Attempt implements Attempter: credentials, signature, round trip, limits.
func (c *httpAttempter) Attempt(ctx context.Context, r *Request, p *Policy) (*Response, error) {
	own := new(outgoing)
	request := r.http(ctx, &c.base, c.userAgent, own)
	signed, e := c.sign(ctx, r, request, &own.signature)
	if e != nil {
		return nil, e
	}
	request.Header["Accept-Encoding"] = identity
	answer, err := c.roundTrip(request, p.Transport)
	if err != nil {
		return nil, connectionError(err)
	}
	response := new(Response)
	if e = response.body.limitAnswer(answer, r, p); e != nil {
		e.Status, e.Header, e.RequestID = answer.StatusCode, answer.Header, requestIDOf(answer.Header)
		return nil, e
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, c.refused(answer, &response.body, signed)
	}
	signed.valid()
	if err := c.fill(ctx, response, answer, r, p); err != nil {
		return nil, err
	}
	return response, nil
}

// outgoing is the memory for an attempt's HTTP request, in one allocation. A connection may read
// it after the attempt, so no other attempt uses it.
type outgoing struct {
	url       url.URL
	payload   bytes.Reader
	headers   [maxHeaders]string // their values
	signature sigv4.Values
}

// http returns the HTTP request of a call, unsigned.
func (r *Request) http(ctx context.Context, base *url.URL, userAgent []string, own *outgoing) *http.Request {
	r.setURL(&own.url, base)
	request := &http.Request{
		Method:        http.MethodPost,
		URL:           &own.url,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.header(userAgent, own.headers[:0]),
		ContentLength: int64(r.Payload.Size()),
		Body:          http.NoBody,
	}
	if r.Payload.Size() > 0 {
		// Each attempt gets a separate reader: the connection of the last attempt may still be
		// reading.
		request.GetBody = r.body
		request.Body = r.Payload.readerIn(&own.payload)
	}
	return request.WithContext(ctx)
}

// signature is the data that an attempt was signed with.
type signature struct {
	credentials Credentials // nil for an unsigned attempt
	version     uint64
	time        time.Time
}

func (s signature) valid() {
	if s.credentials != nil {
		s.credentials.MarkValid(s.version)
	}
}

// sign signs a request with the current credentials.
func (c *httpAttempter) sign(ctx context.Context, r *Request, request *http.Request, values *sigv4.Values) (signature, *Error) {
	if c.target.Credentials == nil {
		return signature{}, nil
	}
	value, version, err := c.target.Credentials.Retrieve(ctx)
	if err != nil {
		return signature{}, &Error{Kind: KindCredentials, Err: err}
	}
	at := c.clock.at(c.now())
	if err := c.signer.Sign(request, r.payloadDigest(), &value, at, values); err != nil {
		return signature{}, &Error{Kind: KindInternal, Err: err}
	}
	r.SignedWith(value, HeaderValue(request.Header, "Authorization"))
	return signature{c.target.Credentials, version, at}, nil
}

// longestCall bounds an attempt of a request without a deadline: KrakenD 1.x's contexts of
// shadow backends never end. Lambda executes a function for 15 minutes at most, and one minute
// is for the time before and after. Source:
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const longestCall = 16 * time.Minute

// The causes of an attempt that took too long. Lambda may still be executing the function, so
// the call is not retried.
var (
	errTimeout     = errors.New("the HTTP client's timeout passed")
	errLongestCall = fmt.Errorf("no complete reply within %.0f minutes, and Lambda executes a function for 15 at most", longestCall.Minutes())
)

// limit returns how long an attempt may take, 0 for no limit, and the cause to report when that
// time is over.
func (c *httpAttempter) limit(ctx context.Context) (time.Duration, error) {
	if _, ok := ctx.Deadline(); !ok && c.target.Timeout <= 0 {
		return longestCall, errLongestCall
	}
	return c.target.Timeout, errTimeout
}

// roundTrip sends a request through the transport, or through the Target's if that is nil. It
// follows no redirects: they would send the payload to any address in the answer.
func (c *httpAttempter) roundTrip(request *http.Request, transport http.RoundTripper) (*http.Response, error) {
	transport = cmp.Or(transport, c.target.Transport, http.DefaultTransport)
	limit, cause := c.limit(request.Context())
	if limit <= 0 {
		return exchange(transport, request)
	}
	ctx, cancel := context.WithTimeoutCause(request.Context(), limit, cause)
	answer, err := exchange(transport, request.WithContext(ctx))
	if err != nil {
		if context.Cause(ctx) == cause {
			err = cause
		}
		cancel()
		return nil, err
	}
	answer.Body = &timedBody{answer.Body, ctx, cancel, cause}
	return answer, nil
}

// exchange makes a round trip. Like http.Client, it accepts custom transports that return a nil
// body for an empty one.
func exchange(transport http.RoundTripper, request *http.Request) (*http.Response, error) {
	answer, err := transport.RoundTrip(request)
	switch {
	case err != nil:
		return nil, err
	case answer == nil:
		return nil, errors.New("the transport returned neither a response nor an error")
	case answer.Body == nil:
		answer.Body = http.NoBody
	}
	return answer, nil
}

// timedBody is a body that must arrive within a limit.
type timedBody struct {
	io.ReadCloser
	ctx    context.Context // of the attempt
	cancel context.CancelFunc
	cause  error // of ctx, past the limit
}

// Read implements io.Reader. The transport may report the end of the context as another error.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && context.Cause(b.ctx) == b.cause {
		err = b.cause
	}
	return n, err
}

// Close implements io.Closer. It also ends the attempt's context.
func (b *timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// refused returns the error for an answer in which AWS, or a proxy in between, refuses a call.
// It reports the refusal to the credentials and the clock.
func (c *httpAttempter) refused(answer *http.Response, body *Body, signed signature) *Error {
	payload, err := readAll(body, nil, answer.ContentLength)
	if err != nil {
		return body.failure(answer)
	}
	e := apiError(answer.StatusCode, answer.Header, payload)
	if c.target.DecodeError != nil {
		e.Err = c.target.DecodeError(answer.StatusCode, answer.Header, payload)
	}
	if signed.credentials == nil {
		return e
	}
	if skewCodes[e.Code] {
		now := c.now()
		if offset, ok := c.clock.correct(answer.Header, signed.time, now); ok {
			e.corrected = true
			c.clockIsOff(offset)
			return e
		}
	}
	switch {
	case expiredCodes[e.Code]:
		signed.credentials.MarkExpired(signed.version)
	case invalidCodes[e.Code]:
		signed.credentials.MarkInvalid(signed.version)
	case e.Code != "":
		signed.valid() // AWS refuses the call, but accepts the credentials
	} // an answer without a code comes from a proxy in between
	return e
}

// clockIsOff warns once for each Clock.
func (c *httpAttempter) clockIsOff(offset time.Duration) {
	if c.clock.warned.Swap(true) || c.warn == nil {
		return
	}
	c.warn(fmt.Sprintf("%s at %s; the gateway signs calls there with AWS's time from now on: set the clock", describeOffset(offset), text.Clean(c.base.Host)))
}

// fill sets a response to the contents of an answer. Its error is an *Error.
func (c *httpAttempter) fill(ctx context.Context, response *Response, answer *http.Response, r *Request, p *Policy) error {
	h, body := answer.Header, &response.body
	if code := HeaderValue(h, functionErrorHeader); code != "" {
		payload, err := readAll(body, nil, answer.ContentLength)
		if err != nil {
			return body.failure(answer)
		}
		return &Error{Kind: KindFunction, Code: code, Payload: payload, Status: answer.StatusCode, Header: h, RequestID: requestIDOf(h), LogResult: HeaderValue(h, logResultHeader)}
	}
	response.Status, response.Header = answer.StatusCode, h
	response.ExecutedVersion, response.RequestID = HeaderValue(h, versionHeader), requestIDOf(h)
	response.DurableExecutionARN, response.LogResult = HeaderValue(h, durableExecutionARNHeader), HeaderValue(h, logResultHeader)
	if r.Stream {
		response.Events = newEvents(ctx, body, p.MaxReply)
		return nil
	}
	var err error
	response.Payload, response.Rest, err = readReply(body, h, answer.ContentLength, p)
	if err != nil {
		return body.failure(answer)
	}
	if response.Rest != nil {
		response.Rest.request = r
	}
	return nil
}
