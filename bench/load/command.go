package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// What a worker can be told to do.
const (
	Warm    = "warm"    // open Concurrency connections, then call
	Measure = "measure" // call, and count
	Hold    = "hold"    // make Concurrency calls that stop half-way, and look at the heap
	Decode  = "decode"  // decode what the calls would bring, without a call
	Pipes   = "pipes"   // build the pipes of a gateway, Calls of them
)

// Command is a line that a worker reads.
type Command struct {
	Op          string `json:"op"`
	Target      Target `json:"target"`
	Control     string `json:"control,omitempty"` // URL, for Hold
	PayloadSize int    `json:"payload_size"`      // bytes
	ReplySize   int    `json:"reply_size"`        // bytes
	Concurrency int    `json:"concurrency"`
	// Calls is how many calls there are. With 0, calls are begun for Duration, and until
	// there are AtLeast of them.
	Calls    int           `json:"calls,omitempty"`
	AtLeast  int           `json:"at_least,omitempty"`
	Duration time.Duration `json:"duration,omitempty"` // ns
}

// Answer is the line with which a worker answers.
type Answer struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	// CPUSeconds is user and system time of the process; Mallocs and Bytes are what it has
	// allocated. All three are for all calls together.
	CPUSeconds float64 `json:"cpu_seconds"`
	Mallocs    uint64  `json:"mallocs"`
	Bytes      uint64  `json:"bytes"`
	P50        float64 `json:"p50"` // µs
	P99        float64 `json:"p99"` // µs
	// Heap is what all calls that are held, or all pipes, have in use of the heap, in bytes,
	// after a garbage collection.
	Heap uint64 `json:"heap,omitempty"`
	// Passed tells that replies were passed on, not decoded.
	Passed bool `json:"passed,omitempty"`
	// Errors is how many calls failed, and Error why the first did, or the command.
	Errors int    `json:"errors,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Serve executes the commands from r, one a line, and writes an answer to w for each. It
// returns at the end of r.
func Serve(r io.Reader, w io.Writer, c Contestant) error {
	s := server{contestant: c, callers: make(map[Target]Caller), rates: make(map[Target]float64)}
	in, out := json.NewDecoder(r), json.NewEncoder(w)
	for {
		var command Command
		if err := in.Decode(&command); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := s.execute(command)
		if err != nil {
			answer.Error = err.Error()
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}

type server struct {
	contestant Contestant
	callers    map[Target]Caller
	rates      map[Target]float64 // calls per second, of the last warm-up
}

func (s *server) execute(c Command) (Answer, error) {
	switch c.Op {
	case Warm:
		return s.warm(c)
	case Measure:
		return s.measure(c)
	case Hold:
		return s.hold(c)
	case Decode:
		return s.decode(c)
	case Pipes:
		return s.pipes(c)
	}
	return Answer{}, fmt.Errorf("there is no command %q", c.Op)
}

func (s *server) caller(t Target) (Caller, error) {
	if call, ok := s.callers[t]; ok {
		return call, nil
	}
	call, err := s.contestant.New(t)
	if err != nil {
		return nil, err
	}
	s.callers[t] = call
	return call, nil
}
