package invoke

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// streamEvent is an event of a streaming invocation: a piece of the function's reply or, as the
// last event, the result of the invocation.
type streamEvent struct {
	chunk    []byte          // a PayloadChunk or a piece of it, valid until the next event is read; may be empty
	complete *invokeComplete // nil for a piece of the reply
}

// invokeComplete is the end of a streaming invocation. Source:
// https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStreamCompleteEvent.html
type invokeComplete struct {
	ErrorCode    string // empty if the function succeeded
	ErrorDetails string // JSON of the function error
	LogResult    string // the last 4 KiB of the log in base64, if the call asked for it
}

// eventError is an error that AWS sends instead of the next event. It ends the stream. Both
// texts are as AWS sent them, shortened to text.MaxDetail bytes.
type eventError struct{ code, message string }

func (e *eventError) Error() string {
	code := text.Clean(cmp.Or(e.code, "UnknownError"))
	if e.message == "" {
		return code
	}
	return code + ": " + text.Quote(e.message)
}

// eventStream reads the events of a streaming invocation.
type eventStream struct {
	messages *eventReader
	chunk    bool  // the last message was a PayloadChunk, which may have more pieces
	err      error // the error of the next call, if it is known
}

func newEventStream(r io.Reader) *eventStream { return &eventStream{messages: newEventReader(r)} }

// next returns the next event. It splits a PayloadChunk that is longer than pieceSize into
// several events, to save memory. It skips unknown events. Its error is io.EOF after
// InvokeComplete, io.ErrUnexpectedEOF if the stream ends before, an *eventError, or an error of
// eventReader. It reads nothing after InvokeComplete.
func (s *eventStream) next() (streamEvent, error) {
	if s.err != nil {
		return streamEvent{}, s.err
	}
	event, err := s.read()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	s.err = err
	if event.complete != nil {
		s.err = io.EOF
	}
	return event, err
}

func (s *eventStream) read() (streamEvent, error) {
	if s.chunk {
		if piece, err := s.messages.rest(); piece != nil || err != nil {
			return streamEvent{chunk: piece}, err
		}
		s.chunk = false
	}
	for {
		m, err := s.messages.next()
		switch {
		case err != nil:
			return streamEvent{}, err
		case m.messageType == nil:
			return streamEvent{}, fmt.Errorf("%w: a message without a type", errFraming)
		}
		switch string(m.messageType) {
		case "event":
			switch string(m.eventType) {
			case "PayloadChunk":
				s.chunk = true
				return streamEvent{chunk: m.payload}, nil
			case "InvokeComplete":
				payload, err := s.messages.whole(m)
				if err != nil {
					return streamEvent{}, err
				}
				complete, err := parseComplete(payload)
				return streamEvent{complete: complete}, err
			case "":
				return streamEvent{}, fmt.Errorf("%w: an event without a type", errFraming)
			}
		case "exception":
			code := text.Cut(string(m.exceptionType))
			payload, err := s.messages.whole(m)
			if err != nil {
				return streamEvent{}, err
			}
			return streamEvent{}, &eventError{code, exceptionMessage(payload)}
		case "error":
			return streamEvent{}, &eventError{text.Cut(string(m.errorCode)), text.Cut(string(m.errorMessage))}
		}
	}
}

// parseComplete returns the result of an invocation. As in the AWS SDKs, no payload means that
// the function succeeded.
func parseComplete(payload []byte) (*invokeComplete, error) {
	complete := new(invokeComplete)
	if len(payload) == 0 {
		return complete, nil
	}
	if err := json.Unmarshal(payload, complete); err != nil {
		return nil, fmt.Errorf("%w: InvokeComplete: %w", errFraming, err)
	}
	return complete, nil
}

// exceptionMessage returns the message of an exception: JSON with the key "message" or
// "Message", as other AWS APIs send it. It is empty for any other payload.
func exceptionMessage(payload []byte) string {
	var exception struct{ Message string }
	_ = json.Unmarshal(payload, &exception) // The code is enough for an error.
	return text.Cut(exception.Message)
}
