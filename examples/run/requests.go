//go:build unix

package main

import (
	"bytes"
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
}

var requests = []request{
	{about: "A placeholder is the function's event", path: "/hello/Ada"},
	{about: "The URL names the function: KrakenD capitalizes it, so this is My-lambda", path: "/call-a-lambda/my-lambda"},
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
}

// show sends the gateway at url each of the requests, and prints the curl
// command that does the same and what the answer is.
func show(ctx context.Context, w io.Writer, url string) error {
	for _, r := range requests {
		status, body, err := r.do(ctx, url)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\n# %s\n%s\n%s\n", r.about, r.curl(url), status)
		if len(body) > 0 {
			fmt.Fprintf(w, "%s\n", body)
		}
	}
	fmt.Fprintln(w)
	return nil
}

func (r request) do(ctx context.Context, url string) (status string, body []byte, err error) {
	method := http.MethodGet
	if r.body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		return "", nil, err
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.Status, bytes.TrimSpace(body), err
}

// curl is the command that sends the request, for a shell.
func (r request) curl(url string) string {
	if r.body != "" {
		return fmt.Sprintf("curl -i -H 'Content-Type: application/json' -d '%s' %s%s", r.body, url, r.path)
	}
	if strings.ContainsAny(r.path, "?&") {
		return fmt.Sprintf("curl -i '%s%s'", url, r.path)
	}
	return "curl -i " + url + r.path
}
