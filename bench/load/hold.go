package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// Counts are what the Invoke API tells under its control URL.
type Counts struct {
	Plain int `json:"plain"` // connections that were opened without TLS
	TLS   int `json:"tls"`   // and with it
	Held  int `json:"held"`  // calls that wait for their release
	// Calls is how many invocations have come whole, and Bytes what their payloads were in
	// all.
	Calls int   `json:"calls"`
	Bytes int64 `json:"bytes"`
}

const (
	holdTimeout = time.Minute
	// settled is for how long the heap has to stay as it is.
	settled = 300 * time.Millisecond
	// copyBuffer is what KrakenD's router copies a reply with, in bytes (io.Copy).
	copyBuffer = 32 << 10
)

// hold makes calls that stop half-way, looks at the heap once all of them are there, and
// lets them go on.
func (s *server) hold(c Command) (a Answer, err error) {
	call, err := s.caller(c.Target)
	if err != nil {
		return a, err
	}
	payload, err := NewDocument(c.PayloadSize)
	if err != nil {
		return a, err
	}
	reply, err := NewDocument(c.ReplySize)
	if err != nil {
		return a, err
	}
	control := &control{url: c.Control}
	defer control.client.CloseIdleConnections()

	// The buffers are the router's: they are there before the heap is looked at.
	buffers := make([]byte, copyBuffer*c.Concurrency)
	before, err := usageNow()
	if err != nil {
		return a, err
	}
	base := heapNow()

	h := &held{call: call, payload: payload.Bytes, reply: reply}
	start := time.Now()
	var done sync.WaitGroup
	for i := range c.Concurrency {
		buffer := buffers[i*copyBuffer : (i+1)*copyBuffer]
		done.Go(func() { h.once(buffer) })
	}
	a.Heap, err = control.wait(c.Concurrency, h)
	a.Heap = max(a.Heap, base) - base
	err = errors.Join(err, control.release())
	done.Wait()
	if err = errors.Join(err, h.err); err != nil {
		return a, err
	}
	after, err := usageNow()
	if err != nil {
		return a, err
	}
	used := after.since(before)
	runtime.KeepAlive(buffers)
	runtime.KeepAlive(payload)
	a.Calls, a.Seconds = c.Concurrency, time.Since(start).Seconds()
	a.CPUSeconds, a.Mallocs, a.Bytes, a.Passed = used.cpu.Seconds(), used.mallocs, used.bytes, h.passed
	return a, nil
}

// held are the calls of one hold.
type held struct {
	call    Caller
	payload []byte
	reply   Document

	mu     sync.Mutex
	passed bool
	err    error // the first one's
}

func (h *held) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

func (h *held) once(buffer []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*holdTimeout)
	defer cancel()
	reply, err := h.call(ctx, newBody(h.payload))
	passed := err == nil && reply.Body != nil
	switch {
	case err != nil:
	case passed:
		// Not io.Copy: a reader that can write itself would need no buffer, and hold its data.
		var n, all int
		for err == nil {
			n, err = reply.Body.Read(buffer)
			all += n
		}
		if err == io.EOF {
			err = nil
		}
		if want := len(h.reply.Bytes); err == nil && all != want {
			err = fmt.Errorf("the reply has %d bytes, not %d", all, want)
		}
		if c, ok := reply.Body.(io.Closer); ok {
			c.Close()
		}
	case !h.reply.Matches(reply.Data):
		err = errors.New("the reply is not the one that was asked for")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed = passed
	if h.err == nil {
		h.err = err
	}
}

// control is the Invoke API's control URL.
type control struct {
	client http.Client
	url    string
}

// wait returns the heap, when n calls are held and it does not change any more.
func (c *control) wait(n int, h *held) (heap uint64, err error) {
	since, deadline := time.Now(), time.Now().Add(holdTimeout)
	for {
		now := heapNow()
		counts, err := c.counts()
		if err == nil {
			err = h.failure()
		}
		if err != nil {
			return heap, err
		}
		if change := max(now, heap) - min(now, heap); counts.Held < n || change > heap/200 {
			heap, since = now, time.Now()
		}
		switch {
		case time.Since(since) > settled:
			return heap, nil
		case time.Now().After(deadline):
			return heap, fmt.Errorf("after %v, %d of %d calls are held", holdTimeout, counts.Held, n)
		}
	}
}

func (c *control) counts() (counts Counts, err error) {
	reply, err := c.client.Get(c.url + "/counts")
	if err != nil {
		return counts, err
	}
	defer reply.Body.Close()
	return counts, json.NewDecoder(reply.Body).Decode(&counts)
}

func (c *control) release() error {
	reply, err := c.client.Post(c.url+"/release", "", nil)
	if err != nil {
		return err
	}
	return reply.Body.Close()
}
