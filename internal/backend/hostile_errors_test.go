package backend

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// With function_error_status, clients get a function's message as one short line of text, or as JSON
// without HTML. The log gets one line.
func TestHostileFunctionErrors(t *testing.T) {
	large := 3 << 20 // half of Lambda's limit
	if testing.Short() {
		large = 1 << 17
	}
	for name, hostile := range map[string]string{
		"HTML":               `<script>alert("tea")</script>`,
		"lines":              "a\r\nSet-Cookie: a=1\r\n\r\n<b>",
		"control characters": "\x00\x07\x1b[31m\x7f\u0085",
		"Unicode":            "\u202etea\u2028\u2029\ufeff\u200b茶",
		"quotes":             `a\"b\\c`,
		"not UTF-8":          "a\xff\xc3(",
		"6 MB":               strings.Repeat("ü", large),
		"6 MB of escapes":    strings.Repeat("\x01", large/3),
		"a trace":            "Error: no tea\n    at handler (/var/task/index.js:3:9)\n",
	} {
		for _, where := range []string{"errorType", "errorMessage", "both"} {
			if len(hostile) >= large/3 && where != "both" {
				continue // because that takes seconds
			}
			report := map[string]string{"errorType": "ValidationError", "errorMessage": "no tea"}
			for key := range report {
				if where == key || where == "both" {
					report[key] = hostile
				}
			}
			payload, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			fails := invokerFunc(func(aws.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: payload}, nil
			})
			for _, encoding := range []string{"json", "no-op"} {
				l := &recorder{}
				b := withInvoker(l, fails).New(Spec{Encoding: encoding, Settings: ns(map[string]any{"function_name": "f", "function_error_status": map[string]any{"*": 422}})})
				response, err := do(t.Context(), b, &Request{})
				if lines := slices.Concat(l.level("INFO"), l.level("ERROR")); len(lines) != 1 || !oneLine(lines[0]) || len(lines[0]) > 16*text.MaxDetail {
					t.Errorf("%s, %s: got %d lines, %.200q", name, where, len(lines), lines)
				}
				if encoding == "no-op" {
					body := readAll(t, response)
					if err != nil || response.StatusCode != 422 || response.Header.Get("Content-Type") != "application/json" || len(response.Header) != 1 {
						t.Errorf("%s, %s: got %d %v, %v", name, where, response.StatusCode, response.Header, err)
					}
					checkHostileDetails(t, body)
					continue
				}
				var e *Error
				if !errors.As(err, &e) || e.StatusCode() != 422 || e.Encoding() != "text/plain; charset=utf-8" || e.Headers() != nil {
					t.Fatalf("%s, %s: got %v", name, where, err)
				}
				if message := e.Error(); !oneLine(message) || strings.ContainsAny(message, `"\`) || len(message) > 2*text.MaxDetail+2 {
					t.Errorf("%s, %s: got the message %.200q", name, where, message)
				}
				checkHostileDetails(t, string(e.Details()))
			}
		}
	}
}

// oneLine tells whether s is UTF-8 without control characters, line ends, and characters that change
// the direction of text.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) })
}

// checkHostileDetails checks that details are two strings of at most text.MaxDetail bytes, in JSON
// without < and >.
func checkHostileDetails(t *testing.T, details string) {
	t.Helper()
	var report map[string]string
	if err := json.Unmarshal([]byte(details), &report); err != nil || len(report) != 2 || strings.ContainsAny(details, "<>\r\n") {
		t.Errorf("got the details %.200q, %v", details, err)
	}
	for key, value := range report {
		if len(value) > text.MaxDetail {
			t.Errorf("got %d bytes of %s", len(value), key)
		}
	}
}
