package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// resultsOf makes files with these contents.
func resultsOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReportRefuses(t *testing.T) {
	const (
		whole    = `{"commit":"abc"}`
		gateways = `{"commit":"abc","rows":[{"generation":"KrakenD 2","errors":%d}]}`
	)
	for name, tc := range map[string]struct {
		files map[string]string
		want  string // empty takes them
		force bool
	}{
		"nothing":            {map[string]string{"calls.json": whole, "memory.json": whole, "gateways.json": fmt.Sprintf(gateways, 0)}, "", false},
		"smoke":              {map[string]string{"calls.json": `{"commit":"abc","smoke":true}`}, "calls.json: it is of a run with -smoke", false},
		"a part":             {map[string]string{"calls.json": whole, "start.json": `{"commit":"abc","partial":true}`}, "start.json: it is of a part", false},
		"an unknown commit":  {map[string]string{"calls.json": `{}`}, "unknown commit", false},
		"different commits":  {map[string]string{"calls.json": whole, "gateways.json": `{"commit":"def"}`}, "gateways.json: it is of commit def, calls.json of commit abc", false},
		"other changes":      {map[string]string{"calls.json": whole, "memory.json": `{"commit":"abc","dirty":true}`}, "memory.json: it is of commit abc with changes", false},
		"errors of gateways": {map[string]string{"calls.json": whole, "gateways.json": fmt.Sprintf(gateways, 3)}, "3 requests failed", true},
		"what is no JSON":    {map[string]string{"calls.json": `{`}, "calls.json", true},
		"nothing, by force":  {map[string]string{"calls.json": `{"smoke":true}`, "memory.json": `{"commit":"def"}`}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			docs := t.TempDir()
			err := writeReport(resultsOf(t, tc.files), docs, tc.force)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
			if files, _ := os.ReadDir(docs); len(files) > 0 {
				t.Errorf("there is %v", files)
			}
		})
	}
}

func TestOnlyWholeRunsReplaceWholeResults(t *testing.T) {
	for _, tc := range []struct {
		there, args string
		want        bool
	}{
		{`{"commit":"abc"}`, "", true},
		{`{"commit":"abc"}`, "-smoke", false},
		{`{"commit":"abc"}`, "-only ours", false},
		{`{"commit":"abc"}`, "-cells plain", false},
		{`{"commit":"abc"}`, "-smoke memory", true},
		{`{"smoke":true}`, "-smoke", true},
		{`{"partial":true}`, "-only ours", true},
	} {
		dir := resultsOf(t, map[string]string{"calls.json": tc.there})
		o, err := parseOptions(append([]string{"-results", dir}, strings.Fields(tc.args)...), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if err := o.mayWrite(); (err == nil) != tc.want {
			t.Errorf("%q over %s: got %v", tc.args, tc.there, err)
		}
	}
}

func TestResultsThatAreNotWholeHaveAPlaceOfTheirOwn(t *testing.T) {
	for args, want := range map[string]string{
		"":             filepath.Join("..", ".bin", "bench"),
		"-only ours":   filepath.Join("..", ".bin", "bench", "partial"),
		"-cells plain": filepath.Join("..", ".bin", "bench", "partial"),
		"-smoke":       "", // run makes one
	} {
		o, err := parseOptions(strings.Fields(args), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if o.results != want {
			t.Errorf("%q: got %q, want %q", args, o.results, want)
		}
	}
}

func TestOverview(t *testing.T) {
	cellOf := func(c cell, cpu float64) cellResult {
		rounds := func(f figures) []figures { return []figures{f, f} }
		return cellResult{cell: c, Contestants: []contestantResult{
			{Name: ours, Rounds: rounds(figures{CallsPerSecond: 30, CPUMicros: cpu, Bytes: 50})},
			{Name: published, Rounds: rounds(figures{CallsPerSecond: 20, CPUMicros: 100, Bytes: 100})},
		}}
	}
	r := callsResult{Cells: []cellResult{cellOf(newCell(false, 1, small, small), 40), cellOf(newCell(true, 64, large, large), 90), cellOf(newCell(true, 1, large, small), 60)}}
	want := "Over all cells measured, 3, a call through this module takes 0.40 to 0.90 times the CPU time of one through the published module for KrakenD 2 " +
		"and allocates 0.50 to 0.50 times the bytes, and there are 1.50 to 1.50 times as many calls per second; " +
		"with replies of 1 MB decoding dominates, and it is 0.90 to 0.90 times the CPU time, 0.50 to 0.50 times the bytes and 1.50 to 1.50 times the calls per second."
	if got := r.Overview(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := new(callsResult).Overview(); got != "" {
		t.Errorf("of nothing there is %q", got)
	}
}

// A percentile of few calls is chance.
func TestP99NeedsCalls(t *testing.T) {
	few, many := figuresOf(load.Answer{Calls: minForP99 - 1, Seconds: 1, P99: 7}, 0), figuresOf(load.Answer{Calls: minForP99, Seconds: 1, P99: 7}, 0)
	if few.P99 != 0 || many.P99 != 7 {
		t.Errorf("got %v and %v, want 0 and 7", few.P99, many.P99)
	}
	c := cellResult{Contestants: []contestantResult{{Name: ours, Rounds: []figures{few, many}}, {Name: published, Rounds: []figures{few, few}}}}
	c.summarize()
	if got := c.Contestants[0].Median.P99; got != 0 {
		t.Errorf("the median is %v, of one round only", got)
	}
	if got := c.Ratios[0].P99; got != 0 {
		t.Errorf("the ratio is %v, of nothing", got)
	}
	if row := figuresTable(c).rows[0]; row[6] != "-" {
		t.Errorf("the row is %q", row)
	}
}
