package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
)

// A response is what a client got.
type response struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
	major  int   // version of HTTP
}

func abridged(s string) string {
	if len(s) > 1000 {
		return fmt.Sprintf("%s… (%d bytes)", s[:1000], len(s))
	}
	return s
}

// A client makes the request of a row.
type client struct {
	t *testing.T
	*suite
	path string
	api  *api
}

func (c *client) get() (response, error) {
	return receive(c.Client.Get(c.URL + c.path))
}

func (c *client) post(contentType string, body io.Reader) (response, error) {
	return receive(c.Client.Post(c.URL+c.path, contentType, body))
}

// getAndTell closes read when it has read n bytes of the response.
func (c *client) getAndTell(n int, read chan<- struct{}) (response, error) {
	r, err := c.Client.Get(c.URL + c.path)
	if err != nil {
		return response{}, err
	}
	begin := make([]byte, n)
	_, err = io.ReadFull(r.Body, begin)
	close(read)
	if err != nil {
		r.Body.Close()
		return response{r.StatusCode, r.Header, string(begin), err, r.ProtoMajor}, nil
	}
	got, err := receive(r, nil)
	got.body = string(begin) + got.body
	return got, err
}

func receive(r *http.Response, err error) (response, error) {
	if err != nil {
		if e, ok := err.(*url.Error); ok {
			err = e.Err
		}
		return response{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, string(body), err, r.ProtoMajor}, nil
}
