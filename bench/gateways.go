package main

import (
	"cmp"
	"slices"
)

// gatewaysResult is gateways.json, which bench/gateways writes.
type gatewaysResult struct {
	Go     string         `json:"go"`
	CPU    string         `json:"cpu"`
	Date   string         `json:"date"`
	Rounds int            `json:"rounds"`
	Rows   []gatewayRow   `json:"rows"`
	Ratios []gatewayRatio `json:"ratios"`
}

type gatewayRow struct {
	Generation string  `json:"generation"`
	Method     string  `json:"method"`
	Name       string  `json:"name"`
	RPS        float64 `json:"requests_per_second"`
	CPU        float64 `json:"cpu_us_per_request"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
}

type gatewayRatio struct {
	Generation string  `json:"generation"`
	Method     string  `json:"method"`
	Against    string  `json:"against"`
	RPS        float64 `json:"requests_per_second"`
	CPU        float64 `json:"cpu_per_request"`
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
		t.add(row.Generation+", "+row.Method+": "+gatewayTitle(row.Name), number(row.RPS), duration(row.CPU), duration(row.P50), duration(row.P99))
	}
	return t
}

func gatewayRatiosTable(r gatewaysResult) *table {
	t := &table{head: []string{"Lambda through this module", "requests/s", "CPU per request"}}
	sorted := slices.SortedStableFunc(slices.Values(r.Ratios), func(a, b gatewayRatio) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), -cmp.Compare(a.Method, b.Method))
	})
	for _, ratio := range sorted {
		t.add(ratio.Generation+", "+ratio.Method+" / "+gatewayTitle(ratio.Against), times(ratio.RPS), times(ratio.CPU))
	}
	return t
}
