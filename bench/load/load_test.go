package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDocumentHasItsSizeAndMatchesItself(t *testing.T) {
	for _, size := range []int{MinDocument, 100, 600, 10 << 10, 1 << 20} {
		d, err := NewDocument(size)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(d.Bytes); got != size {
			t.Errorf("the document of %d bytes has %d", size, got)
		}
		data, err := DecodeJSON(bytes.NewReader(d.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if !d.Matches(data) {
			t.Errorf("the document of %d bytes does not match itself", size)
		}
		if _, ok := data["number"].(json.Number); !ok {
			t.Errorf("number is a %T, want a json.Number", data["number"])
		}
		delete(data, "padding")
		if d.Matches(data) {
			t.Errorf("the document of %d bytes matches without a field", size)
		}
	}
	if _, err := NewDocument(MinDocument - 1); err == nil {
		t.Error("a document can be smaller than the smallest")
	}
}

func TestDocumentsOfOtherSizesDoNotMatch(t *testing.T) {
	few, err := NewDocument(1 << 10)
	if err != nil {
		t.Fatal(err)
	}
	many, err := NewDocument(1 << 14)
	if err != nil {
		t.Fatal(err)
	}
	data, err := DecodeJSON(bytes.NewReader(few.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	if many.Matches(data) {
		t.Error("a document matches one with fewer items")
	}
}

func TestPercentile(t *testing.T) {
	var sorted []time.Duration
	for i := range 100 {
		sorted = append(sorted, time.Duration(i+1)*time.Microsecond)
	}
	for _, tc := range []struct {
		values []time.Duration
		q      float64
		want   float64
	}{
		{nil, 0.5, 0},
		{sorted[:1], 0.99, 1},
		{sorted, 0.5, 50},
		{sorted, 0.99, 99},
		{sorted, 1, 100},
		{sorted[:3], 0.5, 2},
		{sorted[:4], 0.5, 2},
	} {
		if got := percentile(tc.values, tc.q); got != tc.want {
			t.Errorf("percentile(%d values, %v) = %v µs, want %v", len(tc.values), tc.q, got, tc.want)
		}
	}
}

// echo replies with the payload, decoded.
func echo(_ context.Context, payload io.ReadCloser) (Reply, error) {
	data, err := DecodeJSON(payload)
	return Reply{Data: data}, err
}

// converse sends a worker with the contestant a command and returns its answer.
func converse(t *testing.T, call Caller, c Command) Answer {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	contestant := Contestant{New: func(Target) (Caller, error) { return call, nil }}
	if err := Serve(bytes.NewReader(b), &out, contestant); err != nil {
		t.Fatal(err)
	}
	var a Answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMeasureMakesTheCallsThatItIsTold(t *testing.T) {
	var mu sync.Mutex
	calls := 0
	counted := func(ctx context.Context, payload io.ReadCloser) (Reply, error) {
		mu.Lock()
		calls++
		mu.Unlock()
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a call has no deadline")
		}
		return echo(ctx, payload)
	}
	a := converse(t, counted, Command{Op: Measure, PayloadSize: 200, ReplySize: 200, Concurrency: 3, Calls: 10})
	if a.Error != "" || a.Calls != 10 || calls != 10 {
		t.Errorf("got %d calls answered and %d made, error %q, want 10 of both", a.Calls, calls, a.Error)
	}
	if a.Mallocs == 0 || a.Bytes == 0 || a.Seconds == 0 || a.P99 < a.P50 {
		t.Errorf("got %+v, want all figures", a)
	}
}

func TestMeasureEndsAfterItsDuration(t *testing.T) {
	a := converse(t, echo, Command{Op: Measure, PayloadSize: 200, ReplySize: 200, Concurrency: 2, Duration: 20 * time.Millisecond})
	if a.Error != "" || a.Calls == 0 || a.Seconds < 0.02 {
		t.Errorf("got %+v, want calls for 20 ms", a)
	}
}

// A duration that is over before its first calls are does not end a measurement.
func TestMeasureMakesAtLeastSoManyCalls(t *testing.T) {
	a := converse(t, echo, Command{Op: Measure, PayloadSize: 200, ReplySize: 200, Concurrency: 4, AtLeast: 50, Duration: time.Nanosecond})
	// The first call of each goroutine is within the duration, when ever it comes.
	if a.Error != "" || a.Calls < 50 || a.Calls >= 50+4 {
		t.Errorf("got %d calls, error %q, want 50 and hardly more", a.Calls, a.Error)
	}
}

func TestFailuresAreErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		call Caller
		c    Command
		want string
	}{
		"a call that fails": {
			func(context.Context, io.ReadCloser) (Reply, error) { return Reply{}, errors.New("no way") },
			Command{Op: Measure, PayloadSize: 200, ReplySize: 200, Concurrency: 2, Calls: 4},
			"no way",
		},
		"a wrong reply": {
			echo,
			Command{Op: Measure, PayloadSize: 200, ReplySize: 1 << 14, Concurrency: 1, Calls: 1},
			"not the one",
		},
		"a size that no document has": {
			echo,
			Command{Op: Measure, PayloadSize: 1, ReplySize: 200, Concurrency: 1, Calls: 1},
			"not 1",
		},
		"a command that there is not":    {echo, Command{Op: "dance"}, "dance"},
		"a contestant without pipes":     {echo, Command{Op: Pipes, Calls: 1}, "no pipes"},
		"a control URL that is no one's": {echo, Command{Op: Hold, PayloadSize: 200, ReplySize: 200, Concurrency: 1}, "unsupported protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := converse(t, tc.call, tc.c); !strings.Contains(a.Error, tc.want) {
				t.Errorf("got the error %q, want %q in it", a.Error, tc.want)
			}
		})
	}
}
