package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

// warm opens the connections and calls the target until it is warm. The connections come
// from a function that answers nobody before as many calls are there as there shall be
// connections.
func (s *server) warm(c Command) (Answer, error) {
	all := Target{URL: c.Target.URL, Function: fmt.Sprintf("barrier-%d", c.Concurrency)}
	if _, err := s.run(Command{Target: all, Concurrency: c.Concurrency, Calls: c.Concurrency, PayloadSize: MinDocument, ReplySize: MinDocument}, 0); err != nil {
		return Answer{}, fmt.Errorf("opening %d connections: %w", c.Concurrency, err)
	}
	a, err := s.run(c, 0)
	if err == nil {
		s.rates[c.Target] = float64(a.Calls) / a.Seconds
	}
	return a, err
}

// measure calls the target, which must be warm.
func (s *server) measure(c Command) (Answer, error) {
	expected := max(c.Calls, c.AtLeast, int(s.rates[c.Target]*c.Duration.Seconds()))
	return s.run(c, expected)
}

// decode decodes as many documents as measure would get.
func (s *server) decode(c Command) (Answer, error) {
	reply, err := NewDocument(c.ReplySize)
	if err != nil {
		return Answer{}, err
	}
	return s.count(&loop{
		call: func(_ context.Context, document io.ReadCloser) (Reply, error) {
			data, err := DecodeJSON(document)
			return Reply{Data: data}, err
		},
		payload:     reply.Bytes,
		reply:       reply,
		concurrency: c.Concurrency,
		calls:       c.Calls,
		duration:    c.Duration,
		expected:    c.Calls,
	})
}

// DecodeJSON decodes an object as KrakenD's JSON decoder does, numbers unchanged.
func DecodeJSON(r io.Reader) (map[string]any, error) {
	var data map[string]any
	d := json.NewDecoder(r)
	d.UseNumber()
	err := d.Decode(&data)
	return data, err
}

func (s *server) run(c Command, expected int) (Answer, error) {
	call, err := s.caller(c.Target)
	if err != nil {
		return Answer{}, err
	}
	payload, err := NewDocument(c.PayloadSize)
	if err != nil {
		return Answer{}, err
	}
	reply, err := NewDocument(c.ReplySize)
	if err != nil {
		return Answer{}, err
	}
	return s.count(&loop{
		call:        call,
		payload:     payload.Bytes,
		reply:       Document{items: reply.items}, // the bytes would only make the heap larger
		concurrency: c.Concurrency,
		calls:       c.Calls,
		atLeast:     c.AtLeast,
		duration:    c.Duration,
		expected:    expected,
	})
}

func (s *server) count(l *loop) (Answer, error) {
	l.payload = bytes.Clone(l.payload) // what a buffer has left over is not part of it
	runtime.GC()                       // what came before shall not be paid for by these calls
	m, err := l.run()
	if err == nil {
		err = m.firstErr
	}
	if err == nil && len(m.latencies) == 0 {
		err = errNoCalls
	}
	return Answer{
		Calls:      len(m.latencies),
		Seconds:    m.seconds,
		CPUSeconds: m.cpu.Seconds(),
		Mallocs:    m.mallocs,
		Bytes:      m.bytes,
		P50:        percentile(m.latencies, 0.5),
		P99:        percentile(m.latencies, 0.99),
		Errors:     m.errors,
	}, err
}
