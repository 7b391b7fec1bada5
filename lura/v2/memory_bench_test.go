package lambda_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/encoding"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

// answering is an Invoke API in memory.
type answering func() io.Reader

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(a()), Request: r}, nil
}

const megabyte = 1e6

// BenchmarkMemory measures the heap of one running request, in MB: live-MB is the maximum in use after a
// collection, heap-MB the maximum with garbage at GOGC=100. The source of the reply or the stream takes
// no memory.
func BenchmarkMemory(b *testing.B) {
	b.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	for _, tc := range []struct {
		name     string
		reply    func() io.Reader
		settings map[string]any
		encoding string
	}{
		{"small objects of 5 MB", repeated(`[`, `{"id":1,"name":"tea","price":3.5},`, 5*megabyte, `{}]`), nil, encoding.JSON},
		{"smallest objects of 5 MB", repeated(`[`, `{"a":1},`, 5*megabyte, `{}]`), nil, encoding.JSON},
		{"long texts of 5 MB", repeated(`[`, `"`+strings.Repeat("x", 1000)+`",`, 5*megabyte, `{}]`), nil, encoding.JSON},
		{"a no-op reply of 6 MB", repeated(`"`, strings.Repeat("x", 1000), 6*megabyte, `"`), nil, encoding.NOOP},
		{"a stream of chunks of 15 MB", chunks(3, 15*megabyte), map[string]any{"stream": true}, encoding.NOOP},
		{"a stream of chunks of 15 KB", chunks(3000, 15e3), map[string]any{"stream": true}, encoding.NOOP},
	} {
		b.Run(tc.name, func(b *testing.B) {
			settings := map[string]any{"function_name": "f", "region": "us-west-2"}
			maps.Copy(settings, tc.settings)
			call := lambda.BackendFactory(logging.NoOp, nil, lambda.WithTransport(func(*config.Backend) http.RoundTripper { return answering(tc.reply) }))(&config.Backend{
				Method: http.MethodPost, Timeout: time.Minute, Encoding: tc.encoding, IsCollection: tc.encoding == encoding.JSON,
				Decoder: encoding.NewJSONDecoder(true), ExtraConfig: config.ExtraConfig{lambda.Namespace: settings},
			})
			once := func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				response, err := call(ctx, &proxy.Request{Method: http.MethodPost, Body: io.NopCloser(strings.NewReader("{}"))})
				if err != nil {
					b.Fatal(err)
				}
				if response.Io != nil {
					if _, err := io.Copy(discard{}, response.Io); err != nil {
						b.Fatal(err)
					}
				}
				runtime.KeepAlive(response)
			}
			once() // connections and pools
			b.ReportAllocs()
			var live, heap uint64
			for b.Loop() {
				live = max(live, mostOf("/gc/heap/live:bytes", 2, once))
				heap = max(heap, mostOf("/memory/classes/heap/objects:bytes", 100, once))
			}
			b.ReportMetric(float64(live)/megabyte, "live-MB")
			b.ReportMetric(float64(heap)/megabyte, "heap-MB")
			b.ReportMetric(0, "ns/op") // has no meaning: the collector runs almost all the time
		})
	}
}

// mostOf returns by how many bytes a metric grows at most while do runs with this GOGC.
func mostOf(name string, gogc int, do func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(gogc))
	runtime.GC()
	read := func() uint64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := read()
	most, stop := before, make(chan struct{})
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
				most = max(most, read())
			}
		}
	}()
	do()
	close(stop)
	<-sampled
	return most - before
}

type discard struct{}

// Write implements io.Writer. It hides the io.ReaderFrom of io.Discard.
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// repeated makes replies of begin, items up to size bytes, and end.
func repeated(begin, item string, size int, end string) func() io.Reader {
	return func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), &again{text: item, left: size / len(item)}, strings.NewReader(end))
	}
}

// again is a reader that repeats a text a number of times.
type again struct {
	text string
	left int
	r    strings.Reader
}

// Read implements io.Reader.
func (a *again) Read(p []byte) (int, error) {
	if a.r.Len() == 0 {
		if a.left == 0 {
			return 0, io.EOF
		}
		a.left--
		a.r.Reset(a.text)
	}
	return a.r.Read(p)
}

// chunks makes streams of n chunks of size bytes.
func chunks(n, size int) func() io.Reader {
	const piece = 1000
	text := bytes.Repeat([]byte("x"), piece)
	head := messageHead("PayloadChunk", size)
	sum := crc32.ChecksumIEEE(head)
	for range size / piece {
		sum = crc32.Update(sum, crc32.IEEETable, text)
	}
	tail := binary.BigEndian.AppendUint32(nil, sum)
	end := messageHead("InvokeComplete", 0)
	end = binary.BigEndian.AppendUint32(end, crc32.ChecksumIEEE(end))
	return func() io.Reader {
		return io.MultiReader(&messages{left: n, next: func() io.Reader {
			return io.MultiReader(bytes.NewReader(head), &again{text: string(text), left: size / piece}, bytes.NewReader(tail))
		}}, bytes.NewReader(end))
	}
}

// messages reads from left readers, one after the other, which next returns.
type messages struct {
	left int
	next func() io.Reader
	r    io.Reader // nil before the first one
}

// Read implements io.Reader.
func (m *messages) Read(p []byte) (n int, err error) {
	for err = io.EOF; n == 0 && err == io.EOF; {
		if m.r == nil {
			if m.left == 0 {
				return 0, io.EOF
			}
			m.left, m.r = m.left-1, m.next()
		}
		if n, err = m.r.Read(p); err == io.EOF {
			m.r = nil
		}
	}
	if m.r == nil {
		err = nil
	}
	return n, err
}

// messageHead returns a message of an event stream up to its payload, which has size bytes.
func messageHead(event string, size int) []byte {
	var headers []byte
	for _, s := range [][2]string{{":message-type", "event"}, {":event-type", event}} {
		headers = append(append(headers, byte(len(s[0]))), s[0]...)
		headers = append(binary.BigEndian.AppendUint16(append(headers, 7), uint16(len(s[1]))), s[1]...)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(12+len(headers)+size+4))
	head = binary.BigEndian.AppendUint32(head, uint32(len(headers)))
	head = binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(head))
	return append(head, headers...)
}
