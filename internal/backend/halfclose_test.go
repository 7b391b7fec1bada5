package backend

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// net/http treats a client that closes its sending side as gone. The client still reads, and must see
// that the response is incomplete.
func TestClientThatHalfCloses(t *testing.T) {
	const begun = "some of it"
	for name, tc := range map[string]struct {
		header string // of the function
		proto  string // of the request
		start  func(*httptest.Server)
		dial   func(*httptest.Server) (halfCloser, error)
	}{
		"chunked":           {"", "HTTP/1.1", (*httptest.Server).Start, dialPlain},
		"Content-Length":    {"20", "HTTP/1.1", (*httptest.Server).Start, dialPlain},
		"HTTP/1.0":          {"", "HTTP/1.0", (*httptest.Server).Start, dialPlain},
		"HTTP/1.1 over TLS": {"", "HTTP/1.1", (*httptest.Server).StartTLS, dialTLS},
		"HTTP/1.0 over TLS": {"", "HTTP/1.0", (*httptest.Server).StartTLS, dialTLS},
	} {
		for krakend, wrap := range map[string]func(http.Handler) http.Handler{"1.x": withoutCancel, "2": func(h http.Handler) http.Handler { return h }} {
			t.Run(name+", KrakenD "+krakend, func(t *testing.T) {
				api := streamAPI(t, func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
					body, write := io.Pipe()
					context.AfterFunc(ctx, func() { write.Close() })
					go io.WriteString(write, begun)
					headers := map[string]string{"Content-Type": "text/plain"}
					if tc.header != "" {
						headers["Content-Length"] = tc.header
					}
					return &events.LambdaFunctionURLStreamingResponse{Headers: headers, Body: body}, nil
				})
				b, l := newStreamBackend(t, api)
				gw := gateway(t, b)
				gw.Config.Handler = wrap(gw.Config.Handler)
				tc.start(gw)
				conn, err := tc.dial(gw)
				if err != nil {
					t.Fatal(err)
				}
				got, err := readHalfClosed(conn, tc.proto, len(begun))
				if got != begun || err == nil {
					t.Errorf("got %q, %v; want %q and an error", got, err, begun)
				}
				gw.Close()
				if lines := append(l.level("ERROR"), l.level("WARNING")...); len(lines) > 0 {
					t.Errorf("got %q, want no lines", lines)
				}
			})
		}
	}
}

// The same holds for a long reply that is not a stream.
func TestClientThatHalfClosesInALongReply(t *testing.T) {
	begun := strings.Repeat("x", peekSize(raw)+100)
	b, _, _ := backendOf(t, "no-op", nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(2*len(begun)))
		io.WriteString(w, begun)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	gw := gateway(t, b)
	gw.Start()
	conn, err := dialPlain(gw)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readHalfClosed(conn, "HTTP/1.1", len(begun)); len(got) != len(begun) || err == nil {
		t.Errorf("got %d bytes, %v; want %d and an error", len(got), err, len(begun))
	}
}

// halfCloser is a *net.TCPConn or a *tls.Conn.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

func dialPlain(s *httptest.Server) (halfCloser, error) {
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

func dialTLS(s *httptest.Server) (halfCloser, error) {
	return tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // asks for HTTP/1.1
}

// readHalfClosed sends a request, reads n bytes of the response's body, closes its sending side, and
// reads the remaining bytes.
func readHalfClosed(conn halfCloser, proto string, n int) (string, error) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET / %s\r\nHost: gateway\r\n\r\n", proto)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(response.Body, body); err != nil {
		return "", err
	}
	if err := conn.CloseWrite(); err != nil {
		return "", err
	}
	rest, err := io.ReadAll(response.Body)
	return string(body) + string(rest), err
}
