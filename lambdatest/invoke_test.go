package lambdatest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestInvocationTypes(t *testing.T) {
	for name, test := range map[string]struct {
		invocationType string
		recorded       string
		status         int32
		payload        string
		version        string
		executed       bool
	}{
		"default":         {"", "RequestResponse", 200, `{"a":1}`, "$LATEST", true},
		"RequestResponse": {"RequestResponse", "RequestResponse", 200, `{"a":1}`, "$LATEST", true},
		"Event":           {"Event", "Event", 202, "", "", true},
		"DryRun":          {"DryRun", "DryRun", 204, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			executed := make(chan string, 1)
			server := newServer(t, map[string]any{"f": func(event json.RawMessage) (json.RawMessage, error) {
				executed <- string(event)
				return event, nil
			}})
			in := &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"a":1}`)}
			if test.invocationType != "" {
				in.InvocationType = types.InvocationType(test.invocationType)
			}
			out := mustInvoke(t, newClient(t, server), in)

			if got := out.StatusCode; got != test.status {
				t.Errorf("got status %d, want %d", got, test.status)
			}
			if got := string(out.Payload); got != test.payload {
				t.Errorf("got payload %q, want %q", got, test.payload)
			}
			if got := aws.ToString(out.ExecutedVersion); got != test.version {
				t.Errorf("got executed version %q, want %q", got, test.version)
			}
			if out.FunctionError != nil || out.LogResult != nil {
				t.Errorf("got function error %v and log %v, want neither", out.FunctionError, out.LogResult)
			}
			call := server.Calls()[0]
			if call.InvocationType != test.recorded || call.LogType != "None" || call.Executed != test.executed {
				t.Errorf("got call %+v, want type %s, executed %t", call, test.recorded, test.executed)
			}
			server.Close()
			close(executed)
			if got, ok := <-executed; ok != test.executed || ok && got != `{"a":1}` {
				t.Errorf("got execution %t with %q, want %t", ok, got, test.executed)
			}
		})
	}
}

func TestFunctionNames(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
	for _, test := range []struct {
		name, query string
		qualifier   string
		version     string
		arn         string
	}{
		{"f", "", "", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f"},
		{"f:prod", "", "prod", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:prod"},
		{"f:$LATEST", "", "$LATEST", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST"},
		{"f:$LATEST.PUBLISHED", "", "$LATEST.PUBLISHED", "$LATEST.PUBLISHED", "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST.PUBLISHED"},
		{"f", "$LATEST.PUBLISHED", "$LATEST.PUBLISHED", "$LATEST.PUBLISHED", "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST.PUBLISHED"},
		{"f", "42", "42", "42", "arn:aws:lambda:eu-west-1:000000000000:function:f:42"},
		{"f", "v2", "v2", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f:v2"},
		{"f:7", "7", "7", "7", "arn:aws:lambda:eu-west-1:000000000000:function:f:7"},
		{"function:f", "", "", "$LATEST", "arn:aws:lambda:eu-west-1:000000000000:function:f"},
		{"123456789012:function:f", "", "", "$LATEST", arn},
		{"123456789012:function:f:7", "", "7", "7", arn + ":7"},
		{arn, "", "", "$LATEST", arn},
		{arn + ":prod", "", "prod", "$LATEST", arn + ":prod"},
		{"arn:aws-cn:lambda:eu-west-1:123456789012:function:f", "", "", "$LATEST", "arn:aws-cn:lambda:eu-west-1:123456789012:function:f"},
	} {
		t.Run(test.name+"?"+test.query, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": func(ctx context.Context) (string, error) {
				lc, _ := lambdacontext.FromContext(ctx)
				return lc.InvokedFunctionArn, nil
			}})
			server.RequireCredentials(keyID, secret)
			in := &lambda.InvokeInput{FunctionName: aws.String(test.name)}
			if test.query != "" {
				in.Qualifier = aws.String(test.query)
			}
			out := mustInvoke(t, newClient(t, server), in)
			if got, want := string(out.Payload), `"`+test.arn+`"`; got != want {
				t.Errorf("got ARN %s, want %s", got, want)
			}
			if got := aws.ToString(out.ExecutedVersion); got != test.version {
				t.Errorf("got executed version %q, want %q", got, test.version)
			}
			if call := server.Calls()[0]; call.Function != "f" || call.Qualifier != test.qualifier {
				t.Errorf("got function %q, qualifier %q, want f, %q", call.Function, call.Qualifier, test.qualifier)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const badRequest = http.StatusBadRequest
	server := newServer(t, map[string]any{"f": func() error {
		t.Error("executed")
		return nil
	}})
	for name, test := range map[string]struct {
		path    string // below /functions/, default f/invocations
		header  map[string]string
		payload string
		status  int
		code    string
		message string
	}{
		"no such function": {
			path: "g/invocations", status: http.StatusNotFound, code: "ResourceNotFoundException",
			message: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:g",
		},
		"no such function, dry run": {
			path: "g/invocations?Qualifier=prod", header: map[string]string{"X-Amz-Invocation-Type": "DryRun"},
			status: http.StatusNotFound, code: "ResourceNotFoundException",
			message: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:g:prod",
		},
		"another region": {
			path: "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations", status: http.StatusNotFound,
			code: "ResourceNotFoundException", message: "'us-east-1' are not reachable in this region ('eu-west-1')",
		},
		"no name": {
			path: "a%20b/invocations", status: badRequest, code: "ValidationException", message: `"a b"`,
		},
		"dot in a name": {
			path: "a.b/invocations", status: badRequest, code: "ValidationException", message: `"a.b"`,
		},
		"name of 65 letters": {
			path: strings.Repeat("a", 65) + "/invocations", status: badRequest, code: "ValidationException", message: `"aaa`,
		},
		"dot in a qualifier": {
			path: "f:v1.2/invocations", status: badRequest, code: "ValidationException", message: `"f:v1.2"`,
		},
		"dot in the query's qualifier": {
			path: "f/invocations?Qualifier=v1.2", status: badRequest, code: "ValidationException", message: `"v1.2"`,
		},
		"another qualifier with a dollar": {
			path: "f/invocations?Qualifier=$LATEST.published", status: badRequest, code: "ValidationException", message: `"$LATEST.published"`,
		},
		"tenant id": {
			header: map[string]string{"X-Amz-Tenant-Id": "blue;red"}, status: badRequest,
			code: "ValidationException", message: `"blue;red"`,
		},
		"tenant id, too long": {
			header: map[string]string{"X-Amz-Tenant-Id": strings.Repeat("a", 257)}, status: badRequest,
			code: "ValidationException", message: `"aaa`,
		},
		"tenant id without isolation": {
			header: map[string]string{"X-Amz-Tenant-Id": "blue"}, status: badRequest,
			code: "InvalidParameterValueException", message: "not enabled with tenancy configuration",
		},
		"execution name": {
			header: map[string]string{"X-Amz-Durable-Execution-Name": "a b"}, status: badRequest,
			code: "ValidationException", message: `"a b"`,
		},
		"execution name, too long": {
			header: map[string]string{"X-Amz-Durable-Execution-Name": strings.Repeat("a", 65)}, status: badRequest,
			code: "ValidationException", message: `"aaa`,
		},
		"execution name without durability": {
			header: map[string]string{"X-Amz-Durable-Execution-Name": "order-1"}, status: badRequest,
			code: "InvalidParameterValueException", message: "not durable",
		},
		"two qualifiers": {
			path: "f:1/invocations?Qualifier=2", status: badRequest, code: "InvalidParameterValueException", message: `"1"`,
		},
		"invocation type": {
			header: map[string]string{"X-Amz-Invocation-Type": "event"}, status: badRequest,
			code: "InvalidParameterValueException", message: `"event"`,
		},
		"log type": {
			header: map[string]string{"X-Amz-Log-Type": "Head"}, status: badRequest,
			code: "InvalidParameterValueException", message: `"Head"`,
		},
		"payload": {
			payload: `{"a":`, status: badRequest, code: "InvalidRequestContentException",
			message: "Could not parse request body into json: unexpected end of JSON input",
		},
		"payload and more": {
			payload: `{} {}`, status: badRequest, code: "InvalidRequestContentException", message: "Could not parse request body into json: ",
		},
		"payload of an event": {
			payload: `x`, header: map[string]string{"X-Amz-Invocation-Type": "Event"}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse request body into json: ",
		},
		"client context, base64": {
			header: map[string]string{"X-Amz-Client-Context": "{}"}, status: badRequest,
			code: "InvalidRequestContentException", message: "not base64",
		},
		"client context, JSON": {
			header: map[string]string{"X-Amz-Client-Context": encode(`{"a"`)}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse client context: ",
		},
		"client context, no object": {
			header: map[string]string{"X-Amz-Client-Context": encode(`[]`)}, status: badRequest,
			code: "InvalidRequestContentException", message: "Could not parse client context: ",
		},
		"client context, too large": {
			header: map[string]string{"X-Amz-Client-Context": encode(`{"custom":{"a":"` + strings.Repeat("x", 2700) + `"}}`)},
			status: badRequest, code: "InvalidRequestContentException", message: "more than 3583",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			req := newRequest(t, server, "f", test.payload)
			if test.path != "" {
				u, err := req.URL.Parse(server.URL + "/2015-03-31/functions/" + test.path)
				if err != nil {
					t.Fatal(err)
				}
				req.URL = u
			}
			for key, value := range test.header {
				req.Header.Set(key, value)
			}
			sign(t, req, test.payload, "lambda")

			got := do(t, req)
			checkRefusal(t, got, test.status, test.code, test.message)
			calls := server.Calls()
			if len(calls) != 1 || calls[0].Executed || string(calls[0].Payload) != test.payload ||
				calls[0].RequestID != got.header.Get("X-Amzn-RequestId") {
				t.Errorf("got calls %+v, want one that is not executed", calls)
			}
		})
	}
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// checkRefusal checks an answer that is an error of the API.
func checkRefusal(t *testing.T, got answer, status int, code, message string) {
	t.Helper()
	if got.status != status || got.header.Get("X-Amzn-ErrorType") != code {
		t.Errorf("got %d %s, want %d %s", got.status, got.header.Get("X-Amzn-ErrorType"), status, code)
	}
	var body struct{ Type, Message string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Type != "User" || !strings.Contains(body.Message, message) {
		t.Errorf("got body %s, want type User and a message with %q", got.body, message)
	}
}

func TestPayloadLimits(t *testing.T) {
	const sync, async = 6_291_456, 1_048_576
	for name, test := range map[string]struct {
		invocationType string
		size           int
		chunked        bool
		status         int
	}{
		"largest":                {"RequestResponse", sync, false, 200},
		"too large":              {"RequestResponse", sync + 1, false, 413},
		"largest, chunked":       {"RequestResponse", sync, true, 200},
		"too large, chunked":     {"RequestResponse", sync + 1, true, 413},
		"event, largest":         {"Event", async, false, 202},
		"event, too large":       {"Event", async + 1, false, 413},
		"event, chunked":         {"Event", async + 1, true, 413},
		"unknown type, too much": {"Whatever", sync + 1, false, 413},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"f": sized(test.size)})
			payload := `"` + strings.Repeat("x", test.size-2) + `"`
			req := newRequest(t, server, "f", payload)
			req.Header.Set("X-Amz-Invocation-Type", test.invocationType)
			sign(t, req, payload, "lambda")
			if test.chunked {
				req.ContentLength = -1
				req.Body = io.NopCloser(io.MultiReader(strings.NewReader(payload)))
			}
			got := do(t, req)
			if got.status != test.status || got.header.Get("X-Amz-Function-Error") != "" {
				t.Errorf("got status %d and body %.100s, want status %d", got.status, got.body, test.status)
			}
			call := server.Calls()[0]
			if test.status == http.StatusRequestEntityTooLarge {
				checkRefusal(t, got, 413, "RequestTooLargeException", "Request must be smaller than ")
				if call.Payload != nil {
					t.Errorf("got a payload of %d bytes, want nil", len(call.Payload))
				}
			} else if got := string(call.Payload); got != payload {
				t.Errorf("got a payload of %d bytes, want %d", len(got), len(payload))
			}
		})
	}
}

// A sized is a lambda.Handler that fails unless the payload has this many bytes. It decodes nothing.
type sized int

func (s sized) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	if len(payload) != int(s) {
		return nil, fmt.Errorf("got %d bytes, want %d", len(payload), s)
	}
	return []byte("null"), nil
}

// A client that announces a body that is too large gets its answer before it has sent any of it.
func TestTooLargeIsNotRead(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	req := newRequest(t, server, "echo", "")
	sign(t, req, "", "lambda")
	conn := dial(t, server)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000000\r\n", req.URL.Path, req.URL.Host)
	req.Header.Write(conn)
	io.WriteString(conn, "\r\n")
	const want = "HTTP/1.1 413 "
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	req := newRequest(t, server, "echo", "")
	sign(t, req, "", "lambda")
	conn := dial(t, server)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n", req.URL.Path, req.URL.Host)
	req.Header.Write(conn)
	io.WriteString(conn, "\r\nno chunk\r\n")
	const want = "HTTP/1.1 400 "
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
	if call := server.Calls()[0]; call.Payload != nil || call.Executed {
		t.Errorf("got call %+v, want no payload and no execution", call)
	}
}

func TestEmptyPayload(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	out := mustInvoke(t, newClient(t, server), &lambda.InvokeInput{FunctionName: aws.String("echo")})
	if got, want := string(out.Payload), "{}"; got != want {
		t.Errorf("got payload %q, want %q", got, want)
	}
	if got := server.Calls()[0].Payload; got == nil || len(got) != 0 {
		t.Errorf("got recorded payload %q, want an empty one, as the client sent it", got)
	}
}

func TestReplyLimit(t *testing.T) {
	const limit = 6_291_556
	server := newServer(t, map[string]any{"f": func(size int) (string, error) { return strings.Repeat("x", size-2), nil }})
	client := newClient(t, server)

	out := mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(fmt.Sprint(limit))})
	if got, want := len(out.Payload), limit; got != want || out.FunctionError != nil {
		t.Errorf("got %d bytes and function error %v, want %d bytes and no error", got, out.FunctionError, want)
	}

	out = mustInvoke(t, client, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(fmt.Sprint(limit + 1))})
	checkFunctionError(t, out, messages.InvokeResponse_Error{
		Type:    "Function.ResponseSizeTooLarge",
		Message: "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).",
	})
}
