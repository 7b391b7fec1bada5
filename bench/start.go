package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// startResult is start.json.
type startResult struct {
	machine
	Rounds   int        `json:"rounds"`
	Backends int        `json:"backends"`
	Rows     []startRow `json:"rows"`
}

// startRow is what one contestant's building of the pipes takes, by round.
type startRow struct {
	Contestant string       `json:"contestant"`
	Rounds     []startRound `json:"rounds"`
}

type startRound struct {
	Seconds float64 `json:"seconds"`
	Bytes   float64 `json:"bytes"` // allocated
	Heap    float64 `json:"heap"`  // kept, bytes
}

func startSeconds(r startRound) float64 { return r.Seconds }
func startBytes(r startRound) float64   { return r.Bytes }
func startHeap(r startRound) float64    { return r.Heap }

// rounds returns the rounds of a contestant, nil where it did not take part.
func (r startResult) rounds(name string) []startRound {
	i := slices.IndexFunc(r.Rows, func(row startRow) bool { return row.Contestant == name })
	if i < 0 {
		return nil
	}
	return r.Rows[i].Rounds
}

func (r startResult) ratio(p pair, figure func(startRound) float64) []float64 {
	return ratios(column(r.rounds(p.of), figure), column(r.rounds(p.to), figure))
}

// start measures the building of a gateway's pipes. Each measurement has a process of its
// own: what a process does only once is part of its start.
func (l *lab) start(ctx context.Context, stdout io.Writer) error {
	all := slices.DeleteFunc(l.chosen(), func(c contestant) bool { return !c.gateway })
	result := startResult{machine: l.machine, Rounds: l.rounds, Backends: l.backends}
	indices := make([]int, len(all))
	for i, c := range all {
		indices[i] = i
		result.Rows = append(result.Rows, startRow{Contestant: c.Name})
	}
	for round := range l.rounds {
		fmt.Fprintf(l.stderr, "start, round %d of %d\n", round+1, l.rounds)
		for _, n := range rotated(indices, round) {
			ws, err := l.workers(ctx, all[n:n+1])
			if err != nil {
				return err
			}
			a, err := ws[0].do(load.Command{Op: load.Pipes, Calls: l.backends})
			if err = errors.Join(err, closeAll(ws)); err != nil {
				return err
			}
			row := &result.Rows[n]
			row.Rounds = append(row.Rounds, startRound{a.Seconds, float64(a.Bytes), float64(a.Heap)})
		}
	}
	if err := writeJSON(l.results, "start.json", result); err != nil {
		return err
	}
	return printStart(stdout, result)
}
