package invoke

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxReply is Lambda's limit for a reply that is not streamed, in bytes: 6 MB, and 100 bytes
	// for its own report of a function's error. It bounds errors too.
	maxReply = 6<<20 + 100

	// MaxHeader bounds the headers of an answer, in bytes: names and values, and 32 for each, as
	// HTTP/2 counts them (RFC 9113, section 6.5.2).
	MaxHeader = 64 << 10
)

func checkHeader(h http.Header) error {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value) + 32
		}
	}
	if size > MaxHeader {
		return fmt.Errorf("its headers have %d bytes; the limit is %d", size, MaxHeader)
	}
	return nil
}

// TooLong returns the error for a reply that is larger than limit, in bytes.
func TooLong(limit int64) error { return fmt.Errorf("it has more than %d bytes", limit) }

// Body is the body of an answer. It returns an error beyond its limit, remembers how reading
// ended, and closes itself after an error.
type Body struct {
	body  io.ReadCloser
	limit int64 // 0 for none
	read  int64

	ended      bool  // it was read to its end
	limitError error // it is larger than the limit
	readError  error // the connection broke before the end

	request *Request       // the request of a remaining reply; nil otherwise
	refusal *http.Response // the answer if it is a refusal, otherwise nil
	kept    []byte         // the part of a refusal that was read, up to maxKept
}

// maxKept is how much of a refusal Message can use, in bytes.
const maxKept = 16 << 10

// Read implements io.Reader.
func (b *Body) Read(p []byte) (n int, err error) {
	switch { // a closed body would give another error
	case b.limitError != nil:
		return 0, b.limitError
	case b.readError != nil:
		return 0, b.readError
	}
	if b.limit > 0 { // one more byte shows that the body exceeds the limit
		p = p[:min(int64(len(p)), b.limit-b.read+1)]
	}
	n, err = b.body.Read(p)
	if b.refusal != nil {
		b.kept = append(b.kept, p[:min(n, maxKept-len(b.kept))]...)
	}
	if b.read += int64(n); b.limit > 0 && b.read > b.limit {
		b.limitError = TooLong(b.limit)
		b.Close()
		return n - 1, b.limitError
	}
	if b.ended = err == io.EOF; !b.ended && err != nil {
		if b.request != nil {
			err = b.request.safe(err)
		}
		b.readError = err
		// With Go 1.27 the connection of a body that fails is there until the body is closed.
		b.Close()
	}
	return n, err
}

// Size returns how much has been read, in bytes.
func (b *Body) Size() int64 { return b.read }

// Close implements io.Closer.
func (b *Body) Close() error { return b.body.Close() }

// Failure returns why reading ended before the end of the body: an *Error of KindLimit or
// KindTruncated. Otherwise it returns nil.
func (b *Body) Failure() *Error {
	switch {
	case b.limitError != nil:
		return &Error{Kind: KindLimit, Err: b.limitError}
	case b.readError != nil:
		return truncated(b.readError)
	}
	return nil
}

// Message returns the text of an answer that refuses a call without a code of AWS, as far as it
// was read. It is empty for other answers. SDKs do not report it.
func (b *Body) Message() string {
	if b == nil || b.refusal == nil {
		return ""
	}
	if e := apiError(b.refusal.StatusCode, b.refusal.Header, b.kept); e.Code == "" {
		return e.Message
	}
	return ""
}

// failure returns the error for an answer whose body could not be read to its end.
func (b *Body) failure(answer *http.Response) *Error {
	e := b.Failure()
	e.Status, e.Header, e.RequestID = answer.StatusCode, answer.Header, requestIDOf(answer.Header)
	return e
}

// LimitAnswer limits an answer before anything reads it, and returns its body. A stream has its
// own limit. The error is of KindLimit; then the answer's body is closed.
func LimitAnswer(answer *http.Response, r *Request, p *Policy) (*Body, *Error) {
	b := new(Body)
	if err := b.limitAnswer(answer, r, p); err != nil {
		return nil, err
	}
	return b, nil
}

// limitAnswer sets b to the body of an answer, limited as for LimitAnswer.
func (b *Body) limitAnswer(answer *http.Response, r *Request, p *Policy) *Error {
	limit := p.MaxReply
	switch {
	case answer.StatusCode >= http.StatusMultipleChoices, HeaderValue(answer.Header, functionErrorHeader) != "":
		limit = maxReply
	case r.Stream:
		limit = 0
	}
	if err := b.limitTo(answer, limit); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		b.refusal = answer
	}
	return nil
}

// Limit limits an answer's body, in bytes, 0 for no limit, and its headers. The error is of
// KindLimit; then the answer's body is closed.
func Limit(answer *http.Response, limit int64) (*Body, *Error) {
	b := new(Body)
	if err := b.limitTo(answer, limit); err != nil {
		return nil, err
	}
	return b, nil
}

// limitTo sets b to the body of an answer, limited as for Limit.
func (b *Body) limitTo(answer *http.Response, limit int64) *Error {
	err := checkHeader(answer.Header)
	switch {
	case err != nil:
	case answer.StatusCode == http.StatusSwitchingProtocols:
		err = errSwitch // the body is the connection, and no deadline ends it
	case limit > 0 && answer.ContentLength > limit:
		err = TooLong(limit)
	}
	if err != nil {
		answer.Body.Close()
		return &Error{Kind: KindLimit, Err: err}
	}
	b.body, b.limit = answer.Body, limit
	return nil
}

// graceTime is how long Finish waits for the end of a reply.
const graceTime = time.Second

// Finish closes a body that has been decoded. Decoders stop at the end of a document. After a
// whole document, Finish reads the few remaining bytes, so that the connection can be reused. It
// waits for them no longer than graceTime, because the request may never end.
func (b *Body) Finish(whole bool) {
	if !whole || b.ended {
		b.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // a panic of a build's own transport would end the process here
		defer b.Close()
		_, _ = io.CopyN(io.Discard, b.body, 64<<10)
	}()
	timer := time.NewTimer(graceTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		b.Close()
	}
}

// readReply reads a reply: all of it, or as much as the policy needs before the rest is passed
// on. The returned body is the rest; it is nil if everything was read and the body is closed.
func readReply(b *Body, h http.Header, length int64, p *Policy) ([]byte, *Body, error) {
	whole := p.Peek == 0 || 0 <= length && length <= int64(p.Peek) || p.Decodes && isEncoded(h)
	if whole {
		payload, err := readAll(b, nil, length)
		return payload, nil, err
	}
	prefix := make([]byte, 0, min(p.Peek, 4<<10))
	for len(prefix) < p.Peek {
		if len(prefix) == cap(prefix) { // the reply is long
			prefix = append(make([]byte, 0, p.Peek), prefix...)
		}
		n, err := b.Read(prefix[len(prefix):cap(prefix)])
		prefix = prefix[:len(prefix)+n]
		if err != nil {
			b.Close()
			if err == io.EOF {
				err = nil
			}
			return prefix, nil, err
		}
	}
	if p.Decodes && len(bytes.TrimLeft(prefix, " \t\r\n")) == 0 { // the rest may still be empty
		payload, err := readAll(b, prefix, length)
		return payload, nil, err
	}
	return prefix, b, nil
}

func isEncoded(h http.Header) bool {
	encoding := HeaderValue(h, "Content-Encoding")
	return encoding != "" && encoding != "identity"
}

// readAll reads a body to its end, after prefix was read from it, and closes it. length is its
// total length, in bytes, and negative if it is not known.
func readAll(b *Body, prefix []byte, length int64) ([]byte, error) {
	defer b.Close()
	if length < 0 {
		length = 512
	}
	p := make([]byte, len(prefix), max(int(length), len(prefix))+1) // one more, to see the end
	copy(p, prefix)
	for {
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
		n, err := b.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return p, err
		}
	}
}

var errSwitch = errors.New("it switches to another protocol")
