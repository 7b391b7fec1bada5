package main

import (
	"cmp"
	"fmt"
	"slices"
)

// gatewaysResult is gateways.json, which bench/gateways writes.
type gatewaysResult struct {
	machine
	Rounds      int            `json:"rounds"`
	Concurrency int            `json:"concurrency"`
	Rows        []gatewayRow   `json:"rows"`
	Ratios      []gatewayRatio `json:"ratios"`
}

type gatewayRow struct {
	Generation string  `json:"generation"`
	Method     string  `json:"method"`
	Name       string  `json:"name"`
	RPS        float64 `json:"requests_per_second"`
	CPU        float64 `json:"cpu_us_per_request"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	Errors     int     `json:"errors"`
}

type gatewayRatio struct {
	Generation string        `json:"generation"`
	Method     string        `json:"method"`
	Against    string        `json:"against"`
	RPS        gatewaySpread `json:"requests_per_second"`
	CPU        gatewaySpread `json:"cpu_per_request"`
}

// gatewaySpread is the median of the rounds' ratios, the least and the most. All are zero
// where the figure is not known.
type gatewaySpread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func (s gatewaySpread) String() string {
	if s == (gatewaySpread{}) {
		return "-"
	}
	return spread(summary{s.Median, s.Low, s.High})
}

// withoutErrors tells why the results cannot be reported, even by force.
func (r gatewaysResult) withoutErrors() error {
	for _, row := range r.Rows {
		if row.Errors > 0 {
			return fmt.Errorf("%s, %s, %s: %d requests failed", row.Generation, row.Method, row.Name, row.Errors)
		}
	}
	return nil
}

func gatewayTitle(name string) string {
	return cmp.Or(map[string]string{
		"lambda":    "Lambda, this module",
		"published": "Lambda, published module",
		"http":      "HTTP backend",
	}[name], name)
}

func gatewaysTable(r gatewaysResult) *table {
	t := &table{head: []string{"", "requests/s", "CPU per request", "p50", "p99"}}
	for _, row := range r.Rows {
		t.add(row.Generation+", "+row.Method+": "+gatewayTitle(row.Name), number(row.RPS), latency(row.CPU), latency(row.P50), latency(row.P99))
	}
	return t
}

func gatewayRatiosTable(r gatewaysResult) *table {
	t := &table{head: []string{"Lambda through this module", "requests/s", "CPU per request"}}
	sorted := slices.SortedStableFunc(slices.Values(r.Ratios), func(a, b gatewayRatio) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), -cmp.Compare(a.Method, b.Method))
	})
	for _, ratio := range sorted {
		t.add(ratio.Generation+", "+ratio.Method+" / "+gatewayTitle(ratio.Against), ratio.RPS.String(), ratio.CPU.String())
	}
	return t
}
