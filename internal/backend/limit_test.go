package backend

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/config"
)

// hostile starts an Invoke API that answers as the handler says.
func hostile(t *testing.T, answer http.HandlerFunc) (url string, calls *int) {
	t.Helper()
	calls = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls++
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// endlessly writes until the reader has gone.
func endlessly(w io.Writer) {
	for chunk := bytes.Repeat([]byte(" "), 64<<10); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestReplyLimit(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings map[string]any
		answer   http.HandlerFunc
		want     string // the beginning of the log line; empty for a reply
		begun    string // the same, if the client already has a part of the reply
	}{
		{"at the limit", map[string]any{"max_reply_bytes": 10.0}, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"a":"bcd"`[:9]+"}")
		}, "", ""},
		{"one byte more", map[string]any{"max_reply_bytes": 10.0}, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"a":"bcd"}`)
		}, `the reply cannot be decoded: function f: 'it has more than 10 bytes'`, ""},
		{"Lambda's limit", nil, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `"%s"`, strings.Repeat("x", config.MaxReply-2))
		}, "", ""},
		{"above Lambda's limit", nil, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `"%s"`, strings.Repeat("x", config.MaxReply-1))
		}, `the reply cannot be decoded: function f: 'it has more than 6291556 bytes'`, `the reply broke off: function f: it has more than 6291556 bytes`},
		{"above Lambda's limit, announced", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(config.MaxReply+1))
			endlessly(w)
		}, `the reply cannot be decoded: function f: 'it has more than 6291556 bytes'`, ""},
		{"no end", nil, func(w http.ResponseWriter, _ *http.Request) {
			endlessly(w)
		}, `the reply cannot be decoded: function f: 'it has more than 6291556 bytes'`, `the reply broke off: function f: it has more than 6291556 bytes`},
		// The limit is for replies. It does not apply to an error's report.
		{"a long report", map[string]any{"max_reply_bytes": 10.0}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, `{"errorMessage":"out of tea"}`)
		}, `the function failed: function f, code Unhandled: 'out of tea'`, ""},
		{"a long error", map[string]any{"max_reply_bytes": 10.0}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"message":"out of tea"}`)
		}, `invocation failed: function f, code AccessDeniedException (403): 'out of tea'`, ""},
		{"a long redirect", map[string]any{"max_reply_bytes": 10.0}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", "MultipleChoices")
			w.WriteHeader(http.StatusMultipleChoices)
			io.WriteString(w, `{"message":"out of tea"}`)
		}, `invocation failed: function f, code MultipleChoices (300): 'out of tea'`, ""},
		{"large headers", nil, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 100 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
			}
		}, `the reply cannot be decoded: function f: 'its headers have `, ""},
	} {
		for _, encoding := range []string{"no-op", "json"} {
			t.Run(tc.name+", "+encoding, func(t *testing.T) {
				url, calls := hostile(t, tc.answer)
				settings := map[string]any{"function_name": "f"}
				maps.Copy(settings, tc.settings)
				l := &recorder{}
				b := NewFactory(Options{Logger: l, SDK: testSDK{endpoint: url}}).New(Spec{Encoding: encoding, Settings: ns(settings)})
				response, err := do(t.Context(), b, &Request{})
				want := tc.want
				if begun := encoding == "no-op" && tc.begun != ""; begun {
					if want = tc.begun; err == nil {
						_, err = io.Copy(io.Discard, response.Body)
					}
				}
				if want == "" {
					if err != nil {
						t.Error(err)
					}
				} else if e, ok := err.(*Error); !ok || e.StatusCode() != http.StatusBadGateway || len(l.level("ERROR")) != 1 || !strings.HasPrefix(l.level("ERROR")[0], "ERROR [BACKEND: ][Lambda] "+want) {
					t.Errorf("got %v, log %q, want %s", err, l.lines, want)
				}
				if *calls != 1 {
					t.Errorf("got %d calls, want 1, because the function was executed", *calls)
				}
			})
		}
	}
}

// A false Content-Length does not allocate memory.
func TestReplyThatAnnouncesMoreThanTheLimit(t *testing.T) {
	url, _ := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(1<<40))
		endlessly(w)
	})
	b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Settings: ns(map[string]any{"function_name": "f"})})
	if _, err := do(t.Context(), b, &Request{}); err == nil {
		t.Error("got a reply")
	}
}

func TestReplyLimitWithAnInvoker(t *testing.T) {
	for size, ok := range map[int]bool{10: true, 11: false} {
		b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			return &lambda.InvokeOutput{Payload: bytes.Repeat([]byte("1"), size)}, nil
		})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_reply_bytes": 10.0})})
		if _, err := do(t.Context(), b, &Request{}); (err == nil) != ok {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
}

// The limit applies to a compressed reply after decompression.
func TestReplyLimitAndCompression(t *testing.T) {
	for size, ok := range map[int64]bool{1000: true, 1001: false} {
		url, _ := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(gzipped(t, io.LimitReader(spaces{}, size)))
		})
		b := NewFactory(Options{Logger: &recorder{}, SDK: testSDK{endpoint: url}}).New(Spec{Settings: ns(map[string]any{"function_name": "f", "max_reply_bytes": 1000.0})})
		if _, err := do(t.Context(), b, &Request{}); (err == nil) != ok {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

func TestStreamLimit(t *testing.T) {
	for _, tc := range []struct {
		size, limit int
		want        int // received bytes; -1 means an error before the first one
	}{
		{100, 100, 100},
		{100_000, 0, 100_000}, // no limit
		{101, 100, -1},
		{100_000, 50_000, 32 << 10}, // lambdatest's chunks
	} {
		s := streamAPI(t, func() (typed, error) {
			return typed{bytesOf{strings.NewReader(strings.Repeat("x", tc.size))}, "text/plain"}, nil
		})
		settings := map[string]any{"function_name": "f", "stream": true}
		if tc.limit > 0 {
			settings["max_reply_bytes"] = float64(tc.limit)
		}
		b, l := newBackend(t, s, Spec{Encoding: "no-op"}, settings)
		response, err := do(t.Context(), b, &Request{})
		if err != nil {
			var e *Error
			if tc.want >= 0 || !errors.As(err, &e) || e.StatusCode() != http.StatusBadGateway {
				t.Errorf("%+v: got %v", tc, err)
			}
			continue
		}
		got, err := io.ReadAll(response.Body)
		if len(got) != tc.want || (err == nil) != (tc.want == tc.size) {
			t.Errorf("%+v: got %d bytes, %v", tc, len(got), err)
		}
		if lines := l.level("ERROR"); err != nil && (len(lines) != 1 || !strings.HasSuffix(lines[0], fmt.Sprintf(": it has more than %d bytes", tc.limit))) {
			t.Errorf("%+v: got %q", tc, lines)
		}
	}
}

// The gateway logs at most as much of a log as Lambda sends.
func TestLogTailLimit(t *testing.T) {
	l := &recorder{}
	b := withInvoker(l, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
		return &lambda.InvokeOutput{LogResult: aws.String(base64.StdEncoding.EncodeToString([]byte("first\n" + strings.Repeat("x", maxLogTail-len("\nlast")) + "\nlast")))}, nil
	})).New(Spec{Settings: ns(map[string]any{"function_name": "f", "log_tail": true})})
	if _, err := do(t.Context(), b, &Request{}); err != nil {
		t.Fatal(err)
	}
	var got int
	for _, line := range l.level("DEBUG") {
		if strings.Contains(line, "log of f") {
			got++
			if strings.Contains(line, "first") {
				t.Errorf("got %s", line)
			}
		}
	}
	if got != 2 {
		t.Errorf("got %d lines", got)
	}
}

func TestNestingOfXML(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat("<a>", depth) + strings.Repeat("</a>", depth) }
	for _, tc := range []struct {
		name, document, want string
	}{
		{"at the limit", nested(maxNesting), ""},
		{"one level more", nested(maxNesting + 1), "it is nested in more than 10000 levels"},
		{"never closed", strings.Repeat("<a>", maxNesting+1), "it is nested in more than 10000 levels"},
		{"never closed, below the limit", strings.Repeat("<a>", maxNesting), ""}, // the decoder refuses it
		{"wide", "<a>" + strings.Repeat("<b/>", maxNesting) + "</a>", ""},
		{"in CDATA and comments", "<a><![CDATA[" + nested(maxNesting+1) + "]]><!--" + strings.Repeat("<a>", maxNesting) + "--></a>", ""},
		{"Latin-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + strings.Repeat("<\xe4>", maxNesting+1), "it is nested in more than 10000 levels"},
		{"Windows-1252", "<?xml version=\"1.0\" encoding=\"windows-1252\"?>" + strings.Repeat("<\x80>", maxNesting+1), "it is nested in more than 10000 levels"},
		{"UTF-16", "\xff\xfe" + strings.Repeat("<\x00a\x00>\x00", maxNesting+1), "XML syntax error on line 1: "},
		{"unknown entities", "<a>&nope; a=b" + strings.Repeat("<b/>", maxNesting) + "</a>", ""},
	} {
		err := checkNesting([]byte(tc.document), maxNesting)
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
}

// Only the XML decoders need the check.
func TestNestingOfReplies(t *testing.T) {
	deep := strings.Repeat("<a>", maxNesting+1)
	for encoding, ok := range map[string]bool{"xml": false, "XML": false, "rss": false, "json": true, "": true, "string": true, "no-op": true} {
		b := withInvoker(&recorder{}, invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			return &lambda.InvokeOutput{Payload: []byte(deep)}, nil
		})).New(Spec{Encoding: encoding, Settings: ns(map[string]any{"function_name": "f"})})
		if _, err := do(t.Context(), b, &Request{}); (err == nil) != ok {
			t.Errorf("%s: got %v", encoding, err)
		}
	}
}
