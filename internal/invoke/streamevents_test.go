package invoke

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestEventStream(t *testing.T) {
	tea, done := encodedChunk(t, "tea"), encodedComplete(t, `{}`)
	long := strings.Repeat("tea pot.", maxBuffer/8)
	first := pieceSize - (len(tea) - preludeSize - len("tea") - checksumSize) // of its payload, after its headers
	for _, tc := range []struct {
		name, stream string
		chunks       string // each one after a bar
		complete     invokeComplete
		err          string
	}{
		{"nothing", "", "", invokeComplete{}, "unexpected EOF"},
		{"chunks", tea + encodedChunk(t, "") + encodedChunk(t, "pot") + done, "|tea||pot", invokeComplete{}, "EOF"},
		{"no chunk", done, "", invokeComplete{}, "EOF"},
		{"no end", tea, "|tea", invokeComplete{}, "unexpected EOF"},
		{"half of the end", tea + done[:20], "|tea", invokeComplete{}, "unexpected EOF"},
		{"an end without a payload", encodedComplete(t, ""), "", invokeComplete{}, "EOF"},
		{"an end of null", encodedComplete(t, "null"), "", invokeComplete{}, "EOF"},
		{"more after the end", done + tea + "x", "", invokeComplete{}, "EOF"},
		{
			"a function error", tea + encodedComplete(t, `{"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"a\"}","LogResult":"bG9n","New":1}`),
			"|tea", invokeComplete{"Unhandled", `{"errorType":"a"}`, "bG9n"}, "EOF",
		},
		{"an end that is not JSON", encodedComplete(t, "<end/>"), "", invokeComplete{}, "damaged event stream: InvokeComplete: invalid character '<' looking for beginning of value"},
		{
			"an end of another type", encodedComplete(t, `{"ErrorCode":1}`), "", invokeComplete{},
			"damaged event stream: InvokeComplete: json: cannot unmarshal number into Go struct field invokeComplete.ErrorCode of type string",
		},
		{"an unknown event", tea + encoded(t, "?", ":message-type", "event", ":event-type", "Progress") + done, "|tea", invokeComplete{}, "EOF"},
		{"a message of an unknown type", tea + encoded(t, "?", ":message-type", "ping", ":event-type", "PayloadChunk") + done, "|tea", invokeComplete{}, "EOF"},
		{"a message without a type", tea + encoded(t, "?", ":event-type", "PayloadChunk") + done, "|tea", invokeComplete{}, "damaged event stream: a message without a type"},
		{"an event without a type", tea + encoded(t, "?", ":message-type", "event") + done, "|tea", invokeComplete{}, "damaged event stream: an event without a type"},
		{"a chunk in pieces", encodedChunk(t, long) + tea + done, "|" + long[:first] + "|" + long[first:] + "|tea", invokeComplete{}, "EOF"},
		{"a chunk that ends after a piece", encodedChunk(t, long)[:maxBuffer+30], "|" + long[:first], invokeComplete{}, "unexpected EOF"},
		{"a long unknown event", encoded(t, long, ":message-type", "event", ":event-type", "Progress") + tea + done, "|tea", invokeComplete{}, "EOF"},
		{"half of a long unknown event", encoded(t, long, ":message-type", "event", ":event-type", "Progress")[:maxBuffer+30], "", invokeComplete{}, "unexpected EOF"},
		{"a long end", encodedComplete(t, `{"LogResult":"`+long+`"}`), "", invokeComplete{LogResult: long}, "EOF"},
		{"half of a long end", encodedComplete(t, `{"LogResult":"`+long+`"}`)[:maxBuffer+30], "", invokeComplete{}, "unexpected EOF"},
		{
			"a long exception", encoded(t, `{"message":"no`+strings.Repeat(" ", maxBuffer)+`"}`, ":message-type", "exception", ":exception-type", "ServiceException"), "", invokeComplete{},
			"ServiceException: '" + text.Cut("no"+strings.Repeat(" ", maxBuffer)) + "'",
		},
		{"half of a long exception", encoded(t, long, ":message-type", "exception", ":exception-type", "ServiceException")[:maxBuffer+30], "", invokeComplete{}, "unexpected EOF"},
		{"damage", tea + "x" + tea + done, "|tea", invokeComplete{}, "damaged event stream: wrong checksum of a prelude"},

		{"an exception", tea + encoded(t, `{"message":"no"}`, ":message-type", "exception", ":exception-type", "ServiceException") + done, "|tea", invokeComplete{}, `ServiceException: 'no'`},
		{"an undocumented exception", encoded(t, `{"Message":"a\nb","Type":"User"}`, ":message-type", "exception", ":exception-type", "Never\nSeen"), "", invokeComplete{}, "Never Seen: 'a b'"},
		{"an exception in bytes", encoded(t, "\x00\x01\xff", ":message-type", "exception", ":exception-type", "ServiceException"), "", invokeComplete{}, "ServiceException"},
		{"an exception with a message of another type", encoded(t, `{"message":["no"]}`, ":message-type", "exception", ":exception-type", "ServiceException"), "", invokeComplete{}, "ServiceException"},
		{"an exception without a type", encoded(t, `{"message":"no"}`, ":message-type", "exception"), "", invokeComplete{}, "UnknownError: 'no'"},
		{"an error", tea + encoded(t, `{"message":"?"}`, ":message-type", "error", ":error-code", "InternalError", ":error-message", "try later") + done, "|tea", invokeComplete{}, "InternalError: 'try later'"},
		{"an error without anything", encoded(t, "", ":message-type", "error"), "", invokeComplete{}, "UnknownError"},
		{
			"a long error", encoded(t, "", ":message-type", "error", ":error-code", strings.Repeat("c", 2000), ":error-message", strings.Repeat("m", 2000)), "", invokeComplete{},
			text.Cut(strings.Repeat("c", 2000)) + ": '" + text.Cut(strings.Repeat("m", 2000)) + "'",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := readEvents(strings.NewReader(tc.stream))
			if got.chunks != tc.chunks || got.complete != tc.complete || got.err.Error() != tc.err {
				t.Errorf("got %q, %+v, %v; want %q, %+v, %s", got.chunks, got.complete, got.err, tc.chunks, tc.complete, tc.err)
			}
			if damaged := strings.HasPrefix(tc.err, "damaged"); errors.Is(got.err, errFraming) != damaged {
				t.Errorf("%v: errFraming is %t, want %t", got.err, !damaged, damaged)
			}
			if (got.ends == 1) != (tc.err == "EOF") {
				t.Errorf("got %d ends", got.ends)
			}
		})
	}
}

// An error of a stream has AWS's code and message.
func TestEventError(t *testing.T) {
	got := readEvents(strings.NewReader(encoded(t, `{"message":"slow\ndown"}`, ":message-type", "exception", ":exception-type", "TooManyRequestsException")))
	var e *eventError
	if !errors.As(got.err, &e) || *e != (eventError{"TooManyRequestsException", "slow\ndown"}) {
		t.Errorf("got %#v", got.err)
	}
}

type streamResult struct {
	chunks   string // each one after a bar
	complete invokeComplete
	ends     int
	err      error
}

func readEvents(r io.Reader) (got streamResult) {
	for s := newEventStream(r); ; {
		event, err := s.next()
		switch {
		case err != nil:
			if _, again := s.next(); again != err {
				err = errors.Join(err, errors.New("the next call returns another error"), again)
			}
			got.err = err
			return got
		case event.complete != nil:
			got.complete = *event.complete
			got.ends++
		default:
			got.chunks += "|" + string(event.chunk)
		}
	}
}

// lambdatest sends AWS's messages with the encoder of aws-sdk-go.
func TestEventStreamOverHTTP(t *testing.T) {
	server := lambdatest.NewServer(map[string]any{
		"slow": func() (io.Reader, error) { return iotest.OneByteReader(strings.NewReader("tea")), nil },
		"cut":  func() (io.Reader, error) { return strings.NewReader("tea"), nil },
		"fails": func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("tea"), iotest.ErrReader(errors.New("spilt"))), nil
		},
	})
	defer server.Close()
	digest := sha256.Sum256([]byte("{}"))
	signer := sigv4.NewSigner("us-east-1", "lambda")
	server.Fail("cut", lambdatest.Cut(lambdatest.BeforeComplete))
	for function, want := range map[string]streamResult{
		"slow":  {"|t|e|a", invokeComplete{}, 1, io.EOF},
		"cut":   {"|tea", invokeComplete{}, 0, io.ErrUnexpectedEOF},
		"fails": {"|tea", invokeComplete{ErrorCode: "Unhandled", ErrorDetails: `{"errorMessage":"spilt","errorType":"errorString"}`}, 1, io.EOF},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/2021-11-15/functions/"+function+"/response-streaming-invocations", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.Sign(request, &digest, &sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, time.Now(), new(sigv4.Values)); err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got := readEvents(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: got %d %+v, want %+v", function, response.StatusCode, got, want)
		}
	}
}

// rewinding repeats the same bytes for ever.
type rewinding struct {
	stream string
	strings.Reader
}

func (r *rewinding) Read(p []byte) (int, error) {
	if r.Len() == 0 {
		r.Reset(r.stream)
	}
	return r.Reader.Read(p)
}

func TestEventStreamAllocs(t *testing.T) {
	s := newEventStream(&rewinding{stream: encodedChunk(t, "tea")})
	got := testing.AllocsPerRun(100, func() {
		if _, err := s.next(); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("a chunk takes %v allocations, want 0", got)
	}
}
