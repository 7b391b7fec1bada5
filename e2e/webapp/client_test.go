package webapp

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

// A field is a header of a request.
type field struct{ name, value string }

// A request is what a client sends.
type request struct {
	method string // GET where it is empty
	target string // path and query string, as they are on the wire
	header []field
	body   string
	// chunked sends the body without telling its length first.
	chunked bool
	// raw has the request written by hand, for what net/http's client would put right:
	// every byte of it goes out as it stands here, and nothing else but the Host and the
	// body's length.
	raw bool
}

// host is where every client thinks that the shop is.
const host = "tea.example"

// client keeps its hands off: it follows no redirects, keeps no cookies and asks for
// no compression of its own.
var client = &http.Client{
	Timeout:       gatewaytest.ClientTimeout,
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// A response is what a client gets.
type response struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request to a server, of the shop or of a gateway.
func send(addr string, r request) (response, error) {
	if r.method == "" {
		r.method = http.MethodGet
	}
	if r.raw {
		return sendRaw(addr, r)
	}
	var body io.Reader
	switch {
	case r.chunked:
		body = io.MultiReader(strings.NewReader(r.body)) // whose length net/http does not know
	case r.body != "":
		body = strings.NewReader(r.body)
	}
	q, err := http.NewRequest(r.method, "http://"+addr+r.target, body)
	if err != nil {
		return response{}, err
	}
	q.Host = host
	q.Header.Set("User-Agent", "tea-drinker/1.0")
	for _, f := range r.header {
		switch f.name {
		case "Host":
			q.Host = f.value
		case "User-Agent":
			q.Header.Set(f.name, f.value)
		default:
			q.Header.Add(f.name, f.value)
		}
	}
	return receive(client.Do(q))
}

func receive(r *http.Response, err error) (response, error) {
	if err != nil {
		return response{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, body}, err
}

func sendRaw(addr string, r request) (response, error) {
	conn, err := net.DialTimeout("tcp", addr, gatewaytest.ClientTimeout)
	if err != nil {
		return response{}, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(gatewaytest.ClientTimeout))

	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.target, host)
	for _, f := range r.header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	switch {
	case r.chunked:
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n", len(r.body), r.body)
	case r.body != "":
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	b.WriteString("\r\n")
	if !r.chunked {
		b.WriteString(r.body)
	}
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return response{}, err
	}
	return receive(http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.method}))
}

// differences tells where an answer is not what it should be, one line for each.
func differences(got, want response) (lines []string) {
	if got.status != want.status {
		lines = append(lines, fmt.Sprintf("status: got %d, want %d", got.status, want.status))
	}
	names := maps.Clone(got.header)
	maps.Copy(names, want.header)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if g, w := got.header[name], want.header[name]; !slices.Equal(g, w) {
			lines = append(lines, fmt.Sprintf("header %s: got %q, want %q", name, g, w))
		}
	}
	if !bytes.Equal(got.body, want.body) {
		i := 0
		for i < min(len(got.body), len(want.body)) && got.body[i] == want.body[i] {
			i++
		}
		lines = append(lines, fmt.Sprintf("body: got %d bytes, want %d; from byte %d on: got %q, want %q",
			len(got.body), len(want.body), i, excerpt(got.body, i), excerpt(want.body, i)))
	}
	return lines
}

// excerpt is some of a body, from a little before byte i on.
func excerpt(body []byte, i int) []byte { return body[max(0, i-40):min(len(body), i+200)] }
