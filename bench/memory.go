package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// limitSize is the largest payload and reply that Lambda takes, in bytes.
const limitSize = 6 << 20

// memoryRounds is how often memory is measured: these figures hardly change.
const memoryRounds = 3

// memoryResult is memory.json.
type memoryResult struct {
	machine
	InFlight int         `json:"in_flight"` // calls at once
	Size     int         `json:"size"`      // of payload or reply, bytes
	Rows     []memoryRow `json:"rows"`
}

// memoryRow is what one contestant takes. All figures are medians, for one call of
// those at once.
type memoryRow struct {
	Scenario   string  `json:"scenario"`
	Contestant string  `json:"contestant"`
	Heap       float64 `json:"heap"`      // in use while the call is held, bytes
	Allocated  float64 `json:"allocated"` // in all, bytes
	// Passed tells that the reply was passed on, not decoded.
	Passed bool `json:"passed"`
}

// The scenarios of memory.
const (
	passOn    = "pass on" // a reply is passed on, and held in its middle
	decodeOut = "decode"  // a reply is decoded
	takeIn    = "take in" // a payload is sent, and its reply held
	// decodingAlone stands in the place of a contestant: the reply is there, and is decoded.
	decodingAlone = "decoding alone"
)

func (r memoryResult) row(scenario, contestant string) (memoryRow, bool) {
	for _, row := range r.Rows {
		if row.Scenario == scenario && row.Contestant == contestant {
			return row, true
		}
	}
	return memoryRow{}, false
}

func (l *lab) memory(ctx context.Context, stdout io.Writer) error {
	result := memoryResult{machine: l.machine, InFlight: l.inFlight, Size: limitSize}
	var rounds [][]memoryRow
	for round := range min(l.rounds, memoryRounds) {
		// The rows have the same order in each round.
		var rows []memoryRow
		for i, c := range l.chosen() {
			fmt.Fprintf(l.stderr, "memory, round %d: %s\n", round+1, c.Name)
			r, err := l.memoryOf(ctx, c, i == 0)
			if err != nil {
				return err
			}
			rows = append(rows, r...)
		}
		rounds = append(rounds, rows)
	}
	for i := range rounds[0] {
		all := make([]memoryRow, len(rounds))
		for n := range rounds {
			all[n] = rounds[n][i]
		}
		row := all[0]
		row.Heap = median(column(all, func(r memoryRow) float64 { return r.Heap }))
		row.Allocated = median(column(all, func(r memoryRow) float64 { return r.Allocated }))
		result.Rows = append(result.Rows, row)
	}
	if err := writeJSON(l.results, "memory.json", result); err != nil {
		return err
	}
	return printMemory(stdout, result)
}

// memoryOf measures one contestant, in a process that has done nothing before, and where
// decodes is set what decoding alone takes there: that is the same for all.
func (l *lab) memoryOf(ctx context.Context, c contestant, decodes bool) (rows []memoryRow, err error) {
	ws, err := l.workers(ctx, []contestant{c})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(ws)) }()

	for _, s := range []struct {
		scenario, op, function string
		payload, reply         int
		noOp                   bool
	}{
		{passOn, load.Hold, "half", load.MinDocument, limitSize, true},
		{takeIn, load.Hold, "late", limitSize, load.MinDocument, false},
		{decodeOut, load.Measure, "reply", load.MinDocument, limitSize, false},
		{decodeOut, load.Decode, "", 0, limitSize, false},
	} {
		row := memoryRow{Scenario: s.scenario, Contestant: c.Name}
		if s.op == load.Decode {
			if !decodes {
				continue
			}
			row.Contestant = decodingAlone
		}
		command := load.Command{
			Op: s.op,
			Target: load.Target{
				URL:      l.urls.Plain,
				Function: fmt.Sprintf("%s-%d", s.function, s.reply),
				NoOp:     s.noOp,
			},
			Control:     l.urls.Control,
			PayloadSize: s.payload,
			ReplySize:   s.reply,
			Concurrency: l.inFlight,
			Calls:       l.inFlight,
		}
		if s.op != load.Decode {
			// The connections, and what they need, are there before.
			warm := command
			warm.Op, warm.PayloadSize, warm.ReplySize = load.Warm, load.MinDocument, load.MinDocument
			warm.Target = load.Target{URL: l.urls.Plain, Function: fmt.Sprintf("reply-%d", load.MinDocument)}
			if _, err := ws[0].do(warm); err != nil {
				return nil, err
			}
		}
		var a load.Answer
		if s.op == load.Decode {
			a, err = ws[0].do(command)
		} else {
			a, _, err = l.proved(ws[0], command)
		}
		if err != nil {
			return nil, err
		}
		n := float64(a.Calls)
		row.Heap, row.Allocated, row.Passed = float64(a.Heap)/n, float64(a.Bytes)/n, a.Passed
		rows = append(rows, row)
	}
	return rows, nil
}
