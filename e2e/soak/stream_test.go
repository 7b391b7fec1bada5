package soak

import (
	"flag"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// soakStream is the size of the stream. Lambda's limit is 200 MB.
var soakStream = flag.Int64("soakstream", 4, "how many `megabytes` are streamed through each gateway")

const (
	// shortStream is how many megabytes a gateway streams before the test measures its heap. A short
	// stream already needs all memory that does not depend on the length.
	shortStream = 2
	// streamGrowth is how many megabytes the live heap may grow by during a stream.
	streamGrowth = 1
)

// The heap of a gateway does not depend on the length of a stream.
func TestSoakStream(t *testing.T) {
	for _, g := range gateways {
		t.Run(g.Name, func(t *testing.T) {
			sums := newChecksums()
			api := lambdatest.NewServer(map[string]any{
				"short": sums.stream("short", shortStream<<20),
				"long":  sums.stream("long", *soakStream<<20),
			})
			t.Cleanup(api.Close)
			api.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
			process := g.start(t, []object{streamEndpoint(api, "short"), streamEndpoint(api, "long")}, gatewaytest.Options{
				Service: object{"timeout": "15m"},
				Env: []string{
					"AWS_ACCESS_KEY_ID=" + gatewaytest.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + gatewaytest.SecretAccessKey,
					"AWS_EC2_METADATA_DISABLED=true", "GODEBUG=gctrace=1", "GOGC=20",
				},
			})
			process.Client.Timeout = 0 // the gateway's timeout is enough

			var before []int
			for len(before) < 5 {
				sums.receive(t, process, "short", shortStream<<20)
				before = process.LiveHeap(t)
			}
			sums.receive(t, process, "long", *soakStream<<20)
			during := process.LiveHeap(t)[len(before):]
			if len(during) == 0 { // the heap has grown by less than the 20 % that start a collection
				t.Logf("%d MB: no collection, %d MB before", *soakStream, slices.Max(before))
				return
			}
			base, most := slices.Max(before), slices.Max(during)
			t.Logf("%d MB: %d collections, %d MB at most after one, %d MB before", *soakStream, len(during), most, base)
			if most > base+streamGrowth {
				t.Errorf("during a stream of %d MB, the heap grew from %d MB to %d MB", *soakStream, base, most)
			}
		})
	}
}

func streamEndpoint(api *lambdatest.Server, function string) object {
	return object{
		"endpoint": "/" + function, "output_encoding": "no-op",
		"backend": []object{{
			"encoding": "no-op", "url_pattern": "/" + function,
			"extra_config": object{"github.com/devopsfaith/krakend-lambda": object{
				"function_name": function, "region": "us-east-1", "endpoint": api.URL, "max_retries": 0, "stream": true,
			}},
		}},
	}
}

// checksums has the checksum of the last stream of each function.
type checksums struct {
	mu sync.Mutex
	of map[string]uint32
}

func newChecksums() *checksums { return &checksums{of: make(map[string]uint32)} }

// stream returns a function that streams size bytes, no two megabytes alike. The stream does not begin
// with status and headers, because they would count for Lambda's limit.
func (c *checksums) stream(name string, size int64) any {
	return func() (io.Reader, error) {
		return io.TeeReader(io.LimitReader(new(numbers), size), c.writer(name)), nil
	}
}

// receive reads a stream to its end, and compares it with what the function has written.
func (c *checksums) receive(t *testing.T, p *gatewaytest.Process, name string, size int64) {
	t.Helper()
	r, err := p.Client.Get(p.URL + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, r.Body)
	if err != nil || n != size || r.StatusCode != http.StatusOK {
		t.Fatalf("got status %d, %d bytes, %v; want %d bytes", r.StatusCode, n, err, size)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if sum.Sum32() != c.of[name] {
		t.Error("the stream differs from what the function has written")
	}
}

// writer returns a writer that keeps the checksum of a stream.
func (c *checksums) writer(name string) io.Writer {
	sum := crc32.NewIEEE()
	return writerFunc(func(p []byte) (int, error) {
		sum.Write(p)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.of[name] = sum.Sum32()
		return len(p), nil
	})
}

type writerFunc func(p []byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// numbers is a reader of bytes that do not repeat within 4 GB.
type numbers uint32

// Read implements io.Reader.
func (n *numbers) Read(p []byte) (int, error) {
	for i := range p {
		*n = *n*1664525 + 1013904223
		p[i] = byte(*n >> 24)
	}
	return len(p), nil
}
