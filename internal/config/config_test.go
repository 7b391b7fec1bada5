package config

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
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
			name:     "a param in lower case stays unchanged",
			settings: map[string]any{"function_param_name": "canary"},
			want:     Config{ParamName: "canary", Verbatim: true, MaxRetries: -1},
			warnings: []string{`function_param_name: the endpoint has no placeholder for 'canary', so another component, such as a Lua script, must set it`},
		},
		{
			name:     "a param in lower case, capitalized",
			settings: map[string]any{"function_param_name": "canary", "function_name_case": "capitalized"},
			want:     Config{ParamName: "canary", MaxRetries: -1},
			warnings: []string{`function_param_name: the endpoint has no placeholder for 'canary', so another component, such as a Lua script, must set it`},
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
				Function:   Function{Name: "arn:aws:lambda:eu-west-1:123456789012:function:f", Qualifier: "3"},
				Region:     "eu-west-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "an ARN and its region",
			settings: map[string]any{"function_name": "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "region": "cn-north-1"},
			want: Config{
				Function:   Function{Name: "arn:aws-cn:lambda:cn-north-1:123456789012:function:f"},
				Region:     "cn-north-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "a partial ARN",
			settings: map[string]any{"function_name": "123456789012:function:f:live"},
			want:     Config{Function: Function{Name: "123456789012:function:f", Qualifier: "live"}, MaxRetries: -1},
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
			want:     fixed(Config{MaxRetries: -1, Identity: &Identity{Role: Role{ARN: gatewayRole, SessionName: "krakend-lambda"}}}),
			warnings: []string{`unknown key '' is ignored`, `assume_role: unknown key '' is ignored`},
		},
		{
			name:     "unknown keys",
			settings: map[string]any{"function_name": "f", "max_retry": 1.0, "Function-Name": "g", "colour": "red", "timeout": "3s"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{
				`unknown key 'Function-Name' is ignored; did you mean 'function_name'?`,
				`unknown key 'colour' is ignored`,
				`unknown key 'max_retry' is ignored; did you mean 'max_retries'?`,
				`unknown key 'timeout' is ignored`,
			},
		},
		{
			name:     "a key with a typing error",
			settings: map[string]any{"function_name": "f", "allowed_function": []any{"f"}, "qualifer": "3"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{
				`unknown key 'allowed_function' is ignored; did you mean 'allowed_functions'?`,
				`unknown key 'qualifer' is ignored; did you mean 'qualifier'?`,
			},
		},
		{
			name:     "a qualifier",
			settings: map[string]any{"function_name": "f", "qualifier": "$LATEST"},
			want:     Config{Function: Function{Name: "f", Qualifier: "$LATEST"}, MaxRetries: -1},
		},
		{
			name:     "the latest published version",
			settings: map[string]any{"function_name": "f", "qualifier": "$LATEST.PUBLISHED"},
			want:     Config{Function: Function{Name: "f", Qualifier: "$LATEST.PUBLISHED"}, MaxRetries: -1},
		},
		{
			name:     "the latest published version in a name",
			settings: map[string]any{"function_name": "f:$LATEST.PUBLISHED"},
			want:     Config{Function: Function{Name: "f", Qualifier: "$LATEST.PUBLISHED"}, MaxRetries: -1},
		},
		{
			name:     "the latest published version in a partial ARN",
			settings: map[string]any{"function_name": "123456789012:function:f:$LATEST.PUBLISHED"},
			want:     Config{Function: Function{Name: "123456789012:function:f", Qualifier: "$LATEST.PUBLISHED"}, MaxRetries: -1},
		},
		{
			name:     "the latest published version in an ARN",
			settings: map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST.PUBLISHED"},
			want: Config{
				Function:   Function{Name: "arn:aws:lambda:eu-west-1:123456789012:function:f", Qualifier: "$LATEST.PUBLISHED"},
				Region:     "eu-west-1",
				MaxRetries: -1,
			},
		},
		{
			name:     "a qualifier for an ARN",
			settings: map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "qualifier": "7"},
			want: Config{
				Function:   Function{Name: "arn:aws:lambda:eu-west-1:123456789012:function:f", Qualifier: "7"},
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
			name: "keys without effect on an asynchronous invocation",
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
			name: "allowed_functions",
			settings: map[string]any{
				"function_param_name": "Lambda", "allowed_functions": []any{"Order-*", "123456789012:function:*", "arn:aws:lambda:*:123456789012:function:f"},
			},
			want: Config{ParamName: "Lambda", MaxRetries: -1, Allowed: newAllowlist([]pattern{"Order-*", "123456789012:function:*", "arn:aws:lambda:*:123456789012:function:f"})},
		},
		{
			name:     "allowed_functions without function_param_name",
			settings: map[string]any{"function_name": "f", "allowed_functions": []any{"f"}},
			want:     fixed(Config{MaxRetries: -1, Allowed: newAllowlist([]pattern{"f"})}),
			warnings: []string{"allowed_functions: has no effect on function_name, which no request can change"},
		},
		{
			name:     "a profile and a role",
			settings: map[string]any{"function_name": "f", "profile": "shop", "assume_role": map[string]any{"role_arn": "arn:aws:iam::123456789012:role/a/b", "@": "x"}},
			want:     fixed(Config{MaxRetries: -1, Identity: &Identity{Profile: "shop", Role: Role{ARN: "arn:aws:iam::123456789012:role/a/b", SessionName: "krakend-lambda"}}}),
		},
		{
			name: "a role with all keys, and an unknown one",
			settings: map[string]any{"function_name": "f", "assume_role": map[string]any{
				"role_arn": "arn:aws-cn:iam::123456789012:role/x", "external_id": "a:b/c", "session_name": "gw@x", "externalid": "y",
			}},
			want:     fixed(Config{MaxRetries: -1, Identity: &Identity{Role: Role{ARN: "arn:aws-cn:iam::123456789012:role/x", ExternalID: "a:b/c", SessionName: "gw@x"}}}),
			warnings: []string{`assume_role: unknown key 'externalid' is ignored; did you mean 'external_id'?`},
		},
		{
			name: "a role with the longest values",
			settings: map[string]any{"function_name": "f", "assume_role": map[string]any{
				"role_arn": "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2048-31), "external_id": strings.Repeat("x", 1224), "session_name": strings.Repeat("s", 64),
			}},
			want: fixed(Config{MaxRetries: -1, Identity: &Identity{Role: Role{ARN: "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2048-31), ExternalID: strings.Repeat("x", 1224), SessionName: strings.Repeat("s", 64)}}}),
		},
		{
			name:     "a role with the shortest names",
			settings: map[string]any{"function_name": "f", "assume_role": map[string]any{"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "ab", "session_name": "gw"}},
			want:     fixed(Config{MaxRetries: -1, Identity: &Identity{Role: Role{ARN: "arn:aws:iam::123456789012:role/x", ExternalID: "ab", SessionName: "gw"}}}),
		},
		{
			name:     "retries of function errors, and a limit",
			settings: map[string]any{"function_name": "f", "retry_function_errors": true, "max_reply_bytes": 10.0},
			want:     fixed(Config{MaxRetries: -1, RetryFunctionErrors: true, MaxReply: 10}),
		},
		{
			name:     "statuses of function errors",
			settings: map[string]any{"function_name": "f", "function_error_status": map[string]any{"*": 500.0, "Late": 410.0}},
			want:     fixed(Config{MaxRetries: -1, ErrorStatuses: &ErrorStatuses{map[string]int{"Late": 410}, []errorStatus{{"*", 500, newGlob("*")}}}}),
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
			name:     "keys without effect without a reply",
			settings: map[string]any{"function_name": "f", "invocation_type": "Event", "retry_function_errors": true, "max_reply_bytes": 10.0, "function_error_status": map[string]any{"*": 422.0}},
			want:     fixed(Config{MaxRetries: -1, InvocationType: "Event"}),
			warnings: []string{
				"function_error_status: has no effect with the invocation_type Event",
				"max_reply_bytes: has no effect with the invocation_type Event",
				"retry_function_errors: has no effect with the invocation_type Event",
			},
		},
		{
			name:     "an unknown key with a typing error",
			settings: map[string]any{"function_name": "f", "reigon": "us-west-2"},
			want:     fixed(Config{MaxRetries: -1}),
			warnings: []string{`unknown key 'reigon' is ignored; did you mean 'region'?`},
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

// The line "Component enabled" describes the configured settings, and no others.
func TestConfigInTheLog(t *testing.T) {
	for _, tc := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{"function_name": "f:live"}, "function f:live"},
		{map[string]any{"function_param_name": "Lambda"}, "function from the param Lambda, the name's first letter put into upper case (function_name_case), every name allowed"},
		{map[string]any{"function_param_name": "Lambda", "function_name_case": "verbatim"}, "function from the param Lambda, every name allowed"},
		{map[string]any{"function_param_name": "Lambda", "qualifier": "live"}, "function from the param Lambda, the name's first letter put into upper case (function_name_case), qualifier live, every name allowed"},
		{
			map[string]any{
				"function_name": "f", "region": "eu-west-1", "endpoint": "http://127.0.0.1:4566", "profile": "shop",
				"assume_role": map[string]any{"role_arn": gatewayRole}, "invocation_type": "Event",
			},
			`function f, region eu-west-1, endpoint http://127.0.0.1:4566, profile 'shop', role ` + gatewayRole + ", invocation type Event",
		},
		{
			map[string]any{"function_param_name": "Lambda", "allowed_functions": []any{"Order-*", "123456789012:function:Basket"}, "payload_format": "1.0"},
			"function from the param Lambda, the name's first letter put into upper case (function_name_case), payload format 1.0, allowed [Order-* 123456789012:function:Basket]",
		},
		{map[string]any{"function_name": "f", "payload_format": "2.0", "stream": true}, "function f, payload format 2.0, streamed"},
		{
			map[string]any{"function_name": "f:live", "tenant_id": "{JWT.tenant}", "durable_execution_name": "{JWT.sub}:{id}"},
			`function f:live, tenant '{JWT.tenant}', durable execution '{JWT.sub}:{Id}'`,
		},
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
