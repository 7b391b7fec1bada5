package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// answerTimeout is how long a run waits for its last answers.
	answerTimeout = 30 * time.Second
	// pause is what a connection makes after an error.
	pause = 10 * time.Millisecond
)

// A load is one request, sent over and over. Connections are kept alive, and each has
// one request at a time. The messages are written and read by hand, which costs a
// fraction of what net/http's client does: the gateway is to have the CPUs.
type load struct {
	addr    string
	request []byte
	reply   []byte // the body that a response must have, blanks around it aside
}

// A span is what of a run counts.
type span struct {
	warmUp   time.Duration // does not
	duration time.Duration
	// requests ends the run after that many. 0 is no limit.
	requests int
}

// traffic is what came of a run.
type traffic struct {
	latencies []time.Duration // of the answers that count, sorted
	answered  int             // of all, the warm-up's and those that came late among them
	elapsed   time.Duration
	errors    int
	err       error // the first one
}

// send runs l on some connections at once. It calls begin and end when answers begin to
// count and when they no longer do. Its error is the context's: those of requests are in
// the traffic.
func (l load) send(ctx context.Context, connections int, s span, begin, end func()) (traffic, error) {
	start := time.Now().Add(s.warmUp)
	stop := start.Add(s.duration)
	timed, cancel := context.WithDeadline(ctx, stop.Add(answerTimeout))
	defer cancel()

	var left atomic.Int64
	if left.Store(int64(s.requests)); s.requests == 0 {
		left.Store(math.MaxInt64)
	}
	results := make([]traffic, connections)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			c := connection{load: l}
			defer c.close()
			for ctx.Err() == nil && left.Add(-1) >= 0 {
				sent := time.Now()
				err := c.exchange(timed)
				now := time.Now()
				late := now.After(stop)
				if err == nil {
					results[i].answered++
				}
				if ctx.Err() == nil && (err != nil || !late) {
					results[i].count(now.Sub(sent), err, now.After(start))
				}
				if late {
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()

	wait(time.Until(start), done)
	begin()
	wait(time.Until(stop), done)
	all := traffic{elapsed: min(time.Since(start), s.duration)}
	end()
	<-done
	for _, t := range results {
		all.latencies = append(all.latencies, t.latencies...)
		all.answered += t.answered
		all.errors += t.errors
		if all.err == nil {
			all.err = t.err
		}
	}
	slices.Sort(all.latencies)
	return all, ctx.Err()
}

// count takes in one request. Errors count in the warm-up, too.
func (t *traffic) count(latency time.Duration, err error, counts bool) {
	switch {
	case err != nil:
		t.errors++
		if t.err == nil {
			t.err = err
		}
		time.Sleep(pause)
	case counts:
		t.latencies = append(t.latencies, latency)
	}
}

// wait returns after d, or when done is closed.
func wait(d time.Duration, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(d):
	}
}

// once sends one request.
func (l load) once(ctx context.Context) error {
	c := connection{load: l}
	defer c.close()
	return c.exchange(ctx)
}

// A connection is dialed when it is needed.
type connection struct {
	load
	conn net.Conn
	r    *bufio.Reader
	free func() bool // ends what closes conn with its context
}

func (c *connection) dial(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	c.conn, c.r = conn, bufio.NewReader(conn)
	c.free = context.AfterFunc(ctx, func() { conn.Close() })
	return nil
}

func (c *connection) close() {
	if c.conn != nil {
		c.free()
		c.conn.Close()
		c.conn = nil
	}
}

// exchange sends the request and reads the response. After an error the next one has a
// new connection. Each call has the same context.
func (c *connection) exchange(ctx context.Context) error {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(c.request)
	if err == nil {
		err = readResponse(c.r, c.reply)
	}
	if err != nil {
		c.close()
	}
	return err
}

// readResponse reads one response of HTTP/1.1 and checks that it is a 200 with this
// body, which must fit in the reader's buffer.
func readResponse(r *bufio.Reader, want []byte) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("got %q, want a 200", bytes.TrimSpace(line))
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the response has no Content-Length")
	}
	body, err := r.Peek(length)
	if err != nil {
		return err
	}
	if got := bytes.TrimSpace(body); !bytes.Equal(got, want) {
		return fmt.Errorf("got the body %q, want %q", got, want)
	}
	_, err = r.Discard(length)
	return err
}
