//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// request is a request to an endpoint of the gateway's configuration.
type request struct {
	about string
	path  string
	body  string // makes it a POST
	form  bool   // of a form, not of JSON
	// stream makes curl print the body while it arrives.
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
	{about: "A function's error is a 502 without a body", path: "/fail"},
	{about: "The same with \"return_error_details\"", path: "/fail/details"},
	{about: "A function that panics", path: "/panic"},
	{about: "A function slower than the endpoint's timeout", path: "/slow"},
	{about: "A function that streams: each line is there when the function writes it", path: "/countdown/3", stream: true},
	{about: "A form of a web application: status, Location and cookie are the application's", path: "/teas/assam", body: "grams=100&name=Ada", form: true},
	{about: "The same application as it writes", path: "/kettle", stream: true},
}

// show sends each of the requests to the gateway at url. It prints the curl command that sends the
// same request, and what that command would print.
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

// do sends the request over a new connection, and prints the response like curl -i: status line,
// headers, and the body while it arrives.
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
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", req.URL.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	if err := req.Write(conn); err != nil {
		return err
	}
	var received bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &received)), req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	head, _, _ := strings.Cut(received.String(), "\r\n\r\n")
	fmt.Fprintf(w, "%s\n\n", strings.ReplaceAll(head, "\r\n", "\n"))
	line := &lineEnder{w: w}
	if _, err := io.Copy(line, resp.Body); err != nil {
		return err
	}
	line.end()
	return nil
}

// lineEnder remembers whether its output ends within a line.
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

// curl returns the shell command that sends the request.
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
