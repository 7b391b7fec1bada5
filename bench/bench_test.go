package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		given := slices.Clone(tc.values)
		if got := median(tc.values); got != tc.want {
			t.Errorf("median(%v) = %v, want %v", given, got, tc.want)
		}
		if !slices.Equal(tc.values, given) {
			t.Errorf("median has changed %v to %v", given, tc.values)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v, want NaN", got)
	}
}

func TestRatiosPairRounds(t *testing.T) {
	for _, tc := range []struct{ a, b, want []float64 }{
		{[]float64{2, 9}, []float64{1, 3}, []float64{2, 3}},
		{[]float64{2, 9, 4}, []float64{1, 3}, []float64{2, 3}},
		{[]float64{2, 9}, []float64{0, 3}, []float64{3}},
		{[]float64{0, 9}, []float64{2, 3}, []float64{3}},
		{nil, []float64{1}, nil},
	} {
		if got := ratios(tc.a, tc.b); !slices.Equal(got, tc.want) {
			t.Errorf("ratios(%v, %v) = %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

// The median of the ratios is not the ratio of the medians: rounds stay together.
func TestCellRatioIsOfRounds(t *testing.T) {
	c := cellResult{Contestants: []contestantResult{
		{Name: ours, Rounds: []figures{{CPUMicros: 10}, {CPUMicros: 200}, {CPUMicros: 30}}},
		{Name: published, Rounds: []figures{{CPUMicros: 20}, {CPUMicros: 100}, {CPUMicros: 30}}},
	}}
	c.summarize()
	if got := c.Contestants[0].Median.CPUMicros; got != 30 {
		t.Errorf("the median is %v, want 30", got)
	}
	if len(c.Ratios) != 1 || c.Ratios[0].CPUMicros != 1 {
		t.Errorf("got the ratios %+v, want one of 1", c.Ratios)
	}
}

func TestSummarize(t *testing.T) {
	if got, want := summarize([]float64{2, 8, 5}), (summary{5, 2, 8}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRotatedBeginsWithEach(t *testing.T) {
	var first []int
	for round := range 4 {
		order := rotated([]int{1, 2, 3}, round)
		if len(order) != 3 {
			t.Errorf("round %d has %v", round, order)
		}
		first = append(first, order[0])
	}
	// Odd rounds go the other way round.
	if got, want := rotated([]int{1, 2, 3, 4}, 1), []int{2, 1, 4, 3}; !slices.Equal(got, want) {
		t.Errorf("the second round has %v, want %v", got, want)
	}
	if want := []int{1, 2, 3, 1}; !slices.Equal(first, want) {
		t.Errorf("the rounds begin with %v, want %v", first, want)
	}
	if got := rotated([]int(nil), 3); len(got) != 0 {
		t.Errorf("nothing rotated is %v", got)
	}
}

// More than one wave of calls is made, however long they take.
func TestAtLeast(t *testing.T) {
	for _, c := range allCells() {
		if got := c.atLeast(); got <= c.Concurrency {
			t.Errorf("%s: got %d, want more than those at once", c.Name, got)
		}
		if calls, d := c.warmUp(); (calls > 0) == (d > 0) {
			t.Errorf("%s warms up for %d calls and %v, want one of both", c.Name, calls, d)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{number(0), "0"},
		{number(1.234), "1.23"},
		{number(12.34), "12.3"},
		{number(999.4), "999"},
		{number(1234567), "1,234,567"},
		{number(1007), "1,007"},
		{number(math.NaN()), "-"},
		{size(512), "512 B"},
		{size(20 << 10), "20.0 KB"},
		{size(6 << 20), "6.00 MB"},
		{duration(250), "250 µs"},
		{duration(2500), "2.50 ms"},
		{duration(2.5e6), "2.50 s"},
		{compact(small) + " " + compact(medium) + " " + compact(large), "100B 10KB 1MB"},
		{spaced(medium), "10 KB"},
		{times(math.NaN()), "-"},
		{ranged([]float64{1, 3, 2}), "2.00 (1.00 to 3.00)"},
		{ranged([]float64{1}), "1.00"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestTable(t *testing.T) {
	tab := table{head: []string{"", "time"}}
	tab.add("one", "250 µs")
	tab.add("the | other", "1 s")
	var b bytes.Buffer
	if err := tab.writeText(&b); err != nil {
		t.Fatal(err)
	}
	if want := "               time\none          250 µs\nthe | other     1 s\n\n"; b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
	if got, want := tab.markdown(), "|  | time |\n|---|---:|\n| one | 250 µs |\n| the \\| other | 1 s |\n\n"; got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestStepFor(t *testing.T) {
	for _, tc := range []struct{ most, want float64 }{{1.12, 0.2}, {2, 0.2}, {2.1, 0.5}, {9, 1}, {30, 5}} {
		if got := stepFor(tc.most); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("stepFor(%v) = %v, want %v", tc.most, got, tc.want)
		}
	}
}

func TestSVG(t *testing.T) {
	got := svg("a < b", "bytes", []panel{{
		title:  "first & last",
		yLabel: "ratio",
		groups: []string{"one", "two"},
		series: []string{"ours", "theirs"},
		values: [][]summary{{{0.5, 0.5, 0.5}, {math.NaN(), math.NaN(), math.NaN()}}, {{2, 1.5, 3}, {math.Inf(1), 1, 1}}},
	}})
	bars, whiskers := 0, 0
	texts := make(map[string]bool)
	d := xml.NewDecoder(strings.NewReader(got))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			for _, a := range token.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") || a.Name.Local == "height" && strings.HasPrefix(a.Value, "-") {
					t.Errorf("%s has %s=%q", token.Name.Local, a.Name.Local, a.Value)
				}
			}
			if token.Name.Local == "rect" {
				bars++
			}
			if token.Name.Local == "path" {
				whiskers++
				var x, low, high, begin, end, y, again, top, right float64
				path := token.Attr[0].Value
				if n, err := fmt.Sscanf(path, "M%f %fV%fM%f %fH%fM%f %fH%f", &x, &low, &high, &begin, &y, &end, &again, &top, &right); n != 9 || err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if begin != x-3 || end != x+3 || again != begin || right != end || y != low || top != high || high >= low {
					t.Errorf("%s is no whisker: a line with a short one across each end", path)
				}
			}
		case xml.CharData:
			texts[string(token)] = true
		}
	}
	if want := 1 + 2 + 2; bars != want { // the ground, the legend, the values
		t.Errorf("there are %d rectangles, want %d", bars, want)
	}
	if whiskers != 1 { // of what has a range
		t.Errorf("there are %d whiskers, want 1", whiskers)
	}
	for _, want := range []string{"a < b", "first & last", "bytes", "ratio", "one", "two", "ours", "theirs", "0.50", "2.00"} {
		if !texts[want] {
			t.Errorf("there is no text %q", want)
		}
	}
}

func TestCommandLineIsChecked(t *testing.T) {
	for _, args := range [][]string{{"dance"}, {"-rounds", "0"}, {"-cells", "("}, {"-only", "("}, {"-duration", "0s"}, {"-nothing"}} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestReportNeedsCalls(t *testing.T) {
	if err := writeReport(t.TempDir(), t.TempDir(), true); err == nil {
		t.Error("a report is made of nothing")
	}
}

// TestSmoke runs all contestants for a few calls, and makes a report of it.
func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	// A file: all processes write to it.
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	var stdout bytes.Buffer
	if err := run(t.Context(), []string{"-smoke", "-results", dir, "-docs", dir}, &stdout, stderr); err != nil {
		output, _ := os.ReadFile(stderr.Name())
		t.Fatalf("%v\n%s", err, output)
	}
	for _, c := range contestants() {
		if !strings.Contains(stdout.String(), c.Title) {
			t.Errorf("%s is not in the tables", c.Title)
		}
	}
	var calls callsResult
	b, err := os.ReadFile(filepath.Join(dir, "calls.json"))
	if err == nil {
		err = json.Unmarshal(b, &calls)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !calls.Smoke {
		t.Error("the results do not say that they are of -smoke")
	}
	if err := run(t.Context(), []string{"-results", dir, "-docs", dir, "report"}, &stdout, stderr); err == nil || !strings.Contains(err.Error(), "-smoke") {
		t.Errorf("the report of -smoke is made, or not made for another reason: %v", err)
	}
	if strings.Contains(calls.SDK()+calls.Lura2()+calls.Lura14()+calls.Published2()+calls.Published14(), "unknown") {
		t.Errorf("not all versions are known: %v", calls.Versions)
	}
	for _, c := range calls.Cells {
		if len(c.Contestants) != len(contestants()) || len(c.Ratios) != len(pairs()) {
			t.Errorf("%s has %d contestants and %d ratios", c.Name, len(c.Contestants), len(c.Ratios))
		}
	}

	for _, c := range calls.Cells {
		for _, r := range c.Contestants {
			if r.Median.Calls != 200 {
				t.Errorf("%s made %v calls in %s, want 200", r.Name, r.Median.Calls, c.Name)
			}
			if r.Median.Opened > 10 {
				t.Errorf("%s opened %v connections after its warm-up, in %s", r.Name, r.Median.Opened, c.Name)
			}
		}
	}

	gateways := `{"go":"go1.26","cpu":"a CPU","date":"2026-01-02","rounds":3,"concurrency":64,"commit":"` + calls.Commit + `",
		"rows":[{"generation":"KrakenD 2","method":"POST","name":"lambda","requests_per_second":1234,"cpu_us_per_request":250,"p50_us":300,"p99_us":900}],
		"ratios":[{"generation":"KrakenD 2","method":"POST","against":"http",
			"requests_per_second":{"median":0.87,"low":0.8,"high":0.9},"cpu_per_request":{"median":1.31,"low":1.2,"high":1.4}}]}`
	for _, with := range []bool{false, true} {
		if with {
			if err := os.WriteFile(filepath.Join(dir, "gateways.json"), []byte(gateways), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := run(t.Context(), []string{"-results", dir, "-docs", dir, "-force", "report"}, &stdout, stderr); err != nil {
			t.Fatal(err)
		}
		report, err := os.ReadFile(filepath.Join(dir, "performance.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# Performance", "64 at once, plain, 100 B in, 100 B out, as ratios", "## Memory", "## Start", calls.Go, calls.source(), "Lura v2.", "Over all cells measured, 2,"} {
			if !strings.Contains(string(report), want) {
				t.Errorf("the report has no %q", want)
			}
		}
		if got := strings.Contains(string(report), "| KrakenD 2, POST / HTTP backend | 0.87 (0.80 to 0.90) | 1.31 (1.20 to 1.40) |"); got != with {
			t.Errorf("the report has gateways: %v, want %v", got, with)
		}
	}
}
