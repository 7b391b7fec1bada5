package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load is a request that is sent repeatedly, and the body that its response must have. It does not use
// net/http's client, which would take CPU time from the gateway.
type load struct {
	addr    string // host:port
	request []byte
	reply   string
}

// newLoad returns a request to a path of the gateway at addr.
func newLoad(addr, method, path, payload, reply string) load {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, addr)
	if payload != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(payload))
	}
	return load{addr, []byte(head + "\r\n" + payload), reply}
}

// send makes requests for a time. Each connection makes its next request when the last one is answered.
// send returns the number of answers.
func (l load) send(connections int, duration time.Duration) (answered int, err error) {
	var (
		n    atomic.Int64
		done sync.WaitGroup
		errs = make([]error, connections)
		end  = time.Now().Add(duration)
	)
	for i := range errs {
		done.Go(func() {
			c := connection{load: l}
			defer c.close()
			for errs[i] == nil && (time.Now().Before(end) || n.Load() == 0) {
				if errs[i] = c.exchange(); errs[i] == nil {
					n.Add(1)
				}
			}
		})
	}
	done.Wait()
	return int(n.Load()), errors.Join(errs...)
}

// connection is dialed by its first exchange.
type connection struct {
	load
	conn net.Conn
	r    *bufio.Reader
	body bytes.Buffer
}

func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
	}
}

// exchange sends the request, and reads and checks the response.
func (c *connection) exchange() (err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.addr); err != nil {
			return err
		}
		c.r = bufio.NewReaderSize(c.conn, 32<<10)
	}
	c.conn.SetDeadline(time.Now().Add(callTimeout))
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	c.body.Reset()
	if _, err := c.body.ReadFrom(response.Body); err != nil {
		return err
	}
	// gin may end JSON with a newline.
	if got := bytes.TrimSpace(c.body.Bytes()); response.StatusCode != http.StatusOK || string(got) != c.reply {
		return fmt.Errorf("got a %s with %.200q, want a 200 with %.200q", response.Status, got, c.reply)
	}
	return nil
}
