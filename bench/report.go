package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed report.md.tmpl
var reportTemplate string

// results are all that there is to report. What was not measured is nil.
type results struct {
	Calls    *callsResult
	Memory   *memoryResult
	Start    *startResult
	Gateways *gatewaysResult
}

const (
	relativeFile = "performance.svg"
	cellsFile    = "performance-cells.svg"
)

// writeReport writes performance.md and its plots from the files in results to docs.
// Results that are not fit for it, or of different commits, are refused but for force.
func writeReport(from, docs string, force bool) error {
	r, err := readResults(from, force)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	files := make(map[string]string)
	if plot, ok := relativePlot(*r.Calls); ok {
		files[relativeFile] = plot
	}
	if plot, ok := cellsPlot(*r.Calls); ok {
		files[cellsFile] = plot
	}
	text, err := r.markdown()
	if err != nil {
		return err
	}
	files["performance.md"] = text
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(docs, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func readResults(from string, force bool) (r results, err error) {
	var commit, commitOf string
	for _, file := range []struct {
		name string
		to   any
	}{
		{"calls.json", &r.Calls},
		{"memory.json", &r.Memory},
		{"start.json", &r.Start},
		{"gateways.json", &r.Gateways},
	} {
		path := filepath.Join(from, file.name)
		var m machine
		err := readJSON(path, &m)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = readJSON(path, file.to)
		}
		if err == nil && !force {
			err = m.fit()
		}
		if err == nil && !force && commit != "" && commit != m.source() {
			err = fmt.Errorf("it is of %s, %s of %s", m.source(), commitOf, commit)
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", file.name, err)
		}
		commit, commitOf = m.source(), file.name
	}
	if r.Calls == nil {
		return r, errors.New("there is no calls.json: measure the calls first")
	}
	if r.Gateways != nil {
		if err := r.Gateways.withoutErrors(); err != nil {
			return r, fmt.Errorf("gateways.json: %w", err)
		}
	}
	return r, nil
}

func (r results) markdown() (string, error) {
	t, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, r); err != nil {
		return "", err
	}
	// The tables end with an empty line, wherever they stand.
	text := regexp.MustCompile(`\n{3,}`).ReplaceAllString(b.String(), "\n\n")
	return strings.TrimRight(text, "\n") + "\n", nil
}

// Headline is the cell that the report begins with, nil where it was not measured.
func (r *callsResult) Headline() *cellResult {
	if c, ok := r.find(headline()); ok {
		return &c
	}
	return nil
}

func (c *cellResult) Figures() string { return figuresTable(*c).markdown() }
func (c *cellResult) RatioTable() string {
	return ratioTable(*c).markdown()
}
func (c *cellResult) Describe() string { return c.describe() }

// Against has this module's ratios to another contestant, in all cells.
func (r *callsResult) Against(of, to string) string {
	t := &table{head: []string{title(of) + " / " + title(to), "calls/s", "CPU per call", "allocations", "allocated", "p50", "p99"}}
	for _, c := range r.Cells {
		p := pair{of, to}
		if c.rounds(of) == nil || c.rounds(to) == nil {
			continue
		}
		row := []string{c.describe(), ranged(c.ratio(p, throughput)), ranged(c.ratio(p, cpu))}
		for _, figure := range []func(figures) float64{mallocs, allocated, p50, p99} {
			row = append(row, times(median(c.ratio(p, figure))))
		}
		t.add(row...)
	}
	if len(t.rows) == 0 {
		return ""
	}
	return t.markdown()
}

// Absolute has the medians of a contestant in all cells.
func (r *callsResult) Absolute(name string) string {
	t := &table{head: []string{title(name), "calls/s", "CPU per call", "allocations", "allocated", "p50", "p99"}}
	for _, c := range r.Cells {
		for _, contestant := range c.Contestants {
			if m := contestant.Median; contestant.Name == name {
				t.add(c.describe(), number(m.CallsPerSecond), duration(m.CPUMicros), number(m.Mallocs), size(m.Bytes), latency(m.P50), latency(m.P99))
			}
		}
	}
	if len(t.rows) == 0 {
		return ""
	}
	return t.markdown()
}

// Overview says from what to what this module's figures go against the published one's,
// over all cells, and over those in which decoding dominates. It is empty where the two
// were not measured.
func (r *callsResult) Overview() string {
	over := func(figure func(figures) float64, take func(cell) bool) (n int, from, to string) {
		var all []float64
		for _, c := range r.Cells {
			if values := c.ratio(pair{ours, published}, figure); take(c.cell) && len(values) > 0 {
				all = append(all, median(values))
			}
		}
		s := summarize(all)
		return len(all), times(s.low), times(s.high)
	}
	every := func(cell) bool { return true }
	decoding := func(c cell) bool { return c.Reply >= large }

	n, from, to := over(cpu, every)
	if n == 0 {
		return ""
	}
	_, bytesFrom, bytesTo := over(allocated, every)
	_, callsFrom, callsTo := over(throughput, every)
	s := fmt.Sprintf("Over all cells measured, %d, a call through this module takes %s to %s times the CPU time of one through the published module for KrakenD 2 and allocates %s to %s times the bytes, and there are %s to %s times as many calls per second",
		n, from, to, bytesFrom, bytesTo, callsFrom, callsTo)
	if n, from, to = over(cpu, decoding); n > 0 {
		_, bytesFrom, bytesTo = over(allocated, decoding)
		_, callsFrom, callsTo = over(throughput, decoding)
		s += fmt.Sprintf("; with replies of %s decoding dominates, and it is %s to %s times the CPU time, %s to %s times the bytes and %s to %s times the calls per second",
			spaced(large), from, to, bytesFrom, bytesTo, callsFrom, callsTo)
	}
	return s + "."
}

// Opened says how many connections the calls opened after their warm-up.
func (r *callsResult) Opened() string {
	var own, others float64
	for _, c := range r.Cells {
		for _, contestant := range c.Contestants {
			for _, round := range contestant.Rounds {
				if strings.HasPrefix(contestant.Name, ours) {
					own += round.Opened
				} else {
					others += round.Opened
				}
			}
		}
	}
	return fmt.Sprintf("this module opened %.0f, and all the others together %.0f", own, others)
}

// MaxSpread is the widest range of a ratio of calls per second to the published module, in
// parts of the ratio itself.
func (r *callsResult) MaxSpread() string {
	var widest float64
	for _, c := range r.Cells {
		if s := summarize(c.ratio(pair{ours, published}, throughput)); s.median > 0 {
			widest = max(widest, (s.high-s.low)/s.median)
		}
	}
	return fmt.Sprintf("%.0f %%", widest*100)
}

func (r *memoryResult) Scenarios() []string { return scenarios() }
func (r *memoryResult) Title(s string) string {
	return r.scenarioTitle(s)
}
func (r *memoryResult) Table(s string) string { return memoryTable(*r, s).markdown() }

func (r *startResult) Table() string { return startTable(*r).markdown() }

func (r *gatewaysResult) Table() string      { return gatewaysTable(*r).markdown() }
func (r *gatewaysResult) RatioTable() string { return gatewayRatiosTable(*r).markdown() }
