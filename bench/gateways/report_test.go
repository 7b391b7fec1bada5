package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample has rounds whose ratios have another median than the ratio of the medians.
func sample() *report {
	r := &report{Go: "go1.25", CPU: "one", Cores: 2, Date: "2025-01-01", Commit: "abc", Rounds: 3, Concurrency: 64}
	r.add("KrakenD 2", []measurement{
		{method: "POST", name: ours, round: 0, perSecond: 80, cpu: 30, p50: 1, p99: 10},
		{method: "POST", name: plain, round: 0, perSecond: 100, cpu: 20, p50: 2, p99: 20},
		{method: "POST", name: plain, round: 1, perSecond: 50, cpu: 10, p50: 4, p99: 40},
		{method: "POST", name: ours, round: 1, perSecond: 45, cpu: 20, p50: 3, p99: 30},
		{method: "POST", name: ours, round: 2, perSecond: 200, cpu: 10, p50: 5, p99: 50},
		{method: "POST", name: plain, round: 2, perSecond: 400, cpu: 40, p50: 6, p99: 60},
	})
	return r
}

func TestReportMedians(t *testing.T) {
	r := sample()
	want := []row{
		{"KrakenD 2", "POST", ours, 80, 20, 3, 30, 0},
		{"KrakenD 2", "POST", plain, 100, 20, 4, 40, 0},
	}
	if len(r.Rows) != len(want) || r.Rows[0] != want[0] || r.Rows[1] != want[1] {
		t.Errorf("rows: got %v, want %v", r.Rows, want)
	}
	if want := (ratio{"KrakenD 2", "POST", plain, spread{0.8, 0.5, 0.9}, spread{1.5, 0.25, 2}}); len(r.Ratios) != 1 || r.Ratios[0] != want {
		t.Errorf("ratios: got %v, want %v", r.Ratios, want)
	}
	if err := r.failed(); err != nil {
		t.Error(err)
	}
}

func TestReportErrors(t *testing.T) {
	r := &report{Rounds: 2}
	first := errors.New("got a 500")
	r.add("KrakenD 1", []measurement{
		{method: "GET", name: ours, round: 0, perSecond: 9, cpu: 1},
		{method: "GET", name: ours, round: 1, perSecond: 9, cpu: 1, errors: 3, err: first},
	})
	if got := r.Rows[0].Errors; got != 3 {
		t.Errorf("got %d errors, want 3", got)
	}
	if err := r.failed(); !errors.Is(err, first) || !strings.Contains(err.Error(), "KrakenD 1 GET lambda") {
		t.Errorf("got the error %v", err)
	}
}

func TestReportWithoutAnswers(t *testing.T) {
	r := &report{Rounds: 1}
	r.add("KrakenD 1", []measurement{{method: "GET", name: ours, cpu: math.NaN()}})
	if err := r.failed(); err == nil {
		t.Error("got no error")
	}
}

func TestReportFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "b.json")
	if err := sample().write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	want := `{"go":"go1.25","cpu":"one","cores":2,"date":"2025-01-01","commit":"abc","rounds":3,"concurrency":64,` +
		`"rows":[{"generation":"KrakenD 2","method":"POST","name":"lambda","requests_per_second":80,"cpu_us_per_request":20,"p50_us":3.000,"p99_us":30,"errors":0},` +
		`{"generation":"KrakenD 2","method":"POST","name":"http","requests_per_second":100,"cpu_us_per_request":20,"p50_us":4.000,"p99_us":40,"errors":0}],` +
		`"ratios":[{"generation":"KrakenD 2","method":"POST","against":"http",` +
		`"requests_per_second":{"median":0.800,"low":0.500,"high":0.900},"cpu_per_request":{"median":1.500,"low":0.250,"high":2.000}}]}`
	if got := compact.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestReportWithoutCPUTimes is that of a system that does not tell them.
func TestReportWithoutCPUTimes(t *testing.T) {
	r := &report{Rounds: 1}
	r.add("KrakenD 2", []measurement{
		{method: "POST", name: ours, perSecond: 8, cpu: math.NaN()},
		{method: "POST", name: plain, perSecond: 10, cpu: math.NaN()},
	})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "cpu_") {
		t.Errorf("got %s", text)
	}
	var table bytes.Buffer
	if err := r.print(&table); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "0.800 (0.800 to 0.800)            -") {
		t.Errorf("got\n%s", &table)
	}
}
