package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// table returns a table in Markdown. The first column is text, the others are numbers.
func table(head string, rows ...string) string {
	return "| " + strings.ReplaceAll(head, "|", " | ") + " |\n|---" + strings.Repeat("|---:", strings.Count(head, "|")) + "|\n| " + strings.Join(rows, " |\n| ") + " |\n\n"
}

func row(cells ...string) string { return strings.Join(cells, " | ") }

// number formats a figure with three digits, or with all digits before the point.
func number(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func kilobytes(f float64) string { return number(f/1024) + " KB" }

// title returns a contestant's name in tables.
func title(all []contestant, name string) string {
	for _, c := range all {
		if c.name == name {
			return c.title
		}
	}
	return name
}

// comparisons returns the columns of tables: the contestants of pairs.
const comparisons = "KrakenD 2 / published v2.0.3|KrakenD 2 / aws-sdk-go-v2|KrakenD 1.4 / published v1.4.0|KrakenD 1.4 / aws-sdk-go"

func callTables(results callResults, all []contestant) string {
	var tables strings.Builder
	for _, of := range []struct {
		name   string
		figure func(slice) float64
		write  func([]float64) string
	}{
		{"CPU per call", cpuMicros, spread},
		{"calls per second", perSecond, spread},
		{"allocations", allocations, func(values []float64) string { return number(median(values)) }},
		{"bytes allocated", allocated, func(values []float64) string { return number(median(values)) }},
	} {
		var rows []string
		for i, c := range cells() {
			cells := []string{c.String()}
			for _, p := range pairs() {
				cells = append(cells, of.write(ratios(column(results[i][p[0]], of.figure), column(results[i][p[1]], of.figure))))
			}
			rows = append(rows, row(cells...))
		}
		tables.WriteString(table(of.name+"|"+comparisons, rows...))
	}
	var figures []string
	for i, c := range cells() {
		for _, who := range all {
			s := results[i][who.name]
			figures = append(figures, row(c.String()+": "+who.title, number(median(column(s, perSecond))), number(median(column(s, cpuMicros))),
				number(median(column(s, allocations))), kilobytes(median(column(s, allocated)))))
		}
	}
	return tables.String() + details(table("|calls per second|CPU per call, µs|allocations|allocated", figures...))
}

// details returns a hidden table of the absolute figures, which depend on the machine.
func details(table string) string {
	return "<details>\n<summary>Medians of each</summary>\n\n" + table + "</details>\n\n"
}

func startTable(results map[string][]started, all []contestant) string {
	figures := []func(started) float64{
		func(s started) float64 { return s.Seconds },
		func(s started) float64 { return s.Allocated },
		func(s started) float64 { return s.Kept },
	}
	var rows []string
	for _, who := range all {
		if s := results[who.name]; s != nil {
			rows = append(rows, row(who.title, number(1000*median(column(s, figures[0])))+" ms",
				kilobytes(median(column(s, figures[1]))), kilobytes(median(column(s, figures[2])))))
		}
	}
	for _, p := range pairs() {
		if a, b := results[p[0]], results[p[1]]; a != nil && b != nil {
			cells := []string{title(all, p[0]) + " / " + title(all, p[1])}
			for _, figure := range figures {
				cells = append(cells, spread(ratios(column(a, figure), column(b, figure))))
			}
			rows = append(rows, row(cells...))
		}
	}
	return table("|time|allocated|heap kept", rows...)
}

func gatewayTables(results []gatewayResults) string {
	var compared, figures []string
	for _, r := range results {
		cells := []string{r.String()}
		for _, kind := range []string{plainEndpoint, publishedEndpoint} {
			for _, figure := range []func(slice) float64{perSecond, cpuMicros} {
				cells = append(cells, spread(ratios(column(r.slices[lambdaEndpoint], figure), column(r.slices[kind], figure))))
			}
		}
		compared = append(compared, row(cells...))
		for _, kind := range []string{lambdaEndpoint, plainEndpoint, publishedEndpoint} {
			if s := r.slices[kind]; s != nil {
				figures = append(figures, row(r.String()+" "+kind, number(median(column(s, perSecond))), number(median(column(s, cpuMicros)))))
			}
		}
	}
	return table("Lambda endpoint of this module|requests/s, HTTP endpoint = 1|CPU per request|requests/s, published v2.0.3 = 1|CPU per request", compared...) +
		details(table("|requests per second|CPU per request, µs", figures...))
}

// provenance returns the place and date of a measurement.
func provenance(o options, task string) string {
	s := fmt.Sprintf("Medians of %d turns", o.rounds)
	if task != "start" {
		s += fmt.Sprintf(" of %v", o.duration)
	}
	if task == "gateways" {
		s += fmt.Sprintf(", %d concurrent requests", o.atOnce)
	}
	return s + fmt.Sprintf("; in brackets, half of the turns. %s, %s %s/%s, %d cores of %s.\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpuModel())
}

// cpuModel returns the kernel's name for the CPU, or the architecture if there is no name.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info); err == nil && m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}

func (o options) save(name, text string) error {
	if o.write == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(o.write, name), []byte(text), 0o644)
}

// update writes the tables of a measurement between its two marks in a page.
func (o options) update(name, task, tables string) error {
	if o.write == "" {
		return nil
	}
	page, err := os.ReadFile(filepath.Join(o.write, name))
	if err != nil {
		return err
	}
	text, err := between(string(page), "<!-- "+task+": written by make bench -->\n", "<!-- end of "+task+" -->", tables)
	if err != nil {
		return err
	}
	return o.save(name, text)
}

// between returns page with text between two marks.
func between(page, begin, end, text string) (string, error) {
	head, rest, found := strings.Cut(page, begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("the page lacks %q or %q", begin, end)
	}
	return head + begin + text + end + tail, nil
}
