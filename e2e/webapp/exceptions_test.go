package webapp

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// added are the headers that a gateway adds to the shop's. None of them is in an answer
// of the shop's own.
var added = map[string]string{
	"X-Krakend":              "KrakenD says in every answer that it is KrakenD",
	"X-Krakend-Completed":    "KrakenD says in every answer whether it is complete; with no-op that is always false",
	"X-Amz-Executed-Version": "the version of the function, from Lambda",
	"X-Amzn-Requestid":       "the ID of the invocation, from Lambda",
}

// own are the headers that each server makes for itself.
var own = map[string]string{
	"Date":           "each server has a clock",
	"Content-Length": "each server decides whether it tells the length or sends chunks; the client holds a length against the body",
}

// An exception is where a gateway's answer is known to be another one than the shop's.
// It says which other, so that all of the answer is compared nevertheless, and it must
// make a difference wherever it applies.
type exception struct {
	reason string
	cases  []string
	// gateways and formats are those that it applies to, nil for all.
	gateways, formats []string

	// uncalled is set where KrakenD answers by itself: the function is not called.
	uncalled bool
	// request changes what is asked of the shop itself, and response what that answers,
	// into what the gateway's answer is to be. Nil changes nothing.
	request  func(*answertest.Request)
	response func(*answertest.Response)
}

// exceptions are what KrakenD, the payload formats and httpadapter make of requests and
// answers. None of it is the Lambda backend's doing.
var exceptions = []exception{
	// What KrakenD does.
	{
		reason:  "KrakenD hands on the query string parsed: how its parts were spelled and the order of the names are lost",
		cases:   []string{"query, as it was spelled"},
		request: answertest.SetTarget("/request?a=x+y&a=%28b%29&a="),
	},
	{
		reason:  "KrakenD hands on the query string parsed: what does not parse is lost, and is no reason for the shop to complain",
		cases:   []string{"form of a broken query"},
		request: answertest.SetTarget("/purchases"),
	},
	{
		reason:   "KrakenD 2's engine refuses a placeholder that is escaped, or that has a question mark or a hash, once it is unescaped",
		cases:    []string{"path with an escaped question mark", "path with an escaped hash", "path with an escape that is escaped"},
		uncalled: true,
		gateways: []string{"2"},
		response: answertest.Become(http.StatusBadRequest, "text/plain; charset=utf-8", "error: encoded url params"),
	},
	{
		reason:   "KrakenD 2's engine unescapes a placeholder twice, and refuses it where that fails",
		cases:    []string{"path with an escaped percent sign"},
		uncalled: true,
		gateways: []string{"2"},
		response: answertest.Become(http.StatusBadRequest, "text/plain; charset=utf-8", `error: invalid URL escape "%"`),
	},
	{
		reason:   "KrakenD 1.x's load balancer puts placeholders unescaped into a URL, which does not parse then; the Lambda backend, which would not use that URL, is not reached",
		cases:    []string{"path with an escaped percent sign"},
		uncalled: true,
		gateways: []string{"1", "1.4"},
		response: answertest.Become(http.StatusInternalServerError, "", ""),
	},
	{
		reason:   "KrakenD's router redirects from a path with a slash at its end to one without, where there is such an endpoint",
		cases:    []string{"path with a slash at its end"},
		uncalled: true,
		response: func(r *answertest.Response) {
			answertest.Become(http.StatusMovedPermanently, "text/html; charset=utf-8", "<a href=\"/teas\">Moved Permanently</a>.\n\n")(r)
			r.Header.Set("Location", "/teas")
		},
	},
	{
		reason:  "KrakenD names itself as the user agent where the client names none",
		cases:   []string{"no user agent"},
		request: answertest.SetHeader("User-Agent", "KrakenD Version undefined"),
	},

	// What the formats cannot say.
	{
		reason:  "an event is JSON, whose strings are Unicode: bytes of a header that are no UTF-8 become U+FFFD",
		cases:   []string{"headers in ISO-8859-1"},
		request: answertest.SetHeader("X-Tea", "th\ufffd"),
	},
	{
		reason:  "the same for a query string, which format 1.0 has only as parsed, and 2.0 as it is, too",
		cases:   []string{"query with invalid UTF-8"},
		formats: []string{"1.0"},
		request: answertest.SetTarget("/search?a=%EF%BF%BD%EF%BF%BDb"),
	},
	{
		reason:   "API Gateway's domainName, from which httpadapter takes the Host, has no port",
		cases:    []string{"redirect with the host and a port"},
		response: answertest.Replace(":8443", ""),
	},

	// What httpadapter does.
	{
		reason:  "httpadapter splits headers of format 2.0 at their commas, but for a few that it knows to be single; chi's Compress reads the first one only",
		cases:   []string{"page, a list of encodings"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("Accept-Encoding"),
	},
	{
		reason:  "the same; net/http and the shop read the first one only",
		cases:   []string{"file, not modified, a list of versions", "tea, not modified, a list of versions"},
		formats: []string{"2.0"},
		request: answertest.SplitHeader("If-None-Match"),
	},
	{
		reason:  "the same; net/http reads the first one only",
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
		reason:  "the same; the shop shows them split",
		cases:   []string{"headers with commas"},
		formats: []string{"2.0"},
		request: func(r *answertest.Request) { answertest.SplitHeader("X-Tea")(r); answertest.SplitHeader("Accept")(r) },
	},
	{
		reason:  "httpadapter joins the headers of an answer in format 2.0, which has one value for each",
		cases:   []string{"headers that are repeated in the answer"},
		formats: []string{"2.0"},
		response: func(r *answertest.Response) {
			for _, name := range []string{"Link", "X-Tea"} {
				r.Header.Set(name, strings.Join(r.Header[name], ","))
			}
		},
	},
	{
		reason:   "httpadapter fails where a handler writes nothing (\"Status code not set on response\"), where net/http answers with 200",
		cases:    []string{"no status at all"},
		response: answertest.Become(http.StatusBadGateway, "", ""),
	},
	{
		reason:   "httpadapter gives an answer a content type once its handler calls Write, with zero bytes (as chi's 405 does) or for a status without a body; net/http does not",
		cases:    []string{"method that is not there", "204 with a body, which is none"},
		response: func(r *answertest.Response) { r.Header.Set("Content-Type", "text/plain; charset=utf-8") },
	},
}

// known are the exceptions that apply to a case.
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

// stripped is an answer without what differs in every answer. Of an answer with
// several ranges the boundary is random.
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
