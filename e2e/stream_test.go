package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// streaming are the settings of a backend that streams.
func streaming(api *lambdaAPI, function string) object {
	return with(fixed(api, function), object{"stream": true})
}

var noOp = object{"encoding": "no-op"}

// noOpEndpoint is an endpoint whose backend's bytes are the client's.
func noOpEndpoint(path string, settings object) object {
	return with(endpoint(path, lambdaBackend(settings, noOp, at(path))), object{"output_encoding": "no-op"})
}

// page makes a function that streams a page.
func page(body io.Reader) func() (*events.LambdaFunctionURLStreamingResponse, error) {
	return func() (*events.LambdaFunctionURLStreamingResponse, error) {
		return &events.LambdaFunctionURLStreamingResponse{
			StatusCode: http.StatusAccepted, Headers: map[string]string{"content-type": "text/event-stream", "x-tea": "oolong"},
			Cookies: []string{"a=1", "b=2"}, Body: body,
		}, nil
	}
}

// open sends a request and leaves the body to be read.
func (p process) open(t *testing.T, path string) *http.Response {
	t.Helper()
	r, err := p.Client.Get(p.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	return r
}

func readChunk(t *testing.T, r *http.Response, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

func TestStream(t *testing.T) {
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprint("tls=", tls), func(t *testing.T) {
			eachGateway(t, func(t *testing.T, g gateway) {
				body, function := io.Pipe()
				api := newLambda(t, map[string]any{"f": page(body)})
				t.Cleanup(func() { function.Close() })
				gw := start(t, g, []object{noOpEndpoint("/stream", streaming(api, "f"))}, options{TLS: tls})

				// The function has written nothing of the body yet, and is not through before
				// the client has had all that it has written.
				r := gw.open(t, "/stream")
				if r.StatusCode != http.StatusAccepted || r.Header.Get("Content-Type") != "text/event-stream" || r.Header.Get("X-Tea") != "oolong" {
					t.Errorf("got %s %v", r.Status, r.Header)
				}
				if got := r.Header["Set-Cookie"]; !slices.Equal(got, []string{"a=1", "b=2"}) {
					t.Errorf("got the cookies %q", got)
				}
				for i := range 3 {
					chunk := fmt.Sprintf("data: %d\n\n", i)
					if _, err := io.WriteString(function, chunk); err != nil {
						t.Fatal(err)
					}
					readChunk(t, r, chunk)
				}
				function.Close()
				if rest, err := io.ReadAll(r.Body); err != nil || len(rest) != 0 {
					t.Errorf("got %q, %v; want the end", rest, err)
				}
				if r.ProtoMajor == 2 != tls {
					t.Errorf("got %s", r.Proto)
				}
			})
		})
	}
}

// A stream that breaks off must not look complete, with a length that the function has announced
// or without.
func TestStreamCutShort(t *testing.T) {
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprint("tls=", tls), func(t *testing.T) {
			eachGateway(t, func(t *testing.T, g gateway) {
				api := newLambda(t, map[string]any{
					"f":   page(io.MultiReader(strings.NewReader("some of it"), failingReader{})),
					"cut": page(strings.NewReader("some of it")),
					"length": func() (*events.LambdaFunctionURLStreamingResponse, error) {
						r, err := page(io.MultiReader(strings.NewReader("some of it"), failingReader{}))()
						r.Headers["content-length"] = "1000"
						return r, err
					},
				})
				gw := start(t, g, []object{
					noOpEndpoint("/f", streaming(api, "f")),
					noOpEndpoint("/length", streaming(api, "length")),
					noOpEndpoint("/cut", streaming(api, "cut")),
				}, options{TLS: tls})
				api.Fail("cut", lambdatest.Cut(lambdatest.BeforeComplete).Always())

				for path, want := range map[string]string{
					"/f":      "the function failed: function f, code errorString, request id ",
					"/cut":    "the reply broke off: function cut, request id ",
					"/length": "the function failed: function length, code errorString, request id ",
				} {
					r := gw.open(t, path)
					body, err := io.ReadAll(r.Body)
					if err == nil || r.StatusCode != http.StatusAccepted || !strings.HasPrefix("some of it", string(body)) {
						t.Errorf("%s: got %s %q, %v", path, r.Status, body, err)
					}
					gw.Client.CloseIdleConnections()
					if lines := gw.Lines(t, "ERROR", path); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
						t.Errorf("%s: got %q, want %q", path, lines, want)
					}
				}
				if err := gw.Healthy(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("out of tea") }

// What goes wrong before there is anything to hand on is an error like any other.
func TestStreamThatFailsAtOnce(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"f":         func() (*events.LambdaFunctionURLStreamingResponse, error) { return nil, errors.New("out of tea") },
			"throttled": page(strings.NewReader("")),
		})
		gw := start(t, g, []object{
			noOpEndpoint("/f", streaming(api, "f")),
			noOpEndpoint("/throttled", streaming(api, "throttled")),
		}, options{})
		api.Fail("throttled", lambdatest.Throttle(0))

		check(t, gw.get(t, "/f"), http.StatusBadGateway, "")
		check(t, gw.get(t, "/throttled"), http.StatusTooManyRequests, "")
	})
}

// The client's going away ends the call, although the function writes nothing that
// could not be sent.
func TestStreamWhoseClientGoesAway(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		gone := make(chan struct{})
		api := newLambda(t, map[string]any{"f": func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
			body, function := io.Pipe()
			context.AfterFunc(ctx, func() {
				function.Close()
				close(gone)
			})
			go io.WriteString(function, "x")
			return page(body)()
		}})
		gw := start(t, g, []object{noOpEndpoint("/f", streaming(api, "f"))}, options{})
		r := gw.open(t, "/f")
		readChunk(t, r, "x")
		r.Body.Close()
		<-gone // or the test never ends
		gw.Stop(t)
		if lines := gw.Lines(t, "ERROR", "/f"); len(lines) != 0 {
			t.Errorf("got %q", lines)
		}
		if lines := gw.Lines(t, "DEBUG", "/f"); lines[len(lines)-1] != "the client went away" {
			t.Errorf("got %q", lines)
		}
	})
}

// The timeout of the endpoint is that of the whole stream.
func TestStreamAndTimeout(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": func(ctx context.Context) (*events.LambdaFunctionURLStreamingResponse, error) {
			body, function := io.Pipe()
			context.AfterFunc(ctx, func() { function.Close() })
			go io.WriteString(function, "x")
			return page(body)()
		}})
		gw := start(t, g, []object{with(noOpEndpoint("/f", streaming(api, "f")), object{"timeout": "2s"})}, options{})
		r := gw.open(t, "/f")
		if body, err := io.ReadAll(r.Body); err == nil || string(body) != "x" {
			t.Errorf("got %q, %v; want an error", body, err)
		}
		if lines := gw.Lines(t, "ERROR", "/f"); len(lines) != 1 || !strings.HasPrefix(lines[0], "the deadline passed while the function wrote its reply") {
			t.Errorf("got %q", lines)
		}
	})
}

// A stream costs the gateway what is on its way, however long it is: by the runtime's
// own account of each collection, whose last number is what was alive after it.
func TestStreamMemory(t *testing.T) {
	const size, little = 50 << 20, 5 << 20
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"little": func() (*events.LambdaFunctionURLStreamingResponse, error) {
				return page(io.LimitReader(zeros{}, little))()
			},
			"much": func() (*events.LambdaFunctionURLStreamingResponse, error) {
				return page(io.LimitReader(zeros{}, size))()
			},
		})
		gw := start(t, g, []object{noOpEndpoint("/little", streaming(api, "little")), noOpEndpoint("/much", streaming(api, "much"))}, options{
			Env: []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=" + secretAccessKey, "AWS_EC2_METADATA_DISABLED=true", "GODEBUG=gctrace=1", "GOGC=20"},
		})
		// What a stream takes at all, a short one takes too.
		var before []int
		for len(before) < 5 {
			r := gw.open(t, "/little")
			if n, err := io.Copy(io.Discard, r.Body); n != little || err != nil {
				t.Fatalf("got %d bytes, %v", n, err)
			}
			before = gw.LiveHeap(t)
		}
		r := gw.open(t, "/much")
		if n, err := io.Copy(io.Discard, r.Body); n != size || err != nil {
			t.Fatalf("got %d bytes, %v", n, err)
		}
		during := gw.LiveHeap(t)[len(before):]
		if len(during) == 0 {
			return // the heap did not grow by the 20 % that a collection takes
		}
		if most, base := slices.Max(during), slices.Max(before); most > base+1 {
			t.Errorf("a stream of 50 MB takes the heap from %d MB to %d MB (%d collections)", base, most, len(during))
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
