package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// figures are what was counted in a round, or ratios of that.
type figures struct {
	// Calls is how many there were. With fewer than minForP99 there is no P99: it is 0.
	Calls          float64 `json:"calls,omitzero"`
	CallsPerSecond float64 `json:"calls_per_second"`
	CPUMicros      float64 `json:"cpu_us_per_call"`
	Mallocs        float64 `json:"allocations_per_call"`
	Bytes          float64 `json:"bytes_per_call"`
	P50            float64 `json:"p50_us,omitzero"`
	P99            float64 `json:"p99_us,omitzero"`
	// Opened is how many connections were opened after the warm-up, in all.
	Opened float64 `json:"connections_opened"`
}

func figuresOf(a load.Answer, opened int) figures {
	n := float64(a.Calls)
	f := figures{
		Calls:          n,
		CallsPerSecond: n / a.Seconds,
		CPUMicros:      a.CPUSeconds * 1e6 / n,
		Mallocs:        float64(a.Mallocs) / n,
		Bytes:          float64(a.Bytes) / n,
		P50:            a.P50,
		Opened:         float64(opened),
	}
	if a.Calls >= minForP99 {
		f.P99 = a.P99
	}
	return f
}

// minForP99 is of how many calls one in a hundred is more than chance.
const minForP99 = 200

// each sets each figure of to, but for Calls and Opened, to what f makes of it.
func (to *figures) each(f func(get func(figures) float64) float64) {
	to.CallsPerSecond = f(throughput)
	to.CPUMicros = f(cpu)
	to.Mallocs = f(mallocs)
	to.Bytes = f(allocated)
	to.P50 = f(p50)
	to.P99 = f(p99)
}

func throughput(f figures) float64 { return f.CallsPerSecond }
func cpu(f figures) float64        { return f.CPUMicros }
func mallocs(f figures) float64    { return f.Mallocs }
func allocated(f figures) float64  { return f.Bytes }
func p50(f figures) float64        { return f.P50 }
func p99(f figures) float64        { return f.P99 }
func opened(f figures) float64     { return f.Opened }

// callsResult is calls.json.
type callsResult struct {
	machine
	Rounds   int           `json:"rounds"`
	Duration time.Duration `json:"duration"` // of a measurement, ns
	Cells    []cellResult  `json:"cells"`
}

type cellResult struct {
	cell
	Contestants []contestantResult `json:"contestants"`
	// Ratios are the medians of the rounds' ratios.
	Ratios []ratioResult `json:"ratios"`
}

type contestantResult struct {
	Name   string    `json:"name"`
	Median figures   `json:"median"`
	Rounds []figures `json:"rounds"`
}

type ratioResult struct {
	Of string `json:"of"`
	To string `json:"to"`
	figures
}

// rounds returns the rounds of a contestant, nil where it did not take part.
func (c cellResult) rounds(name string) []figures {
	i := slices.IndexFunc(c.Contestants, func(r contestantResult) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return c.Contestants[i].Rounds
}

// ratio returns the rounds' ratios of a figure.
func (c cellResult) ratio(p pair, figure func(figures) float64) []float64 {
	return ratios(column(c.rounds(p.of), figure), column(c.rounds(p.to), figure))
}

// summarize works out the medians and the ratios of the rounds so far.
func (c *cellResult) summarize() {
	for i := range c.Contestants {
		r := &c.Contestants[i]
		r.Median.each(func(get func(figures) float64) float64 {
			values := column(r.Rounds, get)
			if slices.Contains(values, 0) { // not known in each round
				return 0
			}
			return median(values)
		})
		r.Median.Calls = median(column(r.Rounds, func(f figures) float64 { return f.Calls }))
		r.Median.Opened = median(column(r.Rounds, opened))
	}
	c.Ratios = nil
	for _, p := range pairs() {
		if c.rounds(p.of) == nil || c.rounds(p.to) == nil {
			continue
		}
		r := ratioResult{Of: p.of, To: p.to}
		r.each(func(get func(figures) float64) float64 {
			if all := c.ratio(p, get); len(all) > 0 {
				return median(all)
			}
			return 0
		})
		c.Ratios = append(c.Ratios, r)
	}
}

// calls measures calls in all cells.
func (l *lab) calls(ctx context.Context, stdout io.Writer) (err error) {
	ws, err := l.workers(ctx, l.chosen())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll(ws)) }()

	cells := allCells()
	if l.smoke {
		cells = smokeCells()
	}
	cells = slices.DeleteFunc(cells, func(c cell) bool { return !l.cells.MatchString(c.Name) })
	result := callsResult{machine: l.machine, Rounds: l.rounds, Duration: l.duration}
	for _, c := range cells {
		r := cellResult{cell: c}
		for _, w := range ws {
			r.Contestants = append(r.Contestants, contestantResult{Name: w.Name})
		}
		result.Cells = append(result.Cells, r)
	}
	// Cells within rounds: what else the machine does for a while spoils one round of some
	// cells, not all rounds of one.
	indices := make([]int, len(ws))
	for i := range indices {
		indices[i] = i
	}
	for round := range l.rounds {
		for i := range result.Cells {
			c := &result.Cells[i]
			fmt.Fprintf(l.stderr, "round %d of %d: %s\n", round+1, l.rounds, c.Name)
			for _, n := range rotated(indices, round+i) {
				f, err := l.measure(ws[n], c.cell)
				if err != nil {
					return fmt.Errorf("%s: %w", c.Name, err)
				}
				c.Contestants[n].Rounds = append(c.Contestants[n].Rounds, f)
			}
			c.summarize()
		}
		// Not all is lost with an interrupted run, and nobody takes it for a whole one.
		soFar := result
		soFar.Rounds, soFar.Partial = round+1, true
		if err := writeJSON(l.results, partialCalls, soFar); err != nil {
			return err
		}
	}
	if err := writeJSON(l.results, "calls.json", result); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(l.results, partialCalls)); err != nil {
		return err
	}
	return printCalls(stdout, result)
}

// partialCalls is the file of the rounds so far.
const partialCalls = "calls.partial.json"

// measure makes the calls of one contestant in one cell and round.
func (l *lab) measure(w worker, c cell) (figures, error) {
	command := load.Command{
		Op:          load.Warm,
		Target:      load.Target{URL: l.urls.Plain, Function: fmt.Sprintf("reply-%d", c.Reply)},
		PayloadSize: c.Payload,
		ReplySize:   c.Reply,
		Concurrency: c.Concurrency,
	}
	if c.TLS {
		command.Target.URL = l.urls.TLS
	}
	command.Calls, command.Duration = c.warmUp()
	if l.smoke {
		command.Calls = 200
	}
	if _, err := w.do(command); err != nil {
		return figures{}, err
	}
	command.Op = load.Measure
	if !l.smoke {
		command.Calls, command.AtLeast, command.Duration = 0, c.atLeast(), l.duration
	}
	answer, opened, err := l.proved(w, command)
	if err != nil {
		return figures{}, err
	}
	return figuresOf(answer, opened), nil
}
