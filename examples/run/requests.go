//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// request is one that the gateway's configuration has an endpoint for.
type request struct {
	about string
	path  string
	body  string // makes it a POST
	form  bool   // of a form, not of JSON
	// stream has curl show the body as it comes.
	stream bool
}

var requests = []request{
	{about: "A placeholder is the function's event", path: "/hello/Ada"},
	{about: "The URL names the function, its first letter put into upper case: My-lambda", path: "/call-a-lambda/my-lambda"},
	{about: "The same with \"function_name_case\": \"verbatim\", and a query string", path: "/functions/hello?name=Grace"},
	{about: "Query strings are part of the event", path: "/echo?color=red&size=S&size=M"},
	{about: "The body of a POST is the event", path: "/echo", body: `{"sku":"mug","quantity":2}`},
	{about: "Numbers keep all their digits", path: "/orders/9007199254740993"},
	{about: "Two functions, one response, filtered", path: "/orders/9007199254740993/summary"},
	{about: "The function's reply as it is (no-op)", path: "/orders/9007199254740993/raw"},
	{about: "A function that returns an error is a 502, and says no more", path: "/fail"},
	{about: "The same with \"return_error_details\"", path: "/fail/details"},
	{about: "A function that panics", path: "/panic"},
	{about: "A function slower than the endpoint's timeout", path: "/slow"},
	{about: "A function that streams: each line is there when the function writes it", path: "/countdown/3", stream: true},
	{about: "A web application as a function (\"payload_format\": \"2.0\")", path: "/teas/assam"},
	{about: "Its form: status, Location and cookies are the application's", path: "/purchases", body: "tea=assam&grams=100", form: true},
}

// show sends the gateway at url each of the requests, and prints the curl
// command that does the same and what the answer is.
func show(ctx context.Context, w io.Writer, url string) error {
	for _, r := range requests {
		fmt.Fprintf(w, "\n# %s\n%s\n", r.about, r.curl(url))
		if err := r.do(ctx, w, url); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return nil
}

// client shows redirects, and does not follow them.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends the request and prints the answer, the body as it comes.
func (r request) do(ctx context.Context, w io.Writer, url string) error {
	method := http.MethodGet
	if r.body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	switch {
	case r.form:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case r.body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	fmt.Fprintln(w, resp.Status)
	for _, name := range []string{"Location", "Set-Cookie"} {
		if value := resp.Header.Get(name); value != "" {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	}
	line := &lineEnder{w: w}
	if _, err := io.Copy(line, resp.Body); err != nil {
		return err
	}
	line.end()
	return nil
}

// lineEnder remembers whether what it writes ends in the middle of a line.
type lineEnder struct {
	w    io.Writer
	open bool
}

func (l *lineEnder) Write(p []byte) (int, error) {
	l.open = len(p) > 0 && p[len(p)-1] != '\n'
	return l.w.Write(p)
}

func (l *lineEnder) end() {
	if l.open {
		fmt.Fprintln(l.w)
	}
}

// curl is the command that sends the request, for a shell.
func (r request) curl(url string) string {
	switch {
	case r.form:
		return fmt.Sprintf("curl -i -d '%s' %s%s", r.body, url, r.path)
	case r.body != "":
		return fmt.Sprintf("curl -i -H 'Content-Type: application/json' -d '%s' %s%s", r.body, url, r.path)
	case r.stream:
		return "curl -iN " + url + r.path
	case strings.ContainsAny(r.path, "?&"):
		return fmt.Sprintf("curl -i '%s%s'", url, r.path)
	default:
		return "curl -i " + url + r.path
	}
}
