package main

import (
	"fmt"
	"io"
	"strings"
)

// describe says what a cell's calls are.
func (c cell) describe() string {
	scheme := "plain"
	if c.TLS {
		scheme = "TLS"
	}
	return fmt.Sprintf("%d at once, %s, %s", c.Concurrency, scheme, sizesOf(c.Payload, c.Reply))
}

func sizesOf(payload, reply int) string {
	return spaced(payload) + " in, " + spaced(reply) + " out"
}

// spaced is compact with a space before the unit.
func spaced(bytes int) string {
	s := compact(bytes)
	unit := strings.TrimLeft(s, "0123456789")
	return strings.TrimSuffix(s, unit) + " " + unit
}

// figuresTable has what the contestants of a cell took.
func figuresTable(c cellResult) *table {
	t := &table{head: []string{"", "calls/s", "CPU per call", "allocations", "allocated", "p50", "p99", "connections opened"}}
	for _, r := range c.Contestants {
		m := r.Median
		t.add(title(r.Name), number(m.CallsPerSecond), duration(m.CPUMicros), number(m.Mallocs), size(m.Bytes), latency(m.P50), latency(m.P99), number(m.Opened))
	}
	return t
}

// ratioTable has the ratios of a cell, with the rounds' extremes.
func ratioTable(c cellResult) *table {
	t := &table{head: []string{"", "calls/s", "CPU per call", "allocations", "allocated"}}
	for _, p := range pairs() {
		if c.rounds(p.of) == nil || c.rounds(p.to) == nil {
			continue
		}
		t.add(title(p.of)+" / "+title(p.to), ranged(c.ratio(p, throughput)), ranged(c.ratio(p, cpu)), ranged(c.ratio(p, mallocs)), ranged(c.ratio(p, allocated)))
	}
	return t
}

func printCalls(w io.Writer, result callsResult) error {
	for _, c := range result.Cells {
		fmt.Fprintf(w, "%s (%s), median of %d\n\n", c.Name, c.describe(), result.Rounds)
		if err := figuresTable(c).writeText(w); err != nil {
			return err
		}
		if r := ratioTable(c); len(r.rows) > 0 {
			if err := r.writeText(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// memoryTable has one scenario.
func memoryTable(r memoryResult, scenario string) *table {
	multiple := func(bytes float64) string { return times(bytes / float64(r.Size)) }
	t := &table{}
	switch scenario {
	case passOn:
		t.head = []string{"", "in use per call", "in use in all", "of the reply's size", "allocated per call"}
	case takeIn:
		t.head = []string{"", "in use per call", "of the payload's size", "allocated per call", "of the size"}
	case decodeOut:
		t.head = []string{"", "allocated per call", "of decoding alone"}
	}
	alone, _ := r.row(decodeOut, decodingAlone)
	for _, row := range r.Rows {
		if row.Scenario != scenario {
			continue
		}
		name := title(row.Contestant)
		switch scenario {
		case passOn:
			if !row.Passed {
				name += " (decodes)"
			}
			t.add(name, size(row.Heap), size(row.Heap*float64(r.InFlight)), multiple(row.Heap), size(row.Allocated))
		case takeIn:
			t.add(name, size(row.Heap), multiple(row.Heap), size(row.Allocated), multiple(row.Allocated))
		case decodeOut:
			ratio := "-"
			if alone.Allocated > 0 {
				ratio = times(row.Allocated / alone.Allocated)
			}
			t.add(name, size(row.Allocated), ratio)
		}
	}
	return t
}

// scenarioTitle says what a scenario of memory is.
func (r memoryResult) scenarioTitle(scenario string) string {
	return fmt.Sprintf(map[string]string{
		passOn:    "%d replies of %s passed on with no-op, each held in its middle",
		decodeOut: "%d JSON replies of %s decoded at once",
		takeIn:    "%d payloads of %s sent, their replies held",
	}[scenario], r.InFlight, spaced(r.Size))
}

func scenarios() []string { return []string{passOn, decodeOut, takeIn} }

func printMemory(w io.Writer, result memoryResult) error {
	for _, s := range scenarios() {
		fmt.Fprintf(w, "%s\n\n", result.scenarioTitle(s))
		if err := memoryTable(result, s).writeText(w); err != nil {
			return err
		}
	}
	return nil
}

func startTable(r startResult) *table {
	t := &table{head: []string{"", "time", "allocated", "heap kept"}}
	for _, row := range r.Rows {
		t.add(title(row.Contestant),
			duration(median(column(row.Rounds, startSeconds))*1e6),
			size(median(column(row.Rounds, startBytes))),
			size(median(column(row.Rounds, startHeap))))
	}
	for _, p := range pairs() {
		if r.rounds(p.of) == nil || r.rounds(p.to) == nil {
			continue
		}
		t.add(title(p.of)+" / "+title(p.to), ranged(r.ratio(p, startSeconds)), ranged(r.ratio(p, startBytes)), ranged(r.ratio(p, startHeap)))
	}
	return t
}

func printStart(w io.Writer, result startResult) error {
	fmt.Fprintf(w, "the pipes of %d backends, median of %d\n\n", result.Backends, result.Rounds)
	return startTable(result).writeText(w)
}
