package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// table is a table of text. Its first column is aligned to the left, all others to the
// right.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// writeText writes the table for a terminal.
func (t *table) writeText(w io.Writer) error {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, c := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i == 0 {
				line.WriteString(c + padding)
			} else {
				line.WriteString("  " + padding + c)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// markdown returns the table as Markdown, with an empty line after it.
func (t *table) markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	line(t.head)
	b.WriteString("|---|" + strings.Repeat("---:|", len(t.head)-1) + "\n")
	for _, row := range t.rows {
		escaped := make([]string, len(row))
		for i, c := range row {
			escaped[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		line(escaped)
	}
	return b.String() + "\n"
}

// number writes a figure with three digits or so, and thousands apart.
func number(f float64) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "-"
	case a >= 1000:
		return thousands(int64(math.Round(f)))
	case a >= 100 || a == 0:
		return fmt.Sprintf("%.0f", f)
	case a >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// size writes bytes in the unit that suits them.
func size(bytes float64) string {
	switch a := math.Abs(bytes); {
	case math.IsNaN(bytes):
		return "-"
	case a >= 1<<20:
		return number(bytes/(1<<20)) + " MB"
	case a >= 1<<10:
		return number(bytes/(1<<10)) + " KB"
	}
	return number(bytes) + " B"
}

// duration writes microseconds in the unit that suits them.
func duration(micros float64) string {
	switch {
	case math.IsNaN(micros):
		return "-"
	case micros >= 1e6:
		return number(micros/1e6) + " s"
	case micros >= 1e3:
		return number(micros/1e3) + " ms"
	}
	return number(micros) + " µs"
}

// latency is duration, for a figure that may be unknown, which is 0.
func latency(micros float64) string {
	if micros == 0 {
		return "-"
	}
	return duration(micros)
}

// times writes a ratio.
func times(f float64) string {
	if math.IsNaN(f) {
		return "-"
	}
	return fmt.Sprintf("%.2f", f)
}

// ranged writes a ratio with the least and the most of its rounds.
func ranged(values []float64) string {
	s := summarize(values)
	if len(values) < 2 {
		return times(s.median)
	}
	return spread(s)
}

func spread(s summary) string {
	return fmt.Sprintf("%s (%s to %s)", times(s.median), times(s.low), times(s.high))
}
