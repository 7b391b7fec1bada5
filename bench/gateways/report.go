package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is the results of all rounds.
type report struct {
	Go    string `json:"go"`
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Date  string `json:"date"`
	// Commit is the repository's, empty where git does not tell. Dirty tells that there were
	// changes, or files, that are not in it.
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty,omitempty"`
	// Smoke and Partial mark what is not fit to be reported: a few requests only, and some
	// generations only.
	Smoke       bool    `json:"smoke,omitempty"`
	Partial     bool    `json:"partial,omitempty"`
	Rounds      int     `json:"rounds"`
	Concurrency int     `json:"concurrency"`
	Rows        []row   `json:"rows"`
	Ratios      []ratio `json:"ratios"`

	err error // the first one of a request
}

// newReport is one without results.
func newReport(ctx context.Context, o options) *report {
	r := &report{
		Go:    goVersion(),
		CPU:   cpuModel(),
		Cores: runtime.NumCPU(),
		Date:  time.Now().UTC().Format(time.DateOnly),
		Smoke: o.smoke, Partial: o.partial,
		Rounds: o.rounds, Concurrency: o.concurrency,
	}
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return r
	}
	changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	if err != nil {
		return r
	}
	r.Commit, r.Dirty = string(bytes.TrimSpace(commit)), len(changes) > 0
	return r
}

// A row is the medians of one endpoint's runs.
type row struct {
	Generation string `json:"generation"`
	Method     string `json:"method"`
	Name       string `json:"name"`
	PerSecond  number `json:"requests_per_second"`
	CPU        number `json:"cpu_us_per_request,omitzero"` // of the gateway's process
	P50        number `json:"p50_us"`
	P99        number `json:"p99_us"`
	Errors     int    `json:"errors"` // of all rounds
}

// A ratio is of the rounds' ratios, the Lambda endpoint's figure by the other one's.
type ratio struct {
	Generation string `json:"generation"`
	Method     string `json:"method"`
	Against    string `json:"against"`
	PerSecond  spread `json:"requests_per_second"`
	CPU        spread `json:"cpu_per_request,omitzero"`
}

// A spread is the median, the least and the most of the rounds' values.
type spread struct {
	Median number `json:"median"`
	Low    number `json:"low"`
	High   number `json:"high"`
}

func newSpread(values []float64) spread {
	known := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(known) == 0 {
		unknown := number(math.NaN())
		return spread{unknown, unknown, unknown}
	}
	return spread{number(median(known)), number(slices.Min(known)), number(slices.Max(known))}
}

// IsZero tells that the values are not known.
func (s spread) IsZero() bool { return s.Median.IsZero() }

func (s spread) String() string {
	if s.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%v (%v to %v)", s.Median, s.Low, s.High)
}

// A number has as many digits as it deserves. One that is not known is NaN, and left out.
type number float64

// IsZero tells that the number is not known.
func (n number) IsZero() bool { return math.IsNaN(float64(n)) }

// MarshalJSON implements json.Marshaler.
//
//nolint:unparam // it is the interface's signature
func (n number) MarshalJSON() ([]byte, error) {
	if n.IsZero() {
		return []byte("null"), nil
	}
	return []byte(n.String()), nil
}

func (n number) String() string {
	switch {
	case n.IsZero():
		return "-"
	case math.Abs(float64(n)) < 10:
		return strconv.FormatFloat(float64(n), 'f', 3, 64)
	default:
		return strconv.FormatFloat(float64(n), 'f', 0, 64)
	}
}

// add takes in the measurements of one generation.
func (r *report) add(generation string, measured []measurement) {
	of := func(method, name string, figure func(measurement) float64) []float64 {
		values := make([]float64, r.Rounds)
		for i := range values {
			values[i] = math.NaN()
		}
		for _, m := range measured {
			if m.method == method && m.name == name {
				values[m.round] = figure(m)
			}
		}
		return values
	}
	perSecond := func(m measurement) float64 { return m.perSecond }
	cpu := func(m measurement) float64 { return m.cpu }

	for _, method := range methods() {
		for _, name := range []string{ours, plain, former} {
			requests := of(method, name, perSecond)
			if math.IsNaN(median(requests)) {
				continue // not measured
			}
			row := row{
				Generation: generation, Method: method, Name: name,
				PerSecond: number(median(requests)),
				CPU:       number(median(of(method, name, cpu))),
				P50:       number(median(of(method, name, func(m measurement) float64 { return m.p50 }))),
				P99:       number(median(of(method, name, func(m measurement) float64 { return m.p99 }))),
			}
			for _, m := range measured {
				if m.method == method && m.name == name {
					row.Errors += m.errors
				}
			}
			r.Rows = append(r.Rows, row)
			if name != ours {
				r.Ratios = append(r.Ratios, ratio{
					Generation: generation, Method: method, Against: name,
					PerSecond: newSpread(quotients(of(method, ours, perSecond), requests)),
					CPU:       newSpread(quotients(of(method, ours, cpu), of(method, name, cpu))),
				})
			}
		}
	}
	for _, m := range measured {
		if r.err == nil && m.err != nil {
			r.err = fmt.Errorf("%s %s %s: %w", generation, m.method, m.name, m.err)
		}
	}
}

func quotients(a, b []float64) []float64 {
	q := make([]float64, len(a))
	for i := range a {
		q[i] = a[i] / b[i]
	}
	return q
}

// failed tells of requests that were not answered as they should be.
func (r *report) failed() error {
	n := 0
	for _, row := range r.Rows {
		n += row.Errors
		if row.PerSecond == 0 {
			return errors.Join(fmt.Errorf("%s %s %s: no request was answered", row.Generation, row.Method, row.Name), r.err)
		}
	}
	if n > 0 {
		return fmt.Errorf("%d requests failed, the first one with: %w", n, r.err)
	}
	return nil
}

func (r *report) print(w io.Writer) error {
	fmt.Fprintf(w, "%s, %s, %d CPUs, medians of rounds: %d\n\n", r.Go, r.CPU, r.Cores, r.Rounds)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "gateway\tmethod\tendpoint\trequests/s\tgateway's CPU µs/request\tp50 µs\tp99 µs\terrors\t")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%v\t%v\t%v\t%v\t%d\t\n", row.Generation, row.Method, row.Name, row.PerSecond, row.CPU, row.P50, row.P99, row.Errors)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nlambda divided by the other endpoint (wanted: by %s at least 0.85 of the requests/s; by %s at least 1, and less CPU)\n\n", plain, former)
	fmt.Fprintln(t, "gateway\tmethod\tdivided by\trequests/s\tCPU/request\t")
	for _, ratio := range r.Ratios {
		fmt.Fprintf(t, "%s\t%s\t%s\t%v\t%v\t\n", ratio.Generation, ratio.Method, ratio.Against, ratio.PerSecond, ratio.CPU)
	}
	return t.Flush()
}

// write makes the file, and the directories that it is in.
func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func goVersion() string {
	return fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// cpuModel names the CPUs.
func cpuModel() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for s := bufio.NewScanner(bytes.NewReader(info)); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return model
}
