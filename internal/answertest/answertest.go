package answertest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// A Field is a header of a request.
type Field struct{ Name, Value string }

// A Request is what a client sends.
type Request struct {
	Method string // GET if empty
	Target string // path and query string, sent unchanged
	Header []Field
	Body   string
	// Chunked sends the body without announcing its length.
	Chunked bool
	// Raw writes the request without net/http's corrections: it sends all bytes unchanged, and
	// adds only the Host and the body's length.
	Raw bool
}

// Host is the host that clients call, unless a request has a Host header.
const Host = "tea.example"

// Client follows no redirects, keeps no cookies and does not ask for compression.
var Client = &http.Client{
	Timeout:       gatewaytest.ClientTimeout,
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// A Response is what a client gets.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends a request to the server at addr, a host:port. It sends GET if the method is empty,
// and a User-Agent if the request has none and is not raw.
func Send(addr string, r Request) (Response, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Raw {
		return sendRaw(addr, r)
	}
	var body io.Reader
	switch {
	case r.Chunked:
		body = io.MultiReader(strings.NewReader(r.Body)) // net/http cannot tell the length
	case r.Body != "":
		body = strings.NewReader(r.Body)
	}
	q, err := http.NewRequest(r.Method, "http://"+addr+r.Target, body)
	if err != nil {
		return Response{}, err
	}
	q.Host = Host
	q.Header.Set("User-Agent", "tea-drinker/1.0")
	for _, f := range r.Header {
		switch f.Name {
		case "Host":
			q.Host = f.Value
		case "User-Agent":
			q.Header.Set(f.Name, f.Value)
		default:
			q.Header.Add(f.Name, f.Value)
		}
	}
	return receive(Client.Do(q))
}

func receive(r *http.Response, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return Response{r.StatusCode, r.Header, body}, err
}

func sendRaw(addr string, r Request) (Response, error) {
	conn, err := net.DialTimeout("tcp", addr, gatewaytest.ClientTimeout)
	if err != nil {
		return Response{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(gatewaytest.ClientTimeout)); err != nil {
		return Response{}, err
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	if !slices.ContainsFunc(r.Header, func(f Field) bool { return f.Name == "Host" }) {
		fmt.Fprintf(&b, "Host: %s\r\n", Host)
	}
	for _, f := range r.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	switch {
	case r.Chunked:
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n", len(r.Body), r.Body)
	case r.Body != "":
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("\r\n")
	if !r.Chunked {
		b.WriteString(r.Body)
	}
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return Response{}, err
	}
	return receive(http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.Method}))
}

// Differences describes how an answer differs from the wanted one, one line for each difference.
func Differences(got, want Response) (lines []string) {
	if got.Status != want.Status {
		lines = append(lines, fmt.Sprintf("status: got %d, want %d", got.Status, want.Status))
	}
	names := maps.Clone(got.Header)
	maps.Copy(names, want.Header)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if g, w := got.Header[name], want.Header[name]; !slices.Equal(g, w) {
			lines = append(lines, fmt.Sprintf("header %s: got %q, want %q", name, g, w))
		}
	}
	if !bytes.Equal(got.Body, want.Body) {
		i := 0
		for i < min(len(got.Body), len(want.Body)) && got.Body[i] == want.Body[i] {
			i++
		}
		lines = append(lines, fmt.Sprintf("body: got %d bytes, want %d; from byte %d on: got %q, want %q",
			len(got.Body), len(want.Body), i, excerpt(got.Body, i), excerpt(want.Body, i)))
	}
	return lines
}

// excerpt returns a part of a body that begins a little before byte i.
func excerpt(body []byte, i int) []byte { return body[max(0, i-40):min(len(body), i+200)] }
