package main

import (
	"fmt"
	"math"
	"slices"
)

// median returns the middle of the values, or the mean of the two in the middle. Without values it
// returns NaN.
func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return math.NaN()
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// ratios returns a[i] / b[i] for each round.
func ratios(a, b []float64) []float64 {
	r := make([]float64, min(len(a), len(b)))
	for i := range r {
		r[i] = a[i] / b[i]
	}
	return r
}

// spread formats a median and, in brackets, its quartiles: half of the rounds are between them.
func spread(values []float64) string {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(s), s[len(s)/4], s[(3*len(s))/4])
}

// rotated returns the order of a round. Each round begins with another contestant, and every second
// round runs backwards, so that no contestant always follows the same one.
func rotated[T any](all []T, round int) []T {
	n := round % len(all)
	order := slices.Concat(all[n:], all[:n])
	if round%2 == 1 {
		slices.Reverse(order[1:])
	}
	return order
}

// column returns one figure of each row.
func column[T any](rows []T, figure func(T) float64) []float64 {
	c := make([]float64, len(rows))
	for i, row := range rows {
		c[i] = figure(row)
	}
	return c
}
