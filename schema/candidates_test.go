package schema

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// candidates are values of a key: good ones, and bad ones that look similar. Rules between keys may
// still refuse a good one.
type candidates struct{ good, bad list }

func number(literal string) json.Number { return json.Number(literal) }

// roleOf returns the ARN of a role with n characters.
func roleOf(n int) string {
	const arn = "arn:aws:iam::123456789012:role/"
	return arn + strings.Repeat("~", n-len(arn))
}

// targetGroup is the ARN of a load balancer's target group.
const targetGroup = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/tea-shop/73e2d6bc24d8a067"

// lists returns one list for each element.
func lists(elements list) (all list) {
	for _, e := range elements {
		all = append(all, list{e})
	}
	return all
}

var (
	booleans = candidates{good: list{true, false}, bad: list{"true", "", number("0")}}

	functions = candidates{
		good: list{
			"f", "lambda-function", "F_1-2", "f:live", "f:$LATEST", "f:$LATEST.PUBLISHED", "f:7", "us-east-1", "123456789012", "function", "us-east-1-f:live", "1234567890123:f", "12345678901:f", "functions:f", "usa1e-x-1:f", "US-EAST-1:f",
			strings.Repeat("f", 64), strings.Repeat("f", 64) + ":" + strings.Repeat("q", 128),
			"123456789012:function:f", "123456789012:function:f:live", "123456789012:function:123456789012:f",
			"arn:aws:lambda:us-west-2:123456789012:function:f", "arn:aws:lambda:eu-west-1:123456789012:function:f:7", "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "arn:awsx:lambda:r:123456789012:function:f:$LATEST", "123456789012:function:f:$LATEST.PUBLISHED", "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST.PUBLISHED",
		},
		bad: list{
			"", "f:", ":f", "f:a:b", "f:a.b", "f:$LATEST.", "f:$LATEST.1", "f:a$b", "f:$latest", "a b", "f\n", "\nf", "f.g", "ƒ", "{lambda}", "../f", strings.Repeat("f", 65), "f:" + strings.Repeat("q", 129),
			"123456789012:f", "us-east-1:f", "us-gov-east-1:f", "ap-southeast-2:$LATEST", "function:f", "function:function:f", "12345678901:function:f", "1234567890123:function:f", "123456789012:function:", "123456789012:function:f:", "123456789012:functions:f",
			"arn:aws:s3:us-west-2:123456789012:function:f", "arn:aws:lambda:us-west-2:123456789012:function:f:1:2", "arn:aws:lambda::123456789012:function:f", "arn:aws:lambda:us--west:123456789012:function:f", "arn:aws:lambda:-us:123456789012:function:f", "arn:AWS:lambda:us-west-2:123456789012:function:f", "arn:aws:lambda:us-west-2:123456789012:f", "ARN:aws:lambda:us-west-2:123456789012:function:f", "arn:aws:lambda:us-west-2:12345678901x:function:f", "arn:",
		},
	}

	patterns = candidates{
		good: list{
			"*", "f", "Order-*", "*-prod", "a*b*c", "***", strings.Repeat("x", 64), strings.Repeat("x", 64) + "*", "123456789012:function:*", "*:function:*", "1*2:function:f", "*12:function:*f",
			"arn:aws:lambda:us-west-2:123456789012:function:f", "arn:*:lambda:*:*:function:*", "arn:aws-*:lambda:us-*-2:1*:function:*", "arn:aw*:lambda:-:123456789012:function:f", "arn:*x-:lambda:*:123456789012:function:f",
		},
		bad: list{
			"", ":", "f:live", "f:*", "f?", "[f]", "a b", "*\n", strings.Repeat("x", 65), "12345:function:f", "1234567890123:function:f", "x*:function:f", "*:functions:*", "*:function:", "*:function:f:1",
			"arn:foo:lambda:*:*:function:*", "arn:aws:s3:*:*:function:*", "arn:aws:lambda::*:function:*", "arn:aws:lambda:US:*:function:*", "arn:aws:lambda:*:*:*", "arn:*", "arn:A*:lambda:*:*:function:*", "*:aws:lambda:*:*:function:*",
		},
	}

	mediaTypes = candidates{
		good: list{"image/png", "image/*", "*/*", "Image/SVG+xml", "application/vnd.a.b-c_d+json", "!#$&^_.+-/!#$&^_.+-"},
		bad:  list{"", "image", "image/", "/png", "*/png", "*", "image/png; q=1", "image/png ", "image/png/x", "image/p*", "**/*", "image/png\n", "image/\u212a", "\u0130mage/png", "ü/ü"},
	}

	values = map[string]candidates{
		"function_name":       functions,
		"function_param_name": {good: list{"Lambda", "canary", "a b", "ü", "\x00", strings.Repeat("P", 1000)}, bad: list{""}},
		"function_name_case":  {good: list{"capitalized", "verbatim"}, bad: list{"", "Verbatim", "verbatim ", "upper"}},
		"region": {
			good: list{"us-west-2", "eu-west-1", "cn-north-1", "r", "1", "US-west-2", "a--b", strings.Repeat("r", 63)},
			bad:  list{"", "-", "us-", "-us", "us west", "us_west_2", "x.example.com/", "us-west-2\n", "ü", strings.Repeat("r", 64)},
		},
		"endpoint": {
			good: list{
				"http://localhost:4566", "https://lambda.us-west-2.amazonaws.com", "HTTP://a", "hTTps://a.b.", "http://my_stack", "http://1a", "http://1.2.3.a", "http://-", "http://127.0.0.1", "http://255.255.255.255:65535", "http://a:1", "http://a:9999", "http://a:10000", "http://a:59999", "http://a:64999", "http://a:65499", "http://a:65529",
				"http://[::]", "http://[::1]:80/a", "http://[1::]", "http://[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7::]", "http://[::2:3:4:5:6:7:8]", "http://[2001:DB8::abcd:1]", "http://[1:2::5:6:7:8]",
				"http://a/", "http://a/b/c", "http://a//", "http://a/%20%C3%bc", "http://a/@b:c", "http://a/~!$&'()*+,;=._-",
			},
			bad: list{
				"", "localhost:4566", "http:", "http://", "http:///", "http:a", "http:/a", "//a", "ftp://a", "httpss://a", " http://a", "http://a ", "http://a\n", "http://:80", "http://a:", "http://a:0", "http://a:01", "http://a:65536", "http://a:70000", "http://a:100000", "http://a:b", "http://a:-1",
				"http://u@a", "http://u:p@a", "http://a?", "http://a?b=c", "http://a#", "http://a/#b", "http://a/?", "http://a b", "http://a/b c", "http://a/%", "http://a/%2", "http://a/%zz", "http://a/{b}", "http://a/ü", "http://a/\"", "http://a/[b]", "http://ü", "http://a..b", "http://.a", "http://a!", "http://%61", `http:\\a`,
				"http://256.0.0.1", "http://1.2.3", "http://1.2.3.4.5", "http://1.2.3.04", "http://1", "http://1.2.3.4.", "http://[]", "http://[1]", "http://[:]", "http://[:::]", "http://[1::2::3]", "http://[1:2:3:4:5:6:7]", "http://[1:2:3:4:5:6:7:8:9]", "http://[1:2:3:4::5:6:7:8]", "http://[::12345]", "http://[::g]", "http://[::1%25eth0]", "http://[::ffff:1.2.3.4]", "http://[::1", "http://::1", "http://[::1]a", "http://[127.0.0.1]",
			},
		},
		"max_retries": {
			good: list{number("-1"), number("0"), number("1"), number("3.0"), number("1e2"), number("100e-2"), number("-0"), number("-0.0"), number("2147483647"), number("2.147483647e9")},
			bad:  list{number("-2"), number("0.5"), number("-0.5"), number("2147483648"), number("-2147483649"), number("9007199254740993"), number("1e300"), number("-1e300"), "1", "-1"},
		},
		"max_reply_bytes": {
			good: list{number("1"), number("1024"), number("6291556"), number("6291556.0"), number("6.291556e6")},
			bad:  list{number("0"), number("-1"), number("1.5"), number("2147483648"), number("1e300"), "1048576", "1MB"},
		},
		"function_error_status": {
			good: list{object{"ValidationError": number("422")}, object{"*": number("400"), "*NotFound": number("599"), "a b:ü": number("4.04e2")}, object{"@": number("404"), "_x": number("404.0"), "#": number("404")}},
			bad:  list{object{}, list{}, "422", number("422"), object{"": number("404")}, object{"a": number("399")}, object{"a": number("600")}, object{"a": "404"}, object{"a": nil}, object{"a": number("404.5")}, object{"@comment": "for clients"}, object{"a": number("404"), "b": true}},
		},
		"allowed_functions": {
			good: append(lists(patterns.good), patterns.good),
			bad:  append(lists(patterns.bad), list{}, "f", list{"f", nil}, list{"f", number("1")}, list{list{"f"}}),
		},
		"retry_function_errors": booleans,
		"stream":                booleans,
		"client_context":        booleans,
		"log_tail":              booleans,
		"profile":               {good: list{"shop", " ", "ü", "default"}, bad: list{""}},
		"qualifier": {
			good: list{"live", "7", "$LATEST", "$LATEST.PUBLISHED", "a_b-c", strings.Repeat("q", 128)},
			bad:  list{"", "live!", "a.b", "$LATEST.", "$LATEST.published", "$LATEST.PUBLISHED.1", "LATEST.PUBLISHED", "$", "a$", "a:b", "a b", "live\n", "ü", strings.Repeat("q", 129)},
		},
		"tenant_id": {
			good: list{"blue", "a b", "aZ09._:/=+@-", strings.Repeat("t", 256), "{id}", "{JWT.tenant}", "{resp0_id}", "a{b} {c}d", "{input_headers.X-Tenant}", "{input_headers.!#$%&'*+.^_`|~-}", "{input_query_strings.a b,ü\n}", "{input_query_strings}", "{input_headers}", "{inputs.a:b/c-d}", "{_}", strings.Repeat("t", 257) + "{id}"},
			bad:  list{"", " ", " a", "a ", "{id} ", " {id}", "ü{id}", "a,b", "a\n", "a\nb", "\u00a0", strings.Repeat("t", 257), "{", "}", "{}", "{a", "a}", "{a}}", "{{a}", "{a b}", "{.a}", "{input_headers.}", "{input_headers.a/b}", "{input_headers.a b}", "{input_headers.a:}", "{input_query_strings.}", "{ü}", "{a\n}"},
		},
		"durable_execution_name": {
			good: list{"{input_headers.Idempotency-Key}", "{JWT.sub}:{input_headers.Idempotency-Key}", "ü\n {id}", "{id}" + strings.Repeat("x", 300), "{input_query_strings.key}"},
			bad:  list{"", "x", "{", "{}", "x{}", "{a}{", "}{a}", "{a}}", "{input_headers.}", "{a}{input_headers.a/b}", "{input_query_strings.}{a}"},
		},
		"invocation_type": {good: list{"RequestResponse", "Event", "DryRun"}, bad: list{"", "event", "Event ", "Request"}},
		"payload_format":  {good: list{"simple", "1.0", "2.0", "alb"}, bad: list{"", "v2", "ALB", "2", "1.0.0", number("2.0"), number("1")}},
		"response_format": {good: list{"plain", "proxy"}, bad: list{"", "Proxy", "http"}},
	}

	roleValues = map[string]candidates{
		"role_arn": {
			good: list{"arn:aws:iam::123456789012:role/x", "arn:aws-cn:iam::123456789012:role/a/b", roleOf(2048), "arn:aws:iam::123456789012:role/!"},
			bad:  list{"", "x", "arn:aws:iam::123456789012:role/", "arn:aws:iam::12345678901:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam:us-west-2:123456789012:role/x", "arn:aws:iam::123456789012:role/a b", "arn:aws:iam::123456789012:role/ü", "arn:aws:sts::123456789012:role/x", "arn:aws:iam::123456789012:role/x\n", roleOf(2049)},
		},
		"external_id": {
			good: list{"ab", "tea-shop", "a_+=,.@:/-Z9", strings.Repeat("x", 1000), strings.Repeat("x", 1001), strings.Repeat("x", 1224)},
			bad:  list{"", "a", "a b", "ab\n", "ü1", "a#b", strings.Repeat("x", 1225), number("12345678")},
		},
		"session_name": {
			good: list{"ab", "krakend-lambda", "a_+=,.@-Z9", strings.Repeat("s", 64)},
			bad:  list{"", "a", "a b", "a:b", "a/b", "ab\n", strings.Repeat("s", 65)},
		},
	}

	eventValues = map[string]candidates{
		"account_id": {good: list{"123456789012", "000000000000"}, bad: list{"", "12345678901", "1234567890123", "12345678901x", "123456789012\n", "１23456789012", number("123456789012")}},
		"api_id":     {good: list{"a1b2c3d4e5", "A_b-1", strings.Repeat("a", 128)}, bad: list{"", "a b", "a.b", "a\n", "ü", strings.Repeat("a", 129)}},
		"stage":      {good: list{"$default", "prod", "v1_2-a", strings.Repeat("s", 128)}, bad: list{"", "$", "$prod", "default$", "$default ", "a/b", "a.b", "prod\n", "ü", strings.Repeat("s", 129)}},
		"stage_variables": {
			good: list{object{}, object{"a": "b"}, object{"": "", "@": "ü", "a b": "\n"}},
			bad:  list{list{}, "a", object{"a": nil}, object{"a": "b", "c": number("1")}, object{"@": true}},
		},
		"binary_media_types": {
			good: append(lists(mediaTypes.good), mediaTypes.good, list{}),
			bad:  append(lists(mediaTypes.bad), "*/*", list{"image/png", nil}, list{number("1")}, list{list{"*/*"}}),
		},
		"forwarded_proto":     {good: list{"http", "https"}, bad: list{"", "HTTPS", "https ", "httpss", "ws", "https://"}},
		"forwarded_port":      {good: list{number("1"), number("443"), number("8443.0"), number("65535"), number("6.5535e4")}, bad: list{number("0"), number("-1"), number("65536"), number("80.5"), number("1e300"), "443"}},
		"cookie_header":       booleans,
		"multi_value_headers": booleans,
		"target_group_arn": {
			good: list{targetGroup, "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/a/1", "arn:aws:elasticloadbalancing:-:123456789012:targetgroup/" + strings.Repeat("t", 32) + "/A1"},
			bad:  list{"", "tea-shop", targetGroup + "/", targetGroup + "\n", strings.Replace(targetGroup, ":targetgroup/", ":loadbalancer/app/", 1), strings.Replace(targetGroup, "us-west-2", "", 1), strings.Replace(targetGroup, "123456789012", "1234", 1), strings.Replace(targetGroup, "aws", "AWS", 1), strings.Replace(targetGroup, "tea-shop", "tea_shop", 1), strings.Replace(targetGroup, "tea-shop", strings.Repeat("t", 33), 1)},
		},
	}

	sortedKeys      = slices.Sorted(maps.Keys(values))
	sortedRoleKeys  = slices.Sorted(maps.Keys(roleValues))
	sortedEventKeys = slices.Sorted(maps.Keys(eventValues))

	// anything has values that are wrong for most keys.
	anything = list{nil, true, number("1"), number("-1.5"), "", "f", list{}, list{"f"}, list{nil}, object{}, object{"a": number("1")}, list{list{}}, object{"role_arn": nil}}

	comments = []string{"@", "@comment", "$schema", "_", "_x", "#", "#:", "@function_name"}
	unknown  = []string{"", " ", "x", "max_retry", "Region", "function-name", "region ", "é", "%", "!", "-", "\x00", " @", "role_arn", "host"}
)

// A generator makes settings from candidates, changed candidates and other JSON.
type generator struct{ *rand.Rand }

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

// one returns true in one of n cases.
func (g generator) one(n int) bool { return g.IntN(n) == 0 }

func (g generator) settings() any {
	if g.one(500) {
		return pick(g, anything)
	}
	m := object{}
	switch {
	case g.one(40): // neither
	case g.one(40):
		m["function_name"], m["function_param_name"] = g.value(values["function_name"]), g.value(values["function_param_name"])
	case g.one(2):
		m["function_name"] = g.value(values["function_name"])
	default:
		m["function_param_name"] = g.value(values["function_param_name"])
	}
	for _, key := range sortedKeys {
		if key != "function_name" && key != "function_param_name" && g.one(5) {
			m[key] = g.value(values[key])
		}
	}
	if g.one(5) {
		m["assume_role"] = g.role()
	}
	if g.one(5) {
		m["event"] = g.event()
	}
	g.more(m)
	return m
}

func (g generator) role() any {
	if g.one(20) {
		return pick(g, anything)
	}
	m := object{}
	for _, key := range sortedRoleKeys {
		if key == "role_arn" && !g.one(20) || g.one(2) {
			m[key] = g.value(roleValues[key])
		}
	}
	g.more(m)
	return m
}

func (g generator) event() any {
	if g.one(20) {
		return pick(g, anything)
	}
	m := object{}
	for _, key := range sortedEventKeys {
		if g.one(4) {
			m[key] = g.value(eventValues[key])
		}
	}
	g.more(m)
	return m
}

// more adds comments and unknown keys, sometimes.
func (g generator) more(m object) {
	if g.one(10) {
		m[pick(g, comments)] = pick(g, anything)
	}
	if g.one(40) {
		m[pick(g, unknown)] = pick(g, anything)
	}
}

func (g generator) value(c candidates) any {
	switch n := g.IntN(100); {
	case n < 84:
		return pick(g, c.good)
	case n < 91:
		return pick(g, c.bad)
	case n < 98:
		return g.changed(pick(g, c.good))
	default:
		return pick(g, anything)
	}
}

// changed returns v with one character or element changed, if it has any.
func (g generator) changed(v any) any {
	switch v := v.(type) {
	case string:
		return string(change(g, []rune(v), []rune(":/.-_*$%[]{}@?#+=, 019azAZü\n")))
	case list:
		if len(v) > 0 && g.one(2) {
			i := g.IntN(len(v))
			v = slices.Clone(v)
			v[i] = g.changed(v[i])
			return v
		}
		return change(g, v, anything)
	default:
		return v
	}
}

// change deletes, inserts, replaces or repeats an element.
func change[T any](g generator, of, others []T) []T {
	i := g.IntN(len(of) + 1)
	other := pick(g, others)
	if i == len(of) {
		return append(slices.Clone(of), other)
	}
	switch g.IntN(4) {
	case 0:
		return slices.Delete(slices.Clone(of), i, i+1)
	case 1:
		return slices.Insert(slices.Clone(of), i, other)
	case 2:
		return slices.Replace(slices.Clone(of), i, i+1, other)
	default:
		return slices.Insert(slices.Clone(of), i, of[i])
	}
}
