package adaptertest

import (
	"errors"
	"strings"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// errNoOrder is a function's own error, with its own type and message.
var errNoOrder = errors.New("no order 7")

func fault(f lambdatest.Fault) *lambdatest.Fault { return &f }

var detailsAsX = map[string]any{"return_error_details": "x"}

func flatmap(ops ...any) map[string]any {
	return map[string]any{"flatmap_filter": ops}
}

var (
	decoded  = []string{"X-Amz-Executed-Version", "X-Amzn-Requestid"}
	passedOn = []string{"Content-Type", "X-Amz-Executed-Version", "X-Amzn-Requestid"}
)

var cases = []testCase{
	// The payload.
	{
		name:    "GET: placeholders and query strings",
		backend: Backend{Method: "GET"},
		request: Request{Params: map[string]string{"UserId": "7", "JWT.sub": "me"}, Query: map[string][]string{"page": {"2"}, "tag": {"a", "b"}}},
		body:    "not the payload", reply: `{}`,
		payload: `{"JWT.sub":"me","page":"2","tag":["a","b"],"userId":"7"}`, data: `{}`, headers: decoded,
	},
	{name: "GET: no parameters", reply: `{}`, payload: `{}`, data: `{}`, headers: decoded},
	{
		name:    "POST: the body",
		backend: Backend{Method: "POST"}, request: Request{Params: map[string]string{"Id": "7"}},
		body: ` {"b": 1.0, "a": [null]} `, reply: `{}`,
		payload: ` {"b": 1.0, "a": [null]} `, data: `{}`, headers: decoded,
	},
	{name: "POST: no body", backend: Backend{Method: "POST"}, reply: `{}`, data: `{}`, headers: decoded},
	{
		name:    "POST: a body that is not JSON",
		backend: Backend{Method: "POST"}, body: "a=b", status: 400, message: "lambda: the payload is not JSON",
	},
	{
		name:    "POST: a body over the limit",
		backend: Backend{Method: "POST"}, body: strings.Repeat(" ", 6<<20+1),
		calls: -1, status: 413, message: "lambda: payload too large",
	},

	// Which function is called.
	{
		name:     "from a placeholder, capitalized",
		settings: map[string]any{"function_param_name": "Lambda"}, request: Request{Params: map[string]string{"Lambda": "my-lambda"}},
		reply: `{}`, function: "My-lambda", payload: `{"lambda":"my-lambda"}`, data: `{}`, headers: decoded,
	},
	{
		name:     "from a placeholder, verbatim",
		settings: map[string]any{"function_param_name": "Lambda", "function_name_case": "verbatim"}, request: Request{Params: map[string]string{"Lambda": "my-lambda"}},
		reply: `{}`, function: "my-lambda", data: `{}`, headers: decoded,
	},
	{
		name:     "from a placeholder, missing on AWS",
		settings: map[string]any{"function_param_name": "Lambda"}, request: Request{Params: map[string]string{"Lambda": "nobody"}},
		function: "Nobody", status: 404, message: "lambda: no such function",
	},
	{
		name:     "from a placeholder, an ARN",
		settings: map[string]any{"function_param_name": "Lambda"}, request: Request{Params: map[string]string{"Lambda": "arn:aws:lambda:us-west-2:123456789012:function:f"}},
		calls: -1, status: 404, message: "lambda: no such function",
	},
	{
		name:     "from a placeholder, empty",
		settings: map[string]any{"function_param_name": "Lambda"},
		calls:    -1, status: 404, message: "lambda: no such function",
	},
	{
		name:     "an invalid tenant",
		settings: map[string]any{"tenant_id": "{id}"}, request: Request{Params: map[string]string{"Id": "a\r\nb"}},
		calls: -1, status: 400, message: "lambda: invalid tenant",
	},
	{
		name:     "a tenant from a query string with the name of a param",
		settings: map[string]any{"tenant_id": "{id}"}, request: Request{Query: map[string][]string{"Id": {"blue"}, "id": {"blue"}}},
		calls: -1, status: 400, message: "lambda: invalid tenant",
	},
	{name: "fixed, missing on AWS", settings: map[string]any{"function_name": "nobody"}, function: "nobody", status: 502, message: "lambda: invocation failed"},

	// Replies.
	{
		name:  "numbers keep all their digits",
		reply: `{"a":12345678901234567890,"b":1.10,"c":9007199254740993,"d":1e400}`,
		data:  `{"a":12345678901234567890,"b":1.10,"c":9007199254740993,"d":1e400}`, headers: decoded,
	},
	{name: "a long reply", reply: `{"a":"` + strings.Repeat("x", 20<<10) + `","a":[1.0,null,"\u00e9"]} and more`, data: `{"a":[1.0,null,"é"]}`, headers: decoded},
	{name: "a long list for an object", reply: `["` + strings.Repeat("x", 20<<10) + `"]`, status: 502, message: "lambda: the reply cannot be decoded"},
	{name: "deny", backend: Backend{Deny: []string{"a", "b.c"}}, reply: `{"a":1,"b":{"c":2,"d":3},"e":4}`, data: `{"b":{"d":3},"e":4}`, headers: decoded},
	{name: "allow", backend: Backend{Allow: []string{"a", "b.c"}}, reply: `{"a":1,"b":{"c":2,"d":3},"e":4}`, data: `{"a":1,"b":{"c":2}}`, headers: decoded},
	{name: "mapping", backend: Backend{Mapping: map[string]string{"a": "z"}}, reply: `{"a":1,"b":2}`, data: `{"b":2,"z":1}`, headers: decoded},
	{name: "group", backend: Backend{Group: "g"}, reply: `{"a":1}`, data: `{"g":{"a":1}}`, headers: decoded},
	{name: "target", backend: Backend{Target: "a.b"}, reply: `{"a":{"b":{"c":1}},"d":2}`, data: `{"c":1}`, headers: decoded},
	{
		name: "flatmap_filter",
		backend: Backend{Proxy: flatmap(
			map[string]any{"type": "move", "args": []any{"list.*.a", "list.*.b"}},
			map[string]any{"type": "del", "args": []any{"gone"}},
		)},
		reply: `{"list":[{"a":1},{"a":2}],"gone":true}`, data: `{"list":[{"b":1},{"b":2}]}`, headers: decoded,
	},
	{name: "is_collection", backend: Backend{IsCollection: true}, reply: `[1,{"a":2}]`, data: `{"collection":[1,{"a":2}]}`, headers: decoded},
	{name: "is_collection and group", backend: Backend{IsCollection: true, Group: "g"}, reply: `[]`, data: `{"g":{"collection":[]}}`, headers: decoded},
	{name: "is_collection of null", backend: Backend{IsCollection: true}, reply: `null`, data: `{}`, headers: decoded},
	{name: "safejson, an object", backend: Backend{Encoding: "safejson"}, reply: `{"a":1}`, data: `{"a":1}`, headers: decoded},
	{name: "safejson, a list", backend: Backend{Encoding: "safejson"}, reply: `[1]`, data: `{"collection":[1]}`, headers: decoded},
	{name: "safejson, null", backend: Backend{Encoding: "safejson"}, reply: `null`, data: `{}`, headers: decoded},
	{name: "string", backend: Backend{Encoding: "string"}, reply: `"a"`, data: `{"content":"\"a\""}`, headers: decoded},
	{name: "string, null", backend: Backend{Encoding: "string"}, reply: `null`, data: `{"content":"null"}`, headers: decoded},
	{name: "null", reply: `null`, data: `{}`, headers: decoded},
	{name: "null and group", backend: Backend{Group: "g"}, reply: `null`, data: `{"g":{}}`, headers: decoded},
	{name: "an encoding that KrakenD does not know", backend: Backend{Encoding: "yaml?"}, reply: `{"a":1}`, data: `{"a":1}`, headers: decoded},
	{name: "a configuration without a decoder", backend: Backend{Encoding: "decoder:none"}, reply: `{"a":1}`, data: `{"a":1}`, headers: decoded},
	{name: "a collection without a decoder", backend: Backend{Encoding: "decoder:none", IsCollection: true}, reply: `[1]`, data: `{"collection":[1]}`, headers: decoded},
	{name: "no-op", backend: Backend{Encoding: "no-op"}, reply: `[1, 2]`, data: `{}`, bytes: `[1, 2]`, headers: passedOn},
	{name: "no-op, null", backend: Backend{Encoding: "no-op"}, reply: `null`, data: `{}`, bytes: `null`, headers: passedOn},
	{name: "a list without is_collection", reply: `[1]`, status: 502, message: "lambda: the reply cannot be decoded"},
	{name: "a string instead of an object", reply: `"a"`, status: 502, message: "lambda: the reply cannot be decoded"},

	// Errors.
	{name: "the function's error", backend: Backend{URLPattern: "/x"}, fails: errNoOrder, status: 502, message: "lambda: the function failed"},
	{name: "the function's error, no-op", backend: Backend{Encoding: "no-op"}, fails: errNoOrder, status: 502, message: "lambda: the function failed"},
	{
		name: "the function's error as a status", backend: Backend{URLPattern: "/x"}, settings: asStatus, fails: errNoOrder,
		status: 404, message: "errorString: no order 7", level: "INFO",
	},
	{
		name: "the function's error as a status, no-op", backend: Backend{Encoding: "no-op"}, settings: asStatus, fails: errNoOrder,
		data: `{}`, bytes: `{"errorType":"errorString","errorMessage":"no order 7"}`, metadata: 404, headers: []string{"Content-Type", "X-Amzn-Requestid"},
	},
	{name: "the function's error as a 5xx", settings: asFault, fails: errNoOrder, status: 504, message: "lambda: the function failed"},
	{name: "the function's error as a 5xx, no-op", backend: Backend{Encoding: "no-op"}, settings: asFault, fails: errNoOrder, status: 504, message: "lambda: the function failed"},
	{name: "throttled", fault: fault(lambdatest.Throttle(3)), status: 429, message: "lambda: too many requests"},
	{name: "access denied", fault: fault(lambdatest.APIError(403, "AccessDeniedException", "arn:aws:iam::123456789012:user/x")), status: 502, message: "lambda: invocation failed"},
	{name: "not ready", fault: fault(lambdatest.APIError(502, "ResourceNotReadyException", "")), status: 503, message: "lambda: the function is not available"},
	{name: "cut", fault: fault(lambdatest.Cut(lambdatest.WithinBody)), reply: `{}`, status: 502, message: "lambda: invocation failed"},
	{name: "bad configuration", settings: map[string]any{"max_retries": "x"}, calls: -1, status: 500, message: "lambda: bad configuration"},
	{
		name: "concurrent_calls, GET", backend: Backend{ConcurrentCalls: 2}, request: Request{Params: map[string]string{"Id": "7"}},
		reply: `{}`, payload: `{"id":"7"}`, calls: anyNumber, data: `{}`, headers: decoded, // the first reply cancels the other call
	},

	// return_error_details shows what the operator enabled.
	{
		name: "details of the function's error", backend: Backend{HTTP: detailsAsX, Group: "g"}, fails: errNoOrder,
		data: `{"error_x":{"http_status_code":502,"http_body":"{\"errorType\":\"errorString\",\"errorMessage\":\"no order 7\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 502,
	},
	{
		name: "details of the function's error as a status", backend: Backend{HTTP: detailsAsX}, settings: asStatus, fails: errNoOrder,
		data: `{"error_x":{"http_status_code":404,"http_body":"{\"errorType\":\"errorString\",\"errorMessage\":\"no order 7\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 404,
	},
	{
		name: "details of the function's error as a 5xx", backend: Backend{HTTP: detailsAsX}, settings: asFault, fails: errNoOrder,
		data: `{"error_x":{"http_status_code":504,"http_body":"{\"errorType\":\"errorString\",\"errorMessage\":\"no order 7\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 504,
	},
	{
		name: "details of AWS's error", backend: Backend{HTTP: detailsAsX},
		fault: fault(lambdatest.APIError(403, "AccessDeniedException", "arn:aws:iam::123456789012:user/x")),
		data:  `{"error_x":{"http_status_code":502,"http_body":"{\"errorType\":\"AccessDeniedException\",\"errorMessage\":\"invocation failed\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 502,
	},
	{
		name: "details of a reply that cannot be decoded", backend: Backend{HTTP: detailsAsX}, reply: `[]`,
		data: `{"error_x":{"http_status_code":502,"http_body":"{\"errorType\":\"UndecodableReply\",\"errorMessage\":\"the reply cannot be decoded\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 502,
	},
	{
		name: "details of a bad configuration", backend: Backend{HTTP: detailsAsX}, settings: map[string]any{"max_retries": "x"}, calls: -1,
		data: `{"error_x":{"http_status_code":500,"http_body":"{\"errorType\":\"InvalidConfiguration\",\"errorMessage\":\"bad configuration\"}","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 500,
	},
	{name: "details and success", backend: Backend{HTTP: detailsAsX}, reply: `{"a":1}`, data: `{"a":1}`, headers: decoded},
	{
		name: "no-op has no details", backend: Backend{HTTP: detailsAsX, Encoding: "no-op"}, fails: errNoOrder,
		status: 502, message: "lambda: the function failed",
	},

	// Replies that are HTTP responses.
	{
		name: "proxy, no-op", backend: Backend{Encoding: "no-op"}, settings: proxied,
		reply: `{"statusCode":418,"headers":{"content-type":"image/png","x-tea":"oolong","connection":"x"},"body":"iVBORw==","isBase64Encoded":true}`,
		data:  `{}`, bytes: "\x89PNG", metadata: 418, headers: []string{"Content-Type", "X-Amz-Executed-Version", "X-Amzn-Requestid", "X-Tea"},
	},
	{
		name: "proxy, a decoded body", backend: Backend{Group: "g"}, settings: proxied,
		reply: `{"statusCode":201,"headers":{"content-type":"application/json","x-tea":"oolong"},"body":"{\"a\":12345678901234567890}"}`,
		data:  `{"g":{"a":12345678901234567890}}`, metadata: 201, headers: decoded,
	},
	{
		name: "proxy, a list", backend: Backend{IsCollection: true}, settings: proxied,
		reply: `{"statusCode":200,"body":"WzFd","isBase64Encoded":true}`, data: `{"collection":[1]}`, headers: decoded,
	},
	{name: "proxy, no body", settings: proxied, reply: `{"statusCode":200}`, data: `{}`, headers: decoded},
	{name: "proxy, data", settings: proxied, reply: `{"a":1}`, data: `{"a":1}`, headers: decoded},
	{name: "proxy, data in 1.0", settings: map[string]any{"payload_format": "1.0"}, reply: `{"a":1}`, status: 502, message: "lambda: the reply cannot be decoded"},
	{name: "proxy, not an HTTP response", settings: proxied, reply: `{"statusCode":"x"}`, status: 502, message: "lambda: the reply cannot be decoded"},
	{name: "proxy, the function's error", settings: proxied, fails: errNoOrder, status: 502, message: "lambda: the function failed"},
	{
		name: "proxy, a status with details", backend: Backend{HTTP: detailsAsX}, settings: proxied,
		reply: `{"statusCode":404,"headers":{"content-type":"application/json"},"body":"no \"tea\""}`,
		data:  `{"error_x":{"http_status_code":404,"http_body":"no \"tea\"","http_body_encoding":"application/json"}}`, incomplete: true, metadata: 404,
	},

	// Invocations without a reply.
	{name: "an asynchronous invocation", settings: map[string]any{"invocation_type": "Event"}, reply: `{"a":1}`, data: `{}`, metadata: 202, headers: []string{"X-Amzn-Requestid"}},
	{
		name: "an asynchronous invocation, no-op", backend: Backend{Encoding: "no-op"}, settings: map[string]any{"invocation_type": "Event"},
		reply: `{"a":1}`, data: `{}`, metadata: 202, headers: []string{"X-Amzn-Requestid"},
	},
	{name: "a dry run", settings: map[string]any{"invocation_type": "DryRun"}, reply: `{"a":1}`, data: `{}`, metadata: 204, headers: []string{"X-Amzn-Requestid"}},
}

var (
	asStatus = map[string]any{"function_error_status": map[string]any{"error*": 404.0}}
	asFault  = map[string]any{"function_error_status": map[string]any{"*": 504.0}}
)

var proxied = map[string]any{"response_format": "proxy"}
