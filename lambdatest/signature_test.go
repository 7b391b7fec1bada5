package lambdatest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestSignatureForm(t *testing.T) {
	const (
		missing    = "MissingAuthenticationTokenException"
		incomplete = "IncompleteSignatureException"
		invalid    = "InvalidSignatureException"
	)
	// A change replaces a string of the Authorization header by another.
	type change struct{ old, new string }
	for name, test := range map[string]struct {
		authorization change
		date          string // of X-Amz-Date; "-" removes it
		service       string
		code          string
		message       string
		keyID, region string // recorded
	}{
		"another algorithm":  {authorization: change{"AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"}, code: incomplete, message: "AWS4-HMAC-SHA256"},
		"another scheme":     {authorization: change{"AWS4-HMAC-SHA256 ", "Bearer "}, code: incomplete, message: "AWS4-HMAC-SHA256"},
		"no credential":      {authorization: change{"Credential=", "Cred="}, code: incomplete, message: "no Credential"},
		"no signed headers":  {authorization: change{"SignedHeaders=", "Headers="}, code: incomplete, message: "no SignedHeaders"},
		"no signature":       {authorization: change{"Signature=", "Sig="}, code: incomplete, message: "no Signature"},
		"short scope":        {authorization: change{"/aws4_request", ""}, code: incomplete, message: "key/date/region/service/aws4_request"},
		"no key":             {authorization: change{keyID + "/", "/"}, code: incomplete, message: "key/date", region: region},
		"no region":          {authorization: change{"/" + region + "/", "//"}, code: incomplete, message: "key/date", keyID: keyID},
		"another terminator": {authorization: change{"aws4_request", "aws5_request"}, code: incomplete, message: "aws4_request", keyID: keyID, region: region},
		"host not signed":    {authorization: change{"host;", ""}, code: incomplete, message: "host", keyID: keyID, region: region},
		"date not signed":    {authorization: change{"x-amz-date", "x-amz-time"}, code: incomplete, message: "x-amz-date", keyID: keyID, region: region},
		"no hexadecimal":     {authorization: change{"Signature=", "Signature=x"}, code: incomplete, message: "hexadecimal", keyID: keyID, region: region},
		"no date":            {date: "-", code: incomplete, message: "X-Amz-Date", keyID: keyID, region: region},
		"date of a form":     {date: "Mon, 02 Jan 2006 15:04:05 GMT", code: incomplete, message: "X-Amz-Date", keyID: keyID, region: region},
		"another date":       {date: "20060102T150405Z", code: invalid, message: "another date", keyID: keyID, region: region},
		"another service":    {service: "s3", code: invalid, message: `service \"s3\", not to \"lambda\"`, keyID: keyID, region: region},
		"unsigned":           {service: "-", code: missing, message: "Authorization"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"echo": echo})
			req := newRequest(t, server, "echo", "1")
			switch test.service {
			case "-":
			case "":
				sign(t, req, "1", "lambda")
			default:
				sign(t, req, "1", test.service)
			}
			if test.authorization.old != "" {
				old := req.Header.Get("Authorization")
				changed := strings.Replace(old, test.authorization.old, test.authorization.new, 1)
				if changed == old {
					t.Fatalf("no %q in %s", test.authorization.old, old)
				}
				req.Header.Set("Authorization", changed)
			}
			switch test.date {
			case "":
			case "-":
				req.Header.Del("X-Amz-Date")
			default:
				req.Header.Set("X-Amz-Date", test.date)
			}

			got := do(t, req)
			checkRefusal(t, got, http.StatusForbidden, test.code, "")
			if !strings.Contains(got.body, test.message) {
				t.Errorf("got body %s, want %q in it", got.body, test.message)
			}
			call := server.Calls()[0]
			if call.Executed || string(call.Payload) != "1" {
				t.Errorf("got call %+v, want payload 1, not executed", call)
			}
			if call.AccessKeyID != test.keyID || call.Region != test.region {
				t.Errorf("got key %q and region %q, want %q and %q", call.AccessKeyID, call.Region, test.keyID, test.region)
			}
		})
	}
}

// Some signers put no space after the commas of the header.
func TestSignatureWithoutSpaces(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.RequireCredentials(keyID, secret)
	req := newRequest(t, server, "echo", "1")
	sign(t, req, "1", "lambda")
	req.Header.Set("Authorization", strings.ReplaceAll(req.Header.Get("Authorization"), ", ", ","))
	if got := do(t, req); got.status != http.StatusOK {
		t.Errorf("got %d %s, want 200", got.status, got.body)
	}
}

func TestRequireCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		keyID, secret, token string
		code                 string // of the error; empty for none
	}{
		"the key":             {keyID: keyID, secret: secret},
		"with session token":  {keyID: keyID, secret: secret, token: "a-session/token+with=signs"},
		"another key":         {keyID: "AKIDOTHER", secret: secret, code: "UnrecognizedClientException"},
		"another secret":      {keyID: keyID, secret: "another-secret", code: "InvalidSignatureException"},
		"another, with token": {keyID: keyID, secret: "another-secret", token: "token", code: "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, map[string]any{"echo": echo})
			client := newClientWithKey(t, server, aws.Credentials{AccessKeyID: test.keyID, SecretAccessKey: test.secret, SessionToken: test.token})
			in := &lambda.InvokeInput{
				FunctionName:  aws.String("arn:aws:lambda:eu-west-1:123456789012:function:echo"),
				Qualifier:     aws.String("$LATEST"),
				ClientContext: aws.String("e30="),
				LogType:       types.LogTypeTail,
				Payload:       []byte(`{"a": "b"}`),
			}
			mustInvoke(t, client, in) // the server does not require credentials yet

			server.RequireCredentials(keyID, secret)
			_, err := client.Invoke(t.Context(), in)
			if test.code == "" && err != nil {
				t.Errorf("got error %v, want none", err)
			}
			if test.code != "" {
				checkAPIError(t, err, http.StatusForbidden, test.code)
			}
			call := server.Calls()[1]
			if call.AccessKeyID != test.keyID || call.Region != region || call.Executed != (test.code == "") {
				t.Errorf("got call %+v", call)
			}
			if got := call.Header.Get("X-Amz-Security-Token"); got != test.token {
				t.Errorf("got token %q, want %q", got, test.token)
			}

			server.RequireCredentials("", "")
			mustInvoke(t, client, in)
		})
	}
}

// A request is refused if anything that the signature covers has changed.
func TestCorruptedRequests(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo, "other": echo})
	server.RequireCredentials(keyID, secret)
	for name, test := range map[string]struct {
		prepare, corrupt func(*http.Request)
		ok               bool
	}{
		"nothing": {ok: true},
		"signature": {corrupt: func(r *http.Request) {
			authorization := []byte(r.Header.Get("Authorization"))
			last := &authorization[len(authorization)-1]
			if *last == '0' {
				*last = '1'
			} else {
				*last = '0'
			}
			r.Header.Set("Authorization", string(authorization))
		}},
		"half a signature": {corrupt: func(r *http.Request) {
			authorization := r.Header.Get("Authorization")
			r.Header.Set("Authorization", authorization[:len(authorization)-32])
		}},
		"path":      {corrupt: func(r *http.Request) { r.URL.Path = "/2015-03-31/functions/other/invocations" }},
		"qualifier": {corrupt: func(r *http.Request) { r.URL.RawQuery = "Qualifier=2" }},
		"host":      {corrupt: func(r *http.Request) { r.Host = "lambda.eu-west-1.amazonaws.com" }},
		"payload":   {corrupt: func(r *http.Request) { r.Body = http.NoBody; r.ContentLength = 0 }},
		"region": {corrupt: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), region, "us-east-1", 1))
		}},
		"signed header": {
			prepare: func(r *http.Request) { r.Header.Set("X-Amz-Invocation-Type", "DryRun") },
			corrupt: func(r *http.Request) { r.Header.Set("X-Amz-Invocation-Type", "RequestResponse") },
		},
		"signed header, gone": {
			prepare: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "token") },
			corrupt: func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") },
		},
		"header that is not signed": {
			corrupt: func(r *http.Request) { r.Header.Set("X-Amzn-Trace-Id", "Root=1") },
			ok:      true,
		},
		"length, which aws-sdk-go does not sign": {
			prepare: func(r *http.Request) { r.ContentLength = 0 },
			corrupt: func(r *http.Request) { r.ContentLength = 1 },
			ok:      true,
		},
		"payload's hash": {
			prepare: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf1) },
			ok:      true,
		},
		"payload under its old hash": {
			prepare: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf1) },
			corrupt: func(r *http.Request) { r.Body = http.NoBody; r.ContentLength = 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			req := newRequest(t, server, "echo", "1")
			req.URL.RawQuery = "Qualifier=1"
			if test.prepare != nil {
				test.prepare(req)
			}
			sign(t, req, "1", "lambda")
			if test.corrupt != nil {
				test.corrupt(req)
			}
			got := do(t, req)
			if test.ok {
				if got.status != http.StatusOK {
					t.Errorf("got %d %s, want 200", got.status, got.body)
				}
				return
			}
			checkRefusal(t, got, http.StatusForbidden, "InvalidSignatureException", "signature")
			if server.Calls()[0].Executed {
				t.Error("a refused call is executed")
			}
		})
	}
}

// hashOf1 is the SHA-256 of the payload "1".
const hashOf1 = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"

// An empty secret signs nothing, so no call can be signed with it.
func TestRequireEmptySecret(t *testing.T) {
	server := newServer(t, map[string]any{"echo": echo})
	server.RequireCredentials(keyID, "")
	req := newRequest(t, server, "echo", "")
	signWith(t, req, aws.Credentials{AccessKeyID: keyID}, "", "lambda")
	checkRefusal(t, do(t, req), http.StatusForbidden, "InvalidSignatureException", "signature")
}
