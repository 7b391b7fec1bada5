package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// A measurement is what one run has shown.
type measurement struct {
	method, name string
	round        int

	perSecond float64 // requests
	cpu       float64 // of the gateway, µs a request; NaN where the system does not tell
	p50, p99  float64 // latencies, µs
	errors    int
	err       error // the first one
}

// measure runs the target's load once.
func (t target) measure(ctx context.Context, o options) (measurement, error) {
	s := span{warmUp: warmUp, duration: o.duration}
	if o.smoke {
		s = span{duration: smokeTimeout, requests: smokeRequests}
	}
	var begin, end usage
	before, err := askCounts(ctx, t.upstream)
	if err != nil {
		return measurement{}, err
	}
	got, err := t.load.send(ctx, o.concurrency, s, func() { begin = t.gateway.usage() }, func() { end = t.gateway.usage() })
	if err := errors.Join(err, t.gateway.ended()); err != nil {
		return measurement{}, err
	}
	after, err := askCounts(ctx, t.upstream)
	if err != nil {
		return measurement{}, err
	}
	if got.errors == 0 { // else what has come of it is nobody's guess, and the report fails
		if err := t.prove(got.answered, after.since(before)); err != nil {
			return measurement{}, err
		}
	}
	perSecond := float64(len(got.latencies)) / got.elapsed.Seconds()
	return measurement{
		method: t.method, name: t.name,
		perSecond: perSecond,
		cpu:       end.since(begin) / perSecond,
		p50:       microseconds(percentile(got.latencies, 50)),
		p99:       microseconds(percentile(got.latencies, 99)),
		errors:    got.errors, err: got.err,
	}, nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// percentile is the smallest value that at least p percent of the sorted values do not
// exceed, and 0 of none.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*p+99)/100-1]
}

// median is that of the values that are numbers, and NaN of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(func(yield func(float64) bool) {
		for _, v := range values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) && !yield(v) {
				return
			}
		}
	})
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
