package main

import (
	"math"
	"slices"
)

// median returns the median of the values, which it leaves as they are: the middle one, or
// the mean of the two in the middle. It is NaN for no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	middle := len(s) / 2
	if len(s)%2 == 1 {
		return s[middle]
	}
	return (s[middle-1] + s[middle]) / 2
}

// ratios returns, for each round that both have, what a is to b. Rounds in which one of
// them is zero, which is not known, are left out.
func ratios(a, b []float64) []float64 {
	var r []float64
	for i := range min(len(a), len(b)) {
		if a[i] != 0 && b[i] != 0 {
			r = append(r, a[i]/b[i])
		}
	}
	return r
}

// summary is a median with the least and the largest of its values.
type summary struct{ median, low, high float64 }

func (s summary) finite() bool {
	for _, f := range []float64{s.median, s.low, s.high} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}

func summarize(values []float64) summary {
	if len(values) == 0 {
		return summary{math.NaN(), math.NaN(), math.NaN()}
	}
	return summary{median(values), slices.Min(values), slices.Max(values)}
}

// column returns one figure of each row.
func column[T any](rows []T, figure func(T) float64) []float64 {
	c := make([]float64, len(rows))
	for i, r := range rows {
		c[i] = figure(r)
	}
	return c
}
