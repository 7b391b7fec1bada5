package config

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

const gatewayRole = "arn:aws:iam::123456789012:role/gateway"

func TestParse(t *testing.T) {
	fixed := func(c Config) Config {
		c.Function = Function{Name: "f"}
		return c
	}
	for _, tc := range []struct {
		name     string
		settings map[string]any
		want     Config
		warnings []string
	}{
		{
			name:     "the documentation's fixed function",
			settings: map[string]any{"function_name": "lambda-function", "region": "us-west1", "max_retries": 1.0},
			want:     Config{Function: Function{Name: "lambda-function"}, Region: "us-west1", MaxRetries: 1},
		},
		{
			name:     "the documentation's function from a placeholder",
			settings: map[string]any{"function_param_name": "Lambda", "region": "us-west1", "max_retries": 1.0},
			want:     Config{ParamName: "Lambda", Region: "us-west1", MaxRetries: 1},
		},
		{
			name:     "defaults",
			settings: map[string]any{"function_name": "f"},
			want:     fixed(Config{MaxRetries: -1}),
		},
		{
			name:     "name and qualifier",
			settings: map[string]any{"function_name": "f:live"},
			want:     Config{Function: Function{Name: "f", Qualifier: "live"}, MaxRetries: -1},
		},
		{
			name:     "a param in lower case is taken as it is",
			settings: map[string]any{"function_param_name": "canary"},
			want:     Config{ParamName: "canary", Verbatim: true, MaxRetries: -1},
			warnings: []string{`function_param_name: the endpoint has no placeholder for "canary", so another component, such as a Lua script, must set it`},
		},
		{
			name:     "a param in lower case, capitalized",
			settings: map[string]any{"function_param_name": "canary", "function_name_case": "capitalized"},
			want:     Config{ParamName: "canary", MaxRetries: -1},
			warnings: []string{`function_param_name: the endpoint has no placeholder for "canary", so another component, such as a Lua script, must set it`},
		},
		{
			name:     "a placeholder, verbatim",
			settings: map[string]any{"function_param_name": "Lambda", "function_name_case": "verbatim"},
			want:     Config{ParamName: "Lambda", Verbatim: true, MaxRetries: -1},
		},
		{
			name:     "the case of a fixed name",
			settings: map[string]any{"function_name": "f", "function_name_case": "verbatim"},
			want:     fixed(Config{Verbatim: true, MaxRetries: -1}),
			warnings: []string{"function_name_case: has no effect on function_name, which is never changed"},
		},
		{
			name:     "the region of an ARN",
			settings: map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f:3"},
			want: Config{
				Function:   Function{Name: "arn:aws:lambda:eu-west-1:123456789012:function:f", Qualifier: "3", arn: true, region: "eu-west-1"},
				Region:     "eu-west-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "an ARN and its region",
			settings: map[string]any{"function_name": "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "region": "cn-north-1"},
			want: Config{
				Function:   Function{Name: "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", arn: true, region: "cn-north-1"},
				Region:     "cn-north-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "a partial ARN",
			settings: map[string]any{"function_name": "123456789012:function:f:live"},
			want:     Config{Function: Function{arn: true, Name: "123456789012:function:f", Qualifier: "live"}, MaxRetries: -1},
		},
		{
			name:     "an endpoint",
			settings: map[string]any{"function_name": "f", "endpoint": "http://127.0.0.1:4566/prefix"},
			want:     fixed(Config{Endpoint: "http://127.0.0.1:4566/prefix", MaxRetries: -1}),
		},
		{
			name:     "comments",
			settings: map[string]any{"function_name": "f", "@a": 1, "$b": nil, "_c": "x", "#d": true},
			want:     fixed(Config{MaxRetries: -1}),
		},
		{
			name:     "an empty key",
			settings: map[string]any{"function_name": "f", "": 0, "assume_role": map[string]any{"role_arn": gatewayRole, "": 0}},
			want:     fixed(Config{MaxRetries: -1, Role: Role{ARN: gatewayRole, SessionName: "krakend-lambda"}}),
			warnings: []string{`unknown key "" is ignored`, `assume_role: unknown key "" is ignored`},
		},
		{
			name:     "unknown keys",
			settings: map[string]any{"function_name": "f", "max_retry": 1.0, "Function-Name": "g", "colour": "red", "timeout": "3s"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{
				`unknown key "Function-Name" is ignored; did you mean "function_name"?`,
				`unknown key "colour" is ignored`,
				`unknown key "max_retry" is ignored; did you mean "max_retries"?`,
				`unknown key "timeout" is ignored`,
			},
		},
		{
			name:     "a key with a typing error",
			settings: map[string]any{"function_name": "f", "allowed_function": []any{"f"}, "qualifer": "3"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{
				`unknown key "allowed_function" is ignored; did you mean "allowed_functions"?`,
				`unknown key "qualifer" is ignored; did you mean "qualifier"?`,
			},
		},
		{
			name:     "a qualifier",
			settings: map[string]any{"function_name": "f", "qualifier": "$LATEST"},
			want:     Config{Function: Function{Name: "f", Qualifier: "$LATEST"}, MaxRetries: -1},
		},
		{
			name:     "a qualifier for an ARN",
			settings: map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "qualifier": "7"},
			want: Config{
				Function:   Function{Name: "arn:aws:lambda:eu-west-1:123456789012:function:f", Qualifier: "7", arn: true, region: "eu-west-1"},
				Region:     "eu-west-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "a qualifier for a placeholder",
			settings: map[string]any{"function_param_name": "Lambda", "qualifier": "live"},
			want:     Config{ParamName: "Lambda", Qualifier: "live", MaxRetries: -1},
		},
		{
			name:     "payload format 1.0",
			settings: map[string]any{"function_name": "f", "payload_format": "1.0"},
			want:     fixed(Config{PayloadFormat: Version1, Proxy: true, MaxRetries: -1}),
		},
		{
			name:     "payload format 2.0 and data",
			settings: map[string]any{"function_name": "f", "payload_format": "2.0", "response_format": "plain"},
			want:     fixed(Config{PayloadFormat: Version2, MaxRetries: -1}),
		},
		{
			name:     "the simple payload and an HTTP response",
			settings: map[string]any{"function_name": "f", "payload_format": "simple", "response_format": "proxy"},
			want:     fixed(Config{Proxy: true, MaxRetries: -1}),
		},
		{
			name:     "a stream",
			settings: map[string]any{"function_name": "f", "payload_format": "2.0", "stream": true, "response_format": "plain"},
			want:     fixed(Config{PayloadFormat: Version2, Stream: true, MaxRetries: -1}),
			warnings: []string{"response_format: has no effect with stream: the reply's content type tells whether it is an HTTP response"},
		},
		{
			name:     "client context and log",
			settings: map[string]any{"function_name": "f", "client_context": true, "log_tail": true, "invocation_type": "RequestResponse", "stream": false},
			want:     fixed(Config{ClientContext: true, LogTail: true, MaxRetries: -1}),
		},
		{
			name:     "an asynchronous invocation",
			settings: map[string]any{"function_name": "f", "invocation_type": "Event", "payload_format": "2.0"},
			want:     fixed(Config{InvocationType: "Event", PayloadFormat: Version2, MaxRetries: -1}),
		},
		{
			name: "what an asynchronous invocation does not have",
			settings: map[string]any{
				"function_name": "f", "invocation_type": "DryRun", "client_context": true, "log_tail": true, "response_format": "proxy",
			},
			want: fixed(Config{InvocationType: "DryRun", MaxRetries: -1}),
			warnings: []string{
				"client_context: has no effect with the invocation_type DryRun",
				"log_tail: has no effect with the invocation_type DryRun",
				"response_format: has no effect with the invocation_type DryRun",
			},
		},
		{
			name: "what a request may name",
			settings: map[string]any{
				"function_param_name": "Lambda", "allowed_functions": []any{"Order-*", "123456789012:function:*", "arn:aws:lambda:*:123456789012:function:f"},
			},
			want: Config{ParamName: "Lambda", MaxRetries: -1, Allowed: []pattern{"Order-*", "123456789012/function/*", "arn/aws/lambda/*/123456789012/function/f"}},
		},
		{
			name:     "what a request may name where it names nothing",
			settings: map[string]any{"function_name": "f", "allowed_functions": []any{"f"}},
			want:     fixed(Config{MaxRetries: -1, Allowed: []pattern{"f"}}),
			warnings: []string{"allowed_functions: has no effect on function_name, which no request can change"},
		},
		{
			name:     "a profile and a role",
			settings: map[string]any{"function_name": "f", "profile": "shop", "assume_role": map[string]any{"role_arn": "arn:aws:iam::123456789012:role/a/b", "@": "x"}},
			want:     fixed(Config{MaxRetries: -1, Profile: "shop", Role: Role{ARN: "arn:aws:iam::123456789012:role/a/b", SessionName: "krakend-lambda"}}),
		},
		{
			name: "a role with all it can have, and more",
			settings: map[string]any{"function_name": "f", "assume_role": map[string]any{
				"role_arn": "arn:aws-cn:iam::123456789012:role/x", "external_id": "a:b/c", "session_name": "gw@x", "externalid": "y",
			}},
			want:     fixed(Config{MaxRetries: -1, Role: Role{ARN: "arn:aws-cn:iam::123456789012:role/x", ExternalID: "a:b/c", SessionName: "gw@x"}}),
			warnings: []string{`assume_role: unknown key "externalid" is ignored; did you mean "external_id"?`},
		},
		{
			name: "a role of which all is as long as it may be",
			settings: map[string]any{"function_name": "f", "assume_role": map[string]any{
				"role_arn": "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2048-31), "external_id": strings.Repeat("x", 1224), "session_name": strings.Repeat("s", 64),
			}},
			want: fixed(Config{MaxRetries: -1, Role: Role{ARN: "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2048-31), ExternalID: strings.Repeat("x", 1224), SessionName: strings.Repeat("s", 64)}}),
		},
		{
			name:     "retries of function errors, and a limit",
			settings: map[string]any{"function_name": "f", "retry_function_errors": true, "max_reply_bytes": 10.0},
			want:     fixed(Config{MaxRetries: -1, RetryFunctionErrors: true, MaxReply: 10}),
		},
		{
			name:     "the smallest limit",
			settings: map[string]any{"function_name": "f", "max_reply_bytes": 1.0},
			want:     fixed(Config{MaxRetries: -1, MaxReply: 1}),
		},
		{
			name:     "the largest limit",
			settings: map[string]any{"function_name": "f", "max_reply_bytes": float64(MaxReply)},
			want:     fixed(Config{MaxRetries: -1}),
		},
		{
			name:     "a stream with a limit",
			settings: map[string]any{"function_name": "f", "stream": true, "max_reply_bytes": float64(MaxReply + 1)},
			want:     fixed(Config{MaxRetries: -1, Stream: true, MaxReply: MaxReply + 1}),
		},
		{
			name:     "what has no effect without a reply",
			settings: map[string]any{"function_name": "f", "invocation_type": "Event", "retry_function_errors": true, "max_reply_bytes": 10.0},
			want:     fixed(Config{MaxRetries: -1, InvocationType: "Event"}),
			warnings: []string{
				"max_reply_bytes: has no effect with the invocation_type Event",
				"retry_function_errors: has no effect with the invocation_type Event",
			},
		},
		{
			name:     "an unknown key with a typing error",
			settings: map[string]any{"function_name": "f", "reigon": "us-west-2"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{`unknown key "reigon" is ignored; did you mean "region"?`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, warnings, err := Parse(tc.settings, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want.MaxReply == 0 && !tc.want.Stream {
				tc.want.MaxReply = MaxReply
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if !reflect.DeepEqual(warnings, tc.warnings) {
				t.Errorf("warnings\ngot  %q\nwant %q", warnings, tc.warnings)
			}
		})
	}
}

func TestParseNumbers(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  int
	}{
		{0.0, 0}, {1.0, 1}, {-1.0, -1}, {3, 3}, {int64(4), 4}, {json.Number("5"), 5}, {json.Number("1e2"), 100},
		{float64(math.MaxInt32), math.MaxInt32},
	} {
		cfg, _, err := Parse(map[string]any{"function_name": "f", "max_retries": tc.value}, nil)
		if err != nil || cfg.MaxRetries != tc.want {
			t.Errorf("max_retries %T(%v): got %d, %v; want %d", tc.value, tc.value, cfg.MaxRetries, err, tc.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	with := func(key string, value any) map[string]any {
		return map[string]any{"function_name": "f", key: value}
	}
	for _, tc := range []struct {
		name     string
		settings any
		want     string // the whole error
	}{
		{"nil", nil, "the configuration must be an object, is null"},
		{"a number", 42, "the configuration must be an object, is the number 42"},
		{"a list", []any{}, "the configuration must be an object, is a list"},
		{"a map of another type", map[any]any{}, "the configuration must be an object, is a map[interface {}]interface {}"},
		{"a string", "x", `the configuration must be an object, is the string "x"`},
		{"no function", map[string]any{}, "function_name, function_param_name: one of them must be there"},
		{"two functions", with("function_param_name", "Lambda"), "function_name, function_param_name: only one of them may be there"},
		{"a function of another type", map[string]any{"function_name": 1.0}, "function_name: must be a string, is the number 1"},
		{"an empty function", map[string]any{"function_name": ""}, "function_name: must not be empty"},
		{"an empty param", map[string]any{"function_param_name": ""}, "function_param_name: must not be empty"},
		{"a null function", map[string]any{"function_name": nil}, "function_name: must be a string, is null"},
		{"a bad name", map[string]any{"function_name": "a b"}, `function_name: "a b" is no name, name:qualifier, partial ARN or ARN of a function`},
		{"an account and a name", map[string]any{"function_name": "123456789012:f"}, `function_name: "123456789012:f" is not clear: AWS takes "123456789012" for no name but for part of an ARN, so write the whole ARN`},
		{"a region and a name", map[string]any{"function_name": "us-gov-east-1:f"}, `function_name: "us-gov-east-1:f" is not clear: AWS takes "us-gov-east-1" for no name but for part of an ARN, so write the whole ARN`},
		{"a keyword and a name", map[string]any{"function_name": "function:f"}, `function_name: "function:f" is not clear: AWS takes "function" for no name but for part of an ARN, so write the whole ARN`},
		{"another service's ARN", map[string]any{"function_name": "arn:aws:s3:us-west-2:123456789012:function:f"}, `function_name: "arn:aws:s3:us-west-2:123456789012:function:f" is no name, name:qualifier, partial ARN or ARN of a function`},
		{
			"an ARN of another region",
			map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "region": "us-west-2"},
			`region: "us-west-2" is not the region of the function's ARN, "eu-west-1"`,
		},
		{"case", with("function_name_case", "upper"), `function_name_case: must be "capitalized" or "verbatim", is "upper"`},
		{"region", with("region", "us west 2"), `region: "us west 2" is no name of a region`},
		{"a region that is a host", with("region", "x.example.com/"), `region: "x.example.com/" is no name of a region`},
		{"a region of another type", with("region", []any{"us-west-2"}), "region: must be a string, is a list"},
		{"endpoint without scheme", with("endpoint", "localhost:4566"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is "localhost:4566"`},
		{"endpoint without host", with("endpoint", "http://:4566"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is "http://:4566"`},
		{"endpoint of another scheme", with("endpoint", "ftp://127.0.0.1"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is "ftp://127.0.0.1"`},
		{"endpoint that does not parse", with("endpoint", "http://a b:hunter2@"), "endpoint: must be an http or https URL such as http://127.0.0.1:4566, and cannot be parsed"},
		{"endpoint with a password", with("endpoint", "http://me:hunter2@127.0.0.1"), "endpoint: must not carry a user or a password"},
		{"endpoint with a password and without a scheme", with("endpoint", "me:hunter2@127.0.0.1:4566"), "endpoint: must be an http or https URL such as http://127.0.0.1:4566"},
		{"endpoint with a query", with("endpoint", "http://127.0.0.1/?token=hunter2"), "endpoint: must have no query and no fragment"},
		{"endpoint with an empty query", with("endpoint", "http://127.0.0.1/?"), "endpoint: must have no query and no fragment"},
		{"endpoint with a fragment", with("endpoint", "http://127.0.0.1/#a"), "endpoint: must have no query and no fragment"},
		{"endpoint with a port too high", with("endpoint", "http://127.0.0.1:70000"), `endpoint: has the port "70000", which is none`},
		{"endpoint with port 0", with("endpoint", "http://127.0.0.1:0"), `endpoint: has the port "0", which is none`},
		{"a qualifier that is none", with("qualifier", "live!"), `qualifier: "live!" is no version and no alias`},
		{"two qualifiers", map[string]any{"function_name": "f:live", "qualifier": "live"}, `qualifier: function_name has one already, "live"`},
		{"a qualifier and that of an ARN", map[string]any{"function_name": "123456789012:function:f:7", "qualifier": "8"}, `qualifier: function_name has one already, "7"`},
		{"invocation type", with("invocation_type", "event"), `invocation_type: must be "RequestResponse", "Event" or "DryRun", is "event"`},
		{"payload format", with("payload_format", "v2"), `payload_format: must be "simple", "1.0", "2.0" or "alb", is "v2"`},
		{"payload format as a number", with("payload_format", 2.0), "payload_format: must be a string, is the number 2"},
		{"response format", with("response_format", "http"), `response_format: must be "plain" or "proxy", is "http"`},
		{"stream as a string", with("stream", "true"), `stream: must be true or false, is the string "true"`},
		{"client context as null", with("client_context", nil), "client_context: must be true or false, is null"},
		{"log tail as a number", with("log_tail", 1.0), "log_tail: must be true or false, is the number 1"},
		{
			"an asynchronous stream",
			map[string]any{"function_name": "f", "stream": true, "invocation_type": "Event"},
			`stream: invocation_type must be RequestResponse, is "Event"`,
		},
		{"no list of functions", with("allowed_functions", "f"), `allowed_functions: must be a list of patterns, is the string "f"`},
		{"a list of no functions", with("allowed_functions", []any{}), "allowed_functions: must have a pattern or more"},
		{
			"patterns that are none",
			with("allowed_functions", []any{"", 7.0, "a b", "f:live", "arn:aws:lambda:us-west-2:123456789012:function:f:7", "f?", "f:", "arn:aws:s3:us-west-2:123456789012:function:f", "123456789012:f:*", "12345:function:x", "arn:foo:lambda:*:*:function:x", strings.Repeat("x", 65)}),
			"allowed_functions: must not be empty\n" +
				"must be a list of strings, has the number 7\n" +
				"\"a b\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"f:live\" has a qualifier, and patterns are for names without theirs\n" +
				"\"arn:aws:lambda:us-west-2:123456789012:function:f:7\" has a qualifier, and patterns are for names without theirs\n" +
				"\"f?\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"f:\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"arn:aws:s3:us-west-2:123456789012:function:f\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"123456789012:f:*\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"12345:function:x\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"arn:foo:lambda:*:*:function:x\" is no name, partial ARN or ARN of a function, with or without *\n" +
				"\"" + strings.Repeat("x", 65) + "\" is no name, partial ARN or ARN of a function, with or without *",
		},
		{"an empty profile", with("profile", ""), "profile: must not be empty"},
		{"a role that is none", with("assume_role", "x"), `assume_role: must be an object with role_arn, is the string "x"`},
		{"a role without ARN", with("assume_role", map[string]any{}), "assume_role: role_arn: missing"},
		{
			"a role of which all is wrong",
			with("assume_role", map[string]any{"role_arn": "arn:aws:iam::1:role/x", "external_id": "hunter2 ", "session_name": "x"}),
			"assume_role: external_id: is no external id: 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -\n" +
				"role_arn: \"arn:aws:iam::1:role/x\" is no ARN of a role\n" +
				"session_name: \"x\" is no name of a session: 2 to 64 of A-Z a-z 0-9 _ + = , . @ -",
		},
		{
			"a role of which all is too long",
			with("assume_role", map[string]any{"role_arn": "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2049-31), "external_id": strings.Repeat("x", 1225), "session_name": strings.Repeat("s", 65)}),
			"assume_role: external_id: is no external id: 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -\n" +
				"role_arn: \"arn:aws:iam::123456789012:role/" + strings.Repeat("~", text.MaxDetail-len("…")-31) + "…\" is no ARN of a role\n" +
				"session_name: \"" + strings.Repeat("s", 65) + "\" is no name of a session: 2 to 64 of A-Z a-z 0-9 _ + = , . @ -",
		},
		{"an external id that is a number", with("assume_role", map[string]any{"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": 12345678.0}), "assume_role: external_id: is no external id: 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -"},
		{"a role's ARN as a list", with("assume_role", map[string]any{"role_arn": []any{}}), "assume_role: role_arn: must be a string, is a list"},
		{"retries of function errors as a number", with("retry_function_errors", 1.0), "retry_function_errors: must be true or false, is the number 1"},
		{"no reply at all", with("max_reply_bytes", 0.0), "max_reply_bytes: must be 1 or more, is 0"},
		{"more than Lambda's limit", with("max_reply_bytes", float64(MaxReply+1)), "max_reply_bytes: must be 6291556, which is Lambda's own limit without stream, or less, is 6291557"},
		{"a limit as a string", with("max_reply_bytes", "1"), `max_reply_bytes: must be an integer, is the string "1"`},
		{"retries below -1", with("max_retries", -2.0), "max_retries: must be -1 or more, is -2"},
		{"retries as a string", with("max_retries", "1"), `max_retries: must be an integer, is the string "1"`},
		{"a fraction", with("max_retries", 1.5), "max_retries: must be an integer, is the number 1.5"},
		{"no number", with("max_retries", math.NaN()), "max_retries: must be an integer, is the number NaN"},
		{"a json.Number that is none", with("max_retries", json.Number("x")), "max_retries: must be an integer, is the number x"},
		{"true", with("max_retries", true), "max_retries: must be an integer, is true"},
		{"an object", with("max_retries", map[string]any{}), "max_retries: must be an integer, is an object"},
		{"another type", with("max_retries", uint8(1)), "max_retries: must be an integer, is a uint8"},
		{"too many retries", with("max_retries", 1e300), "max_retries: is out of range"},
		{"too many retries, negative", with("max_retries", math.Inf(-1)), "max_retries: is out of range"},
		{"as few retries as a number can say", with("max_retries", float64(math.MinInt32)), "max_retries: must be -1 or more, is -2147483648"},
		{"one less", with("max_retries", float64(math.MinInt32-1)), "max_retries: is out of range"},
		{"too many retries, as int64", with("max_retries", int64(math.MaxInt64)), "max_retries: is out of range"},
		{"one more retry than there may be", with("max_retries", float64(math.MaxInt32+1)), "max_retries: is out of range"},
		{
			"all errors at once",
			map[string]any{"region": 1.0, "max_retries": "x", "endpoint": "x"},
			"max_retries: must be an integer, is the string \"x\"\n" +
				"region: must be a string, is the number 1\n" +
				"function_name, function_param_name: one of them must be there\n" +
				"endpoint: must be an http or https URL such as http://127.0.0.1:4566, is \"x\"",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, _, err := Parse(tc.settings, nil)
			if err == nil {
				t.Fatalf("got %+v, want the error %q", cfg, tc.want)
			}
			if got := err.Error(); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("got %+v beside the error, want nothing", cfg)
			}
		})
	}
}

func TestEditDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"region", "region", 0}, {"region", "", 6}, {"", "region", 6},
		{"xregion", "region", 1}, {"reg", "region", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"reigon", "region", 2},
	} {
		if got := editDistance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q and %q: got %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// The line that says a backend is enabled names what it invokes, and nothing that is not
// configured.
func TestConfigInTheLog(t *testing.T) {
	for _, tc := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{"function_name": "f:live"}, "function f:live"},
		{map[string]any{"function_param_name": "Lambda"}, "function from the param Lambda, every name allowed"},
		{map[string]any{"function_param_name": "Lambda", "qualifier": "live"}, "function from the param Lambda, qualifier live, every name allowed"},
		{
			map[string]any{
				"function_name": "f", "region": "eu-west-1", "endpoint": "http://127.0.0.1:4566", "profile": "shop",
				"assume_role": map[string]any{"role_arn": gatewayRole}, "invocation_type": "Event",
			},
			`function f, region eu-west-1, endpoint http://127.0.0.1:4566, profile "shop", role ` + gatewayRole + ", invocation type Event",
		},
		{
			map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Order-*", "123456789012:function:Basket"}, "payload_format": "1.0"},
			"function from the param Lambda, payload format 1.0, allowed [Order-* 123456789012:function:Basket]",
		},
		{map[string]any{"function_name": "f", "payload_format": "2.0", "stream": true}, "function f, payload format 2.0, streamed"},
	} {
		cfg, _, err := Parse(tc.settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.String(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}
