package invoke

import (
	"encoding/base64"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// quotesPayload are the codes of errors whose messages quote the payload, including words that
// are too short for Request.repeatedIn.
var quotesPayload = map[string]bool{
	"InvalidRequestContentException": true,
	"SerializationException":         true,
}

// SignedWith records how the current attempt is signed: the credentials, if they are known, and
// the Authorization header. No error of the attempt repeats them.
func (r *Request) SignedWith(c sigv4.Credentials, authorization string) {
	r.credentials, r.authorization = c, authorization
}

// redact removes texts from an error that repeat the credentials or the signature of the
// attempt. Unless it is the function's error or that of a lookup, it also removes texts that
// repeat the payload or the client context.
func (r *Request) redact(e *Error) {
	secret := text.HasSecrets(e.Code, e.Message) // before the cut: what shows a secret may be behind it
	e.Message = text.WithoutUserinfo(e.Message)  // before the cut, too
	if e.Kind == KindCredentials && e.Message == "" {
		// The error of this module's own lookup, which has words of a payload by chance only.
		if e.Err != nil && r.hasSecrets("", e.Err.Error()) {
			e.Err = redacted{e.Err}
		}
		return
	}
	if e.Kind == KindFunction {
		if r.hasCredentials(string(e.Payload)) {
			e.Payload, e.Redacted = nil, true
		}
	} else if e.Message = text.Cut(e.Message); secret || quotesPayload[e.Code] || r.repeatedIn(e.Code, e.Message) {
		e.Message, e.Redacted = "", true
	}
	if r.hasCredentials(e.Code) || !strings.HasSuffix(e.Code, "Exception") && r.hasPayload(e.Code) {
		e.Code, e.Redacted = "", true
	}
	if r.repeatedIn("", e.Reason) {
		e.Reason = ""
	}
	if r.repeatedIn("", e.RequestID) {
		e.RequestID = ""
	}
	e.Err = r.safe(e.Err)
}

// safe returns err, with another text if it repeats a secret.
func (r *Request) safe(err error) error {
	if err == nil || !r.repeatedIn("", err.Error()) {
		return err
	}
	return redacted{err}
}

// redacted is an error without its text. The error that it wraps still has it.
type redacted struct{ err error }

// Error implements error.
func (redacted) Error() string { return RedactedText }

// Unwrap returns the error.
func (e redacted) Unwrap() error { return e.err }

// RedactedText replaces a removed text.
const RedactedText = "message left out, because it repeats the payload or a secret"

// repeatedIn tells whether the message of an error with this code repeats what must not be
// logged.
func (r *Request) repeatedIn(code, message string) bool {
	return r.hasSecrets(code, message) || r.hasPayload(message)
}

// hasSecrets is repeatedIn without the payload.
func (r *Request) hasSecrets(code, message string) bool {
	return text.HasSecrets(code, message) || r.hasCredentials(message)
}

func (r *Request) hasCredentials(s string) bool {
	_, signature, _ := strings.Cut(r.authorization, "Signature=")
	for _, secret := range [...]string{r.credentials.SecretAccessKey, r.credentials.SessionToken, signature} {
		if text.Repeats(s, []byte(secret)) {
			return true
		}
	}
	return false
}

func (r *Request) hasPayload(s string) bool {
	clientContext, _ := base64.StdEncoding.DecodeString(r.ClientContext)
	return text.Repeats(s, []byte(r.ClientContext)) || text.Repeats(s, clientContext) || r.Payload.repeatedIn(s)
}

// redactedEvents removes secrets from the errors of events.
type redactedEvents struct {
	Events
	request *Request
}

// Next implements Events.
func (e redactedEvents) Next() ([]byte, string, error) {
	payload, log, err := e.Events.Next()
	if failure, ok := err.(*Error); ok {
		e.request.redact(failure)
	}
	return payload, log, err
}
