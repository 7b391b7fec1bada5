package main

import (
	"math"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	tests := []struct {
		sorted []time.Duration
		p      int
		want   time.Duration
	}{
		{nil, 50, 0},
		{hundred[:1], 50, 1},
		{hundred[:1], 99, 1},
		{hundred[:2], 50, 1},
		{hundred[:3], 50, 2},
		{hundred[:3], 99, 3},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
	}
	for _, test := range tests {
		if got := percentile(test.sorted, test.p); got != test.want {
			t.Errorf("percentile %d of %d: got %d, want %d", test.p, len(test.sorted), got, test.want)
		}
	}
}

func TestMedian(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		values []float64
		want   float64
	}{
		{nil, nan},
		{[]float64{nan, nan}, nan},
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{nan, 7, inf, 5, nan}, 6},
	}
	for _, test := range tests {
		if got := median(test.values); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
			t.Errorf("median of %v: got %v, want %v", test.values, got, test.want)
		}
	}
}

func TestProve(t *testing.T) {
	tests := map[string]struct {
		method, name string
		got          counts
		want         bool
	}{
		"Lambda, all of them":     {"POST", ours, counts{Invocations: 10}, true},
		"a GET is an invocation":  {"GET", ours, counts{Invocations: 10}, true},
		"published, all of them":  {"GET", former, counts{Invocations: 10}, true},
		"HTTP, POST":              {"POST", plain, counts{Posts: 10}, true},
		"HTTP, GET":               {"GET", plain, counts{Gets: 10}, true},
		"a retry":                 {"POST", ours, counts{Invocations: 11}, false},
		"a skipped call":          {"POST", ours, counts{Invocations: 9}, false},
		"a call of another kind":  {"POST", ours, counts{Posts: 10}, false},
		"one that was refused":    {"POST", plain, counts{Posts: 10, Others: 1}, false},
		"one of another endpoint": {"GET", plain, counts{Gets: 10, Invocations: 1}, false},
	}
	for name, test := range tests {
		if err := (target{method: test.method, name: test.name}).prove(10, test.got); (err == nil) != test.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
