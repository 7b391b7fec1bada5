package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// started has the costs of the pipes of a gateway.
type started struct {
	Seconds   float64 `json:"seconds"`
	Allocated float64 `json:"allocated"` // bytes
	Kept      float64 `json:"kept"`      // bytes of the heap, after a garbage collection
}

// backends is the number of backends of a gateway.
const backends = 1000

// measureStart builds the pipes of a gateway with many backends, each time in a new process.
func measureStart(ctx context.Context, o options, all []contestant) (map[string][]started, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(c contestant) bool { return c.pipes == nil })
	results := make(map[string][]started)
	o.progress("start: %d backends", backends)
	for round := range o.rounds {
		for _, who := range rotated(all, round) {
			cmd := exec.CommandContext(ctx, program, "pipes", who.name, strconv.Itoa(backends))
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			var s started
			if err == nil {
				err = json.Unmarshal(out, &s)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", who.name, err)
			}
			results[who.name] = append(results[who.name], s)
		}
	}
	return results, nil
}

// buildPipes builds the pipes of n backends with the named contestant, and writes their costs to out.
// The costs do not include parsing the configuration.
func buildPipes(all []contestant, name, n string, out io.Writer) error {
	i := slices.IndexFunc(all, func(c contestant) bool { return c.name == name && c.pipes != nil })
	count, err := strconv.Atoi(n)
	if i < 0 || err != nil {
		return fmt.Errorf("no pipes of %q for %s backends", name, n)
	}
	build, err := all[i].pipes(count)
	if err != nil {
		return err
	}
	base := heap()
	before, start := used(), time.Now()
	pipes, err := build()
	if err != nil {
		return err
	}
	s := started{Seconds: time.Since(start).Seconds(), Allocated: used().bytes - before.bytes}
	s.Kept = float64(heap()) - float64(base)
	runtime.KeepAlive(pipes)
	runtime.KeepAlive(build)
	return json.NewEncoder(out).Encode(s)
}

// heap returns the used bytes of the heap.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
