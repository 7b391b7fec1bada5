package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// figures are what was counted in a round, or ratios of that.
type figures struct {
	CallsPerSecond float64 `json:"calls_per_second"`
	CPUMicros      float64 `json:"cpu_us_per_call"`
	Mallocs        float64 `json:"allocations_per_call"`
	Bytes          float64 `json:"bytes_per_call"`
	P50            float64 `json:"p50_us"`
	P99            float64 `json:"p99_us"`
	// Opened is how many connections were opened after the warm-up, in all.
	Opened float64 `json:"connections_opened"`
}

func figuresOf(a load.Answer, opened int) figures {
	n := float64(a.Calls)
	return figures{
		CallsPerSecond: n / a.Seconds,
		CPUMicros:      a.CPUSeconds * 1e6 / n,
		Mallocs:        float64(a.Mallocs) / n,
		Bytes:          float64(a.Bytes) / n,
		P50:            a.P50,
		P99:            a.P99,
		Opened:         float64(opened),
	}
}

// each sets each figure of to, but for Opened, to what f makes of it.
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
		r.Median.each(func(get func(figures) float64) float64 { return median(column(r.Rounds, get)) })
		r.Median.Opened = median(column(r.Rounds, opened))
	}
	c.Ratios = nil
	for _, p := range pairs() {
		if c.rounds(p.of) == nil || c.rounds(p.to) == nil {
			continue
		}
		r := ratioResult{Of: p.of, To: p.to}
		r.each(func(get func(figures) float64) float64 { return median(c.ratio(p, get)) })
		c.Ratios = append(c.Ratios, r)
	}
}

// calls measures calls in all cells.
func (l *lab) calls(ctx context.Context, stdout io.Writer) error {
	ws, err := l.workers(ctx, l.chosen())
	if err != nil {
		return err
	}
	defer closeAll(ws)

	cells := allCells()
	if l.smoke {
		cells = smokeCells()
	}
	cells = slices.DeleteFunc(cells, func(c cell) bool { return !l.cells.MatchString(c.Name) })
	result := callsResult{machine: thisMachine(), Rounds: l.rounds, Duration: l.duration}
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
		result.Rounds = round + 1
		if err := writeJSON(l.results, "calls.json", result); err != nil {
			return err
		}
	}
	return printCalls(stdout, result)
}

// measure makes the calls of one contestant in one cell and round.
func (l *lab) measure(w worker, c cell) (figures, error) {
	command := load.Command{
		Op:          load.Warm,
		Target:      load.Target{URL: l.urls.Plain, Function: fmt.Sprintf("reply-%d", c.Reply)},
		PayloadSize: c.Payload,
		ReplySize:   c.Reply,
		Concurrency: c.Concurrency,
		Duration:    min(l.duration, max(l.duration/4, 200*time.Millisecond)),
	}
	if c.TLS {
		command.Target.URL = l.urls.TLS
	}
	if l.smoke {
		command.Calls = 200
	}
	if _, err := w.do(command); err != nil {
		return figures{}, err
	}
	before, err := l.counts()
	if err != nil {
		return figures{}, err
	}
	command.Op = load.Measure
	answer, err := w.do(command)
	if err != nil {
		return figures{}, err
	}
	after, err := l.counts()
	if err != nil {
		return figures{}, err
	}
	return figuresOf(answer, after.Plain+after.TLS-before.Plain-before.TLS), nil
}
