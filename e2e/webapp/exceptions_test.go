package webapp

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// added are the headers that a gateway adds. The shop does not send them.
var added = map[string]string{
	"X-Krakend":              "KrakenD says in every answer that it is KrakenD",
	"X-Krakend-Completed":    "KrakenD says in every answer whether it is complete; with no-op that is always false",
	"X-Amz-Executed-Version": "the version of the function, from Lambda",
	"X-Amzn-Requestid":       "the ID of the invocation, from Lambda",
}

// own are the headers that differ for each server.
var own = map[string]string{
	"Date":           "each server has a clock",
	"Content-Length": "each server decides whether to send the length or chunks; the client compares a length with the body",
}

// An exception is a known difference between a gateway's answer and the shop's own answer. It changes
// the expected answer, so that the test still compares all of it. The test fails if the exception
// makes no difference.
type exception struct {
	reason string
	cases  []string
	// gateways and formats limit the exception. Nil means all.
	gateways, formats []string

	// uncalled: KrakenD answers without a call of the function.
	uncalled bool
	// request changes the request to the shop without a gateway, and response changes its answer into
	// the expected one. Nil changes nothing.
	request  func(*answertest.Request)
	response func(*answertest.Response)
}

// ownUserAgent returns the exception of a gateway for requests without a User-Agent. The version is that
// of KrakenD's framework.
func ownUserAgent(gateway, version string) exception {
	return exception{
		reason:   "KrakenD sends its own User-Agent if the client sends none",
		cases:    []string{"no user agent"},
		gateways: []string{gateway},
		request:  answertest.SetHeader("User-Agent", "KrakenD Version "+version),
	}
}

// exceptions are differences that KrakenD, the payload formats and httpadapter cause. The Lambda backend
// causes none of them.
var exceptions = []exception{
	// Caused by KrakenD.
	{
		reason:  "KrakenD parses the query string: the spelling of its parts and the order of the names are lost",
		cases:   []string{"query with unusual spelling"},
		request: answertest.SetTarget("/request?a=x+y&a=%28b%29&a="),
	},
	{
		reason:  "KrakenD parses the query string: parts that do not parse are lost, so the shop does not see the mistake",
		cases:   []string{"form of a broken query"},
		request: answertest.SetTarget("/purchases"),
	},
	{
		reason:   "KrakenD 2's engine refuses a placeholder that contains an escape, a question mark or a hash after it is unescaped",
		cases:    []string{"path with an escaped question mark", "path with an escaped hash", "path with an escaped escape"},
		uncalled: true,
		gateways: []string{"2"},
		response: answertest.Become(http.StatusBadRequest, "text/plain; charset=utf-8", "error: encoded url params"),
	},
	{
		reason:   "KrakenD 2's engine unescapes a placeholder twice, and refuses it if that fails",
		cases:    []string{"path with an escaped percent sign"},
		uncalled: true,
		gateways: []string{"2"},
		response: answertest.Become(http.StatusBadRequest, "text/plain; charset=utf-8", `error: invalid URL escape "%"`),
	},
	{
		reason:   "KrakenD 1.x's load balancer puts unescaped placeholders into a URL, which then does not parse; so KrakenD does not call the Lambda backend, which does not use that URL",
		cases:    []string{"path with an escaped percent sign"},
		uncalled: true,
		gateways: []string{"1", "1.4"},
		response: answertest.Become(http.StatusInternalServerError, "", ""),
	},
	{
		reason:   "KrakenD's router redirects from a path with a slash at its end to an endpoint without it",
		cases:    []string{"path with a slash at its end"},
		uncalled: true,
		response: func(r *answertest.Response) {
			answertest.Become(http.StatusMovedPermanently, "text/html; charset=utf-8", "<a href=\"/teas\">Moved Permanently</a>.\n\n")(r)
			r.Header.Set("Location", "/teas")
		},
	},
	ownUserAgent("1", "1.2.0"),
	ownUserAgent("1.4", "1.4.1"),
	ownUserAgent("2", "2.14.1"),

	// Caused by the formats.
	{
		reason:  "an event is JSON, whose strings are Unicode: bytes of a header that are not UTF-8 become U+FFFD",
		cases:   []string{"headers in ISO-8859-1"},
		request: answertest.SetHeader("X-Tea", "th\ufffd"),
	},
	{
		reason:  "the same for a query string, which format 1.0 has only in parsed form; 2.0 also has it unparsed",
		cases:   []string{"query with invalid UTF-8"},
		formats: []string{"1.0"},
		request: answertest.SetTarget("/search?a=%EF%BF%BD%EF%BF%BDb"),
	},
	{
		reason:   "httpadapter takes the Host from API Gateway's domainName, which has no port",
		cases:    []string{"redirect with the host and a port"},
		response: answertest.Replace(":8443", ""),
	},

	// Caused by httpadapter.
	{
		reason:  "httpadapter splits headers of format 2.0 at their commas, except for a few headers; chi's Compress reads only the first part",
		cases:   []string{"page, a list of encodings"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("Accept-Encoding"),
	},
	{
		reason:  "the same; net/http and the shop read only the first part",
		cases:   []string{"file, not modified, a list of versions", "tea, not modified, a list of versions"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("If-None-Match"),
	},
	{
		reason:  "the same; net/http reads only the first part",
		cases:   []string{"several ranges"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("Range"),
	},
	{
		reason:  "the same; the date has a comma",
		cases:   []string{"range if unmodified"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("If-Range"),
	},
	{
		reason:  "the same; the shop shows the parts",
		cases:   []string{"headers with commas"},
		formats: []string{"2.0"},
		request: func(r *answertest.Request) { answertest.SplitHeader("X-Tea")(r); answertest.SplitHeader("Accept")(r) },
	},
	{
		reason:  "httpadapter joins repeated headers of an answer in format 2.0, which has one value for each header",
		cases:   []string{"repeated headers in the answer"},
		formats: []string{"2.0"},
		response: func(r *answertest.Response) {
			for _, name := range []string{"Link", "X-Tea"} {
				r.Header.Set(name, strings.Join(r.Header[name], ","))
			}
		},
	},
	{
		reason:   "httpadapter fails if a handler writes nothing (\"Status code not set on response\"); net/http answers 200",
		cases:    []string{"no status at all"},
		response: answertest.Become(http.StatusBadGateway, "", ""),
	},
	{
		reason:   "httpadapter sets a content type if the handler calls Write, even with zero bytes (as chi's 405 does) or for a status without a body; net/http does not",
		cases:    []string{"unknown method", "204 with a body that is dropped"},
		response: func(r *answertest.Response) { r.Header.Set("Content-Type", "text/plain; charset=utf-8") },
	},
}

// known returns the exceptions that apply to a case.
func known(c *testCase, s *stack) (all []*exception) {
	for i := range exceptions {
		e := &exceptions[i]
		if slices.Contains(e.cases, c.name) &&
			(e.gateways == nil || slices.Contains(e.gateways, s.gateway)) &&
			(e.formats == nil || slices.Contains(e.formats, s.format)) {
			all = append(all, e)
		}
	}
	return all
}

// stripped returns an answer without the parts that always differ. In an answer with several ranges,
// the boundary is random.
func stripped(r answertest.Response, gateway bool) answertest.Response {
	r.Header = r.Header.Clone()
	if gateway {
		for name := range added {
			r.Header.Del(name)
		}
	}
	for name := range own {
		r.Header.Del(name)
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && mediaType == "multipart/byteranges" {
		answertest.Replace(params["boundary"], "BOUNDARY")(&r)
	}
	return r
}
