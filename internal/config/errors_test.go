package config

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

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
		{"a string", "x", `the configuration must be an object, is the string 'x'`},
		{"no function", map[string]any{}, "function_name, function_param_name: set one of them"},
		{"two functions", with("function_param_name", "Lambda"), "function_name, function_param_name: set only one of them"},
		{"a function of another type", map[string]any{"function_name": 1.0}, "function_name: must be a string, is the number 1"},
		{"an empty function", map[string]any{"function_name": ""}, "function_name: must not be empty"},
		{"an empty param", map[string]any{"function_param_name": ""}, "function_param_name: must not be empty"},
		{"a null function", map[string]any{"function_name": nil}, "function_name: must be a string, is null"},
		{"a bad name", map[string]any{"function_name": "a b"}, `function_name: 'a b' is not a function: write a name, name:qualifier, a partial ARN or an ARN`},
		{"an account and a name", map[string]any{"function_name": "123456789012:f"}, `function_name: '123456789012:f' is ambiguous: AWS takes '123456789012' for a part of an ARN, so write the whole ARN`},
		{"a region and a name", map[string]any{"function_name": "us-gov-east-1:f"}, `function_name: 'us-gov-east-1:f' is ambiguous: AWS takes 'us-gov-east-1' for a part of an ARN, so write the whole ARN`},
		{"a keyword and a name", map[string]any{"function_name": "function:f"}, `function_name: 'function:f' is ambiguous: AWS takes 'function' for a part of an ARN, so write the whole ARN`},
		{"another service's ARN", map[string]any{"function_name": "arn:aws:s3:us-west-2:123456789012:function:f"}, `function_name: 'arn:aws:s3:us-west-2:123456789012:function:f' is not a function: write a name, name:qualifier, a partial ARN or an ARN`},
		{
			"an ARN of another region",
			map[string]any{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "region": "us-west-2"},
			`region: must be 'eu-west-1', the region of the function's ARN, is 'us-west-2'`,
		},
		{"case", with("function_name_case", "upper"), `function_name_case: must be 'capitalized' or 'verbatim', is 'upper'`},
		{"region", with("region", "us west 2"), `region: 'us west 2' is not a region`},
		{"a region that is a host", with("region", "x.example.com/"), `region: 'x.example.com/' is not a region`},
		{"a region of another type", with("region", []any{"us-west-2"}), "region: must be a string, is a list"},
		{"endpoint without scheme", with("endpoint", "localhost:4566"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is 'localhost:4566'`},
		{"endpoint without host", with("endpoint", "http://:4566"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is 'http://:4566'`},
		{"endpoint of another scheme", with("endpoint", "ftp://127.0.0.1"), `endpoint: must be an http or https URL such as http://127.0.0.1:4566, is 'ftp://127.0.0.1'`},
		{"endpoint that does not parse", with("endpoint", "http://a b:hunter2@"), "endpoint: must be an http or https URL such as http://127.0.0.1:4566; this one cannot be parsed"},
		{"endpoint with a password", with("endpoint", "http://me:hunter2@127.0.0.1"), "endpoint: must not carry a user or a password"},
		{"endpoint with a password and without a scheme", with("endpoint", "me:hunter2@127.0.0.1:4566"), "endpoint: must be an http or https URL such as http://127.0.0.1:4566"},
		{"endpoint with a query", with("endpoint", "http://127.0.0.1/?token=hunter2"), "endpoint: must not have a query or a fragment"},
		{"endpoint with an empty query", with("endpoint", "http://127.0.0.1/?"), "endpoint: must not have a query or a fragment"},
		{"endpoint with a fragment", with("endpoint", "http://127.0.0.1/#a"), "endpoint: must not have a query or a fragment"},
		{"endpoint with a port too high", with("endpoint", "http://127.0.0.1:70000"), `endpoint: has the port '70000', which is not a number from 1 to 65535`},
		{"endpoint with port 0", with("endpoint", "http://127.0.0.1:0"), `endpoint: has the port '0', which is not a number from 1 to 65535`},
		{"a qualifier with an invalid character", with("qualifier", "live!"), `qualifier: 'live!' is not a version, an alias, $LATEST or $LATEST.PUBLISHED`},
		{"a qualifier with a dot", with("qualifier", "v1.2"), `qualifier: 'v1.2' is not a version, an alias, $LATEST or $LATEST.PUBLISHED`},
		{"a qualifier after $LATEST.", with("qualifier", "$LATEST.published"), `qualifier: '$LATEST.published' is not a version, an alias, $LATEST or $LATEST.PUBLISHED`},
		{"a function with a dot in its qualifier", map[string]any{"function_name": "f:LATEST.PUBLISHED"}, `function_name: 'f:LATEST.PUBLISHED' is not a function: write a name, name:qualifier, a partial ARN or an ARN`},
		{"two qualifiers", map[string]any{"function_name": "f:live", "qualifier": "live"}, `qualifier: function_name has the qualifier 'live' already: remove one of the two`},
		{"a qualifier and an ARN with one", map[string]any{"function_name": "123456789012:function:f:7", "qualifier": "8"}, `qualifier: function_name has the qualifier '7' already: remove one of the two`},
		{"invocation type", with("invocation_type", "event"), `invocation_type: must be 'RequestResponse', 'Event' or 'DryRun', is 'event'`},
		{"payload format", with("payload_format", "v2"), `payload_format: must be 'simple', '1.0', '2.0' or 'alb', is 'v2'`},
		{"payload format as a number", with("payload_format", 2.0), "payload_format: must be a string, is the number 2"},
		{"response format", with("response_format", "http"), `response_format: must be 'plain' or 'proxy', is 'http'`},
		{"stream as a string", with("stream", "true"), `stream: must be true or false, is the string 'true'`},
		{"client context as null", with("client_context", nil), "client_context: must be true or false, is null"},
		{"log tail as a number", with("log_tail", 1.0), "log_tail: must be true or false, is the number 1"},
		{"statuses of errors as a number", with("function_error_status", 422.0), "function_error_status: must be an object of statuses, is the number 422"},
		{"no statuses of errors", with("function_error_status", map[string]any{}), "function_error_status: must not be empty"},
		{
			"invalid statuses of errors",
			with("function_error_status", map[string]any{"": 404.0, "A": 399.0, "B": 600.0, "C": "404", "D": nil, "E": 404.5, "@comment": "for clients", "F": 422.0}),
			"function_error_status: '@comment': must be an integer, is the string 'for clients'\n" +
				"'A': must be 400 to 599, is 399\n" +
				"'B': must be 400 to 599, is 600\n" +
				"'C': must be an integer, is the string '404'\n" +
				"'D': must be an integer, is null\n" +
				"'E': must be an integer, is the number 404.5\n" +
				"'': must not be empty: write an errorType or a pattern",
		},
		{
			"an asynchronous stream",
			map[string]any{"function_name": "f", "stream": true, "invocation_type": "Event"},
			`stream: invocation_type must be RequestResponse, is 'Event'`,
		},
		{"functions that are not a list", with("allowed_functions", "f"), `allowed_functions: must be a list of patterns, is the string 'f'`},
		{"an empty list of functions", with("allowed_functions", []any{}), "allowed_functions: must not be empty"},
		{
			"invalid patterns",
			with("allowed_functions", []any{"", 7.0, "a b", "f:live", "f:$LATEST.PUBLISHED", "arn:aws:lambda:us-west-2:123456789012:function:f:7", "f?", "f:", "arn:aws:s3:us-west-2:123456789012:function:f", "123456789012:f:*", "12345:function:x", "arn:foo:lambda:*:*:function:x", strings.Repeat("x", 65)}),
			"allowed_functions: must not be empty\n" +
				"must be a list of strings, has the number 7\n" +
				"'a b' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'f:live' has a qualifier: write the pattern without it\n" +
				"'f:$LATEST.PUBLISHED' has a qualifier: write the pattern without it\n" +
				"'arn:aws:lambda:us-west-2:123456789012:function:f:7' has a qualifier: write the pattern without it\n" +
				"'f?' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'f:' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'arn:aws:s3:us-west-2:123456789012:function:f' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'123456789012:f:*' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'12345:function:x' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'arn:foo:lambda:*:*:function:x' is not a pattern: write a name, a partial ARN or an ARN, with or without *\n" +
				"'" + strings.Repeat("x", 65) + "' is not a pattern: write a name, a partial ARN or an ARN, with or without *",
		},
		{"a tenant that AWS does not accept", with("tenant_id", "blü"), `tenant_id: the string 'blü' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces`},
		{"a tenant that is too long", with("tenant_id", strings.Repeat("t", 257)), `tenant_id: the string '` + strings.Repeat("t", 257) + `' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces`},
		{"a template that cannot make a tenant", with("tenant_id", "a,{id}"), `tenant_id: the string 'a,{id}' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces`},
		{"a template that ends in a space", with("tenant_id", "{id} "), `tenant_id: the string '{id} ' is not a valid tenant: use 1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces`},
		{"a tenant of another type", with("tenant_id", 7.0), "tenant_id: must be a string, is the number 7"},
		{"an invalid template", with("tenant_id", "{id"), `tenant_id: '{id' has a { without its }`},
		{"one name for all executions", with("durable_execution_name", "x"), "durable_execution_name: must have a placeholder, such as {input_headers.Idempotency-Key}: if all requests have the same name, only the first one starts the function"},
		{"an empty name of an execution", with("durable_execution_name", ""), "durable_execution_name: must not be empty"},
		{"an empty placeholder", with("durable_execution_name", "{}"), "durable_execution_name: {} is empty: write a name between the braces"},
		{
			"a durable stream",
			map[string]any{"function_name": "f", "stream": true, "durable_execution_name": "{id}"},
			"durable_execution_name: must not be set together with stream, because AWS's operation for streams does not take it",
		},
		{"an empty profile", with("profile", ""), "profile: must not be empty"},
		{"a role that is a string", with("assume_role", "x"), `assume_role: must be an object with role_arn, is the string 'x'`},
		{"a role without ARN", with("assume_role", map[string]any{}), "assume_role: role_arn: missing"},
		{
			"a role with invalid values",
			with("assume_role", map[string]any{"role_arn": "arn:aws:iam::1:role/x", "external_id": "hunter2 ", "session_name": "x"}),
			"assume_role: external_id: must be 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -\n" +
				"role_arn: must be the ARN of a role, is 'arn:aws:iam::1:role/x'\n" +
				"session_name: must be 2 to 64 of A-Z a-z 0-9 _ + = , . @ -, is 'x'",
		},
		{
			"a role with values that are too long",
			with("assume_role", map[string]any{"role_arn": "arn:aws:iam::123456789012:role/" + strings.Repeat("~", 2049-31), "external_id": strings.Repeat("x", 1225), "session_name": strings.Repeat("s", 65)}),
			"assume_role: external_id: must be 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -\n" +
				"role_arn: must be the ARN of a role, is 'arn:aws:iam::123456789012:role/" + strings.Repeat("~", text.MaxDetail-len("…")-31) + "…'\n" +
				"session_name: must be 2 to 64 of A-Z a-z 0-9 _ + = , . @ -, is '" + strings.Repeat("s", 65) + "'",
		},
		{"an external id that is a number", with("assume_role", map[string]any{"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": 12345678.0}), "assume_role: external_id: must be 2 to 1,224 of A-Z a-z 0-9 _ + = , . @ : / -"},
		{"a role's ARN as a list", with("assume_role", map[string]any{"role_arn": []any{}}), "assume_role: role_arn: must be a string, is a list"},
		{"retries of function errors as a number", with("retry_function_errors", 1.0), "retry_function_errors: must be true or false, is the number 1"},
		{"a limit of 0", with("max_reply_bytes", 0.0), "max_reply_bytes: must be 1 or more, is 0"},
		{"more than Lambda's limit", with("max_reply_bytes", float64(MaxReply+1)), "max_reply_bytes: must be at most 6291556, Lambda's limit without stream, is 6291557"},
		{"a limit as a string", with("max_reply_bytes", "1"), `max_reply_bytes: must be an integer, is the string '1'`},
		{"retries below -1", with("max_retries", -2.0), "max_retries: must be -1 or more, is -2"},
		{"retries as a string", with("max_retries", "1"), `max_retries: must be an integer, is the string '1'`},
		{"a fraction", with("max_retries", 1.5), "max_retries: must be an integer, is the number 1.5"},
		{"NaN", with("max_retries", math.NaN()), "max_retries: must be an integer, is the number NaN"},
		{"an invalid json.Number", with("max_retries", json.Number("x")), "max_retries: must be an integer, is the number x"},
		{"true", with("max_retries", true), "max_retries: must be an integer, is true"},
		{"an object", with("max_retries", map[string]any{}), "max_retries: must be an integer, is an object"},
		{"another type", with("max_retries", uint8(1)), "max_retries: must be an integer, is a uint8"},
		{"too many retries", with("max_retries", 1e300), "max_retries: is out of range"},
		{"too many retries, negative", with("max_retries", math.Inf(-1)), "max_retries: is out of range"},
		{"the lowest number in range", with("max_retries", float64(math.MinInt32)), "max_retries: must be -1 or more, is -2147483648"},
		{"the highest number below the range", with("max_retries", float64(math.MinInt32-1)), "max_retries: is out of range"},
		{"too many retries, as int64", with("max_retries", int64(math.MaxInt64)), "max_retries: is out of range"},
		{"the lowest number above the range", with("max_retries", float64(math.MaxInt32+1)), "max_retries: is out of range"},
		{
			"all errors at once",
			map[string]any{"region": 1.0, "max_retries": "x", "endpoint": "x"},
			"max_retries: must be an integer, is the string 'x'\n" +
				"region: must be a string, is the number 1\n" +
				"function_name, function_param_name: set one of them\n" +
				"endpoint: must be an http or https URL such as http://127.0.0.1:4566, is 'x'",
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
				t.Errorf("got %+v with the error, want the zero Config", cfg)
			}
		})
	}
}
