//go:build integration

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// An adapterException is a known difference between an application behind the gateway and the same
// application on its own server. It changes the expected answer, so that the test still compares
// all of it. The test fails if the exception makes no difference.
type adapterException struct {
	// of is the cause: a package with its version as in package.json, a format, or a generation of
	// KrakenD.
	of, reason string
	// adapters, formats and gateways limit the exception. Nil means all.
	adapters, formats, gateways []string
	cases                       []string

	// request changes the request to the application's own server, and response changes its answer
	// into the expected one. Nil changes nothing.
	request  func(*answertest.Request)
	response func(*answertest.Response)
}

// adapterExceptionsOf returns the exceptions that apply to a case.
func adapterExceptionsOf(c adapterCase, a adapter, f eventFormat, g gateway) (known []*adapterException) {
	for i := range adapterExceptions {
		e := &adapterExceptions[i]
		if slices.Contains(e.cases, c.name) &&
			(e.adapters == nil || slices.Contains(e.adapters, a.name)) &&
			(e.formats == nil || slices.Contains(e.formats, f.name)) &&
			(e.gateways == nil || slices.Contains(e.gateways, g.Name)) {
			known = append(known, e)
		}
	}
	return known
}

var adapterExceptions = []adapterException{
	// Caused by the formats and KrakenD.
	{
		of: "format 2.0", reason: "a reply has one value for each header, so adapters join them",
		adapters: []string{"serverless-express", "h4ad", "h4ad-stream", "fastify", "fastify-stream"},
		formats:  []string{"2.0"},
		cases:    []string{"repeated headers in the answer"},
		response: joiningHeaders("Link", "Vary"),
	},
	{
		of: "API Gateway", reason: "it serves only HTTPS, so adapters treat every request as one over TLS, unless X-Forwarded-Proto says otherwise",
		adapters: []string{"serverless-express", "h4ad", "h4ad-stream", "hono", "hono-stream", "powertools", "powertools-stream", "middy"},
		formats:  []string{"2.0", "1.0"},
		cases:    []string{"URL"},
		response: answertest.Replace("http://", "https://"),
	},
	{
		of: "@hono/node-server@2.1.9", reason: "it does not read X-Forwarded-Proto, so the application on its own server is wrong about TLS",
		adapters: []string{"hono", "hono-stream", "powertools", "powertools-stream", "middy"},
		cases:    []string{"URL behind TLS"},
		response: answertest.Replace("http://", "https://"),
	},
	{
		of: "KrakenD 1.0 to 1.3", reason: "they do not tell a backend the name that the client called",
		gateways: []string{"1"},
		cases:    []string{"URL behind TLS"},
		response: answertest.Replace(answertest.Host, "localhost"),
	},
	{
		of: "alb", reason: "without multi_value_headers only the last value of a parameter counts",
		formats: []string{"alb"},
		cases:   []string{"query with repeated names"},
		request: answertest.SetTarget("/search?tag=green&a=1"),
	},
	{
		of: "alb", reason: "the same",
		formats: []string{"alb"},
		cases:   []string{"query with commas and a repeated name"},
		request: answertest.SetTarget("/search?a=3"),
	},
	{
		of: "alb", reason: "without multi_value_headers only the last value of a header counts",
		formats: []string{"alb"},
		cases:   []string{"repeated headers", "headers, one value a part of the other"},
		request: answertest.SetHeader("X-Tea", "earl-grey"),
	},
	{
		of: "alb", reason: "without multi_value_headers a reply has one value for each header, and adapters keep only the first cookie",
		adapters: []string{"serverless-express", "hono", "middy"},
		formats:  []string{"alb"},
		cases:    []string{"cookies set", "cookies set, with a date"},
		response: keepingFirst("Set-Cookie"),
	},

	// @codegenie/serverless-express.
	{
		of: "@codegenie/serverless-express@4.17.1", reason: "it keeps only the first of several values and does not join them, also for headers that are lists",
		adapters: []string{"serverless-express"},
		formats:  []string{"alb"},
		cases:    []string{"repeated headers in the answer"},
		response: keepingFirst("Link", "Vary"),
	},

	// @fastify/aws-lambda.
	{
		of: "@fastify/aws-lambda@6.4.1", reason: "it splits the values of parameters at their commas, although rawQueryString shows the difference between a comma and a repeated parameter (parseCommaSeparatedQueryParams: false turns that off)",
		adapters: []string{"fastify", "fastify-stream"},
		formats:  []string{"2.0"},
		cases:    []string{"query with a comma"},
		request:  answertest.SetTarget("/search?a=1&a=2&b=%2C"),
	},
	{
		of: "@fastify/aws-lambda@6.4.1", reason: "the same",
		adapters: []string{"fastify", "fastify-stream"},
		formats:  []string{"2.0"},
		cases:    []string{"query with commas and a repeated name"},
		request:  answertest.SetTarget("/search?a=1&a=2&a=3"),
	},
	{
		of: "@fastify/aws-lambda@6.4.1", reason: "in 1.0 it also joins the values of headers other than Set-Cookie, although multiValueHeaders could keep them apart",
		adapters: []string{"fastify", "fastify-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers in the answer"},
		response: joiningHeaders("Link", "Vary"),
	},
	{
		of: "@fastify/aws-lambda@6.4.1", reason: "for load balancers it also joins the values of headers other than Set-Cookie, even with albMultiValueHeaders",
		adapters: []string{"fastify", "fastify-multi"},
		formats:  []string{"alb", "alb-multi"},
		cases:    []string{"repeated headers in the answer"},
		response: joiningHeaders("Link", "Vary"),
	},
	{
		of: "@fastify/aws-lambda@6.4.1", reason: "it puts a list of cookies, even a list of one, only into multiValueHeaders, which do not count without multi_value_headers",
		adapters: []string{"fastify"},
		formats:  []string{"alb"},
		cases:    []string{"cookies set", "cookie set", "cookies set, with a date", "cookie removed"},
		response: settingHeader("Set-Cookie"),
	},

	// @h4ad/serverless-adapter.
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "lowercaseRequestHeaders changes the names in headers, but not those in multiValueHeaders, so a repeated header is there twice",
		adapters: []string{"h4ad", "h4ad-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers"},
		response: answertest.Replace(`["assam","earl-grey"]`, `["earl-grey","assam","earl-grey"]`),
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "the same",
		adapters: []string{"h4ad", "h4ad-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"headers, one value a part of the other"},
		response: answertest.Replace(`["earl","earl-grey"]`, `["earl-grey","earl","earl-grey"]`),
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "a stream's metadata has joined headers, also in 1.0",
		adapters: []string{"h4ad-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers in the answer"},
		response: joiningHeaders("Link", "Vary"),
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "it encodes parameters that load balancers leave encoded, so they are encoded twice and the application decodes them once",
		adapters: []string{"h4ad"},
		formats:  []string{"alb", "alb-multi"},
		cases:    encodedQueries,
		request:  encodingQueryTwice,
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "the same",
		adapters: []string{"h4ad"},
		formats:  []string{"alb-multi"},
		cases:    []string{"query with commas and a repeated name"},
		request:  encodingQueryTwice,
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "without multi_value_headers it joins all headers, also cookies",
		adapters: []string{"h4ad"},
		formats:  []string{"alb"},
		cases:    []string{"cookies set", "cookies set, with a date"},
		response: joiningHeaders("Set-Cookie"),
	},
	{
		of: "@h4ad/serverless-adapter@4.4.0", reason: "the same",
		adapters: []string{"h4ad"},
		formats:  []string{"alb"},
		cases:    []string{"repeated headers in the answer"},
		response: joiningHeaders("Link", "Vary"),
	},

	// Hono.
	{
		of: "hono@4.13.19", reason: "it treats every request as one over TLS and ignores X-Forwarded-Proto, which load balancers always send",
		adapters: []string{"hono"},
		formats:  []string{"alb", "alb-multi"},
		cases:    []string{"URL"},
		response: answertest.Replace("http://", "https://"),
	},
	{
		of: "hono@4.13.19", reason: "it joins the values of every header with a semicolon, which is right for Cookie only",
		adapters: []string{"hono"},
		formats:  []string{"alb-multi"},
		cases:    []string{"repeated headers"},
		response: answertest.Replace(`["assam","earl-grey"]`, `["assam; earl-grey"]`),
	},
	{
		of: "hono@4.13.19", reason: "the same",
		adapters: []string{"hono"},
		formats:  []string{"alb-multi"},
		cases:    []string{"headers, one value a part of the other"},
		response: answertest.Replace(`["earl","earl-grey"]`, `["earl; earl-grey"]`),
	},
	{
		of: "hono@4.13.19", reason: "streamHandle writes nothing for a body that is empty but not null, and AWS's runtime sends the metadata with the status at the first write",
		adapters: []string{"hono-stream"},
		cases:    emptyBodies,
		response: answertest.Become(http.StatusBadGateway, "", ""),
	},

	// Powertools.
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "streamify writes nothing for a body that is empty but not null, and AWS's runtime sends the metadata with the status at the first write",
		adapters: []string{"powertools-stream"},
		cases:    emptyBodies,
		response: answertest.Become(http.StatusBadGateway, "", ""),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "a Response without a content type gets text/plain",
		adapters: []string{"powertools"},
		cases: []string{
			"no credentials", "wrong credentials", "cookies set", "cookie set", "cookies set, with a date", "cookie removed", "204",
			"moved permanently", "found", "see other", "temporary redirect", "permanent redirect",
		},
		response: settingHeader("Content-Type", "text/plain; charset=UTF-8"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it keeps only the last of several cookies of a Response",
		adapters: []string{"powertools", "powertools-stream"},
		cases:    []string{"cookies set", "cookies set, with a date"},
		response: func(r *answertest.Response) {
			set := r.Header["Set-Cookie"]
			r.Header["Set-Cookie"] = set[len(set)-1:]
		},
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it splits cookies at commas, and every Expires has a comma",
		adapters: []string{"powertools"},
		formats:  []string{"2.0", "1.0"},
		cases:    []string{"cookie removed"},
		response: settingHeader("Set-Cookie", "basket=; Path=/; Expires=Thu", "01 Jan 1970 00:00:00 GMT"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "the same, and streamify drops what has several values in 1.0",
		adapters: []string{"powertools-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"cookie removed"},
		response: settingHeader("Set-Cookie"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "the same, and it puts headers with several values into multiValueHeaders, which do not count without multi_value_headers",
		adapters: []string{"powertools"},
		formats:  []string{"alb"},
		cases:    []string{"cookie removed"},
		response: settingHeader("Set-Cookie"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "the same for Vary, which it splits",
		adapters: []string{"powertools"},
		formats:  []string{"alb"},
		cases:    []string{"repeated headers in the answer"},
		response: settingHeader("Vary"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it encodes parameters that load balancers leave encoded, so they are encoded twice and the application decodes them once",
		adapters: []string{"powertools"},
		formats:  []string{"alb"},
		cases:    encodedQueries,
		request:  encodingQueryTwice,
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it splits Vary in 1.0",
		adapters: []string{"powertools"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers in the answer"},
		response: settingHeader("Vary", "Accept", "Cookie"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "the same, and streamify drops what has several values in 1.0",
		adapters: []string{"powertools-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers in the answer"},
		response: settingHeader("Vary"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "in 1.0 the last value of a repeated header becomes the first",
		adapters: []string{"powertools", "powertools-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"repeated headers"},
		response: answertest.Replace(`["assam","earl-grey"]`, `["earl-grey","assam"]`),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "in 1.0 it drops a value of a header that is a part of another value",
		adapters: []string{"powertools", "powertools-stream"},
		formats:  []string{"1.0"},
		cases:    []string{"headers, one value a part of the other"},
		response: answertest.Replace(`["earl","earl-grey"]`, `["earl-grey"]`),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it turns every body into text, so a request without a content type gets one",
		adapters: []string{"powertools", "powertools-stream"},
		cases:    []string{"body without a type"},
		response: settingHeader("Content-Type", "text/plain;charset=UTF-8"),
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it turns every body into text, also base64: bytes that are not UTF-8 become U+FFFD",
		adapters: []string{"powertools", "powertools-stream"},
		cases:    []string{"bytes of every value", "bytes as an image", "bytes of 100 KB"},
		response: losingBytes,
	},
	{
		of: "@aws-lambda-powertools/event-handler@2.35.0", reason: "it turns the body of a Response into text, unless it is compressed or its type is an image, audio or video",
		adapters: []string{"powertools"},
		cases:    []string{"bytes"},
		response: losingBytes,
	},

	// middy.
	{
		of: "@middy/http-router@6.4.5", reason: "it takes its parameters from the path and does not decode them; APIs have decoded ones in pathParameters, load balancers do not",
		adapters: []string{"middy"},
		formats:  []string{"alb"},
		cases: []string{
			"label with a space", "label in Unicode", "label with an emoji", "label with reserved characters", "label with quotes and brackets", "two placeholders",
		},
		request: encodingPathTwice,
	},
	{
		of: "@middy/http-json-body-parser@6.4.5", reason: "it answers JSON that does not parse with 415 (Hono's own parser throws a SyntaxError)",
		adapters: []string{"middy"},
		cases:    []string{"broken JSON"},
		response: answertest.Become(http.StatusUnsupportedMediaType, jsonType, `{"error":"UnsupportedMediaTypeError"}`),
	},
}

// emptyBodies are the cases whose answers have a body of no bytes.
var emptyBodies = []string{"empty body", "200 without a body", "404 without a body", "503"}

// encodedQueries are the cases whose query strings contain more than letters and digits.
var encodedQueries = []string{
	"query with a space and a plus", "query with an escaped ampersand", "query in Unicode", "query with a comma", "query with an address",
	"query with an escaped escape", "query with markup and brackets", "400", "418", "451 in Unicode",
}

// encodingQueryTwice encodes the query string of the event again.
func encodingQueryTwice(r *answertest.Request) {
	path, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query)
	query = strings.ReplaceAll(values.Encode(), "+", "%20")
	r.Target = path + "?" + strings.ReplaceAll(query, "%", "%25")
}

// encodingPathTwice encodes the path of the event again.
func encodingPathTwice(r *answertest.Request) {
	path, _ := url.PathUnescape(r.Target)
	r.Target = strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), "%", "%25")
}

func settingHeader(name string, values ...string) func(*answertest.Response) {
	return func(r *answertest.Response) {
		r.Header.Del(name)
		if len(values) > 0 {
			r.Header[name] = values
		}
	}
}

func keepingFirst(names ...string) func(*answertest.Response) {
	return func(r *answertest.Response) {
		for _, name := range names {
			r.Header[name] = r.Header[name][:1]
		}
	}
}

func joiningHeaders(names ...string) func(*answertest.Response) {
	return func(r *answertest.Response) {
		for _, name := range names {
			r.Header.Set(name, strings.Join(r.Header[name], ","))
		}
	}
}

// losingBytes replaces every byte that is not UTF-8 by U+FFFD.
func losingBytes(r *answertest.Response) { r.Body = []byte(string([]rune(string(r.Body)))) }
