package main

import (
	"context"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const stat = "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 900 0 0 0 123 45 6 7 20 0 9 0 100 200 300"
	if got, ok := parseStat(stat); got != 1680*time.Millisecond || !ok {
		t.Errorf("got %v, %v, want 1.68s", got, ok)
	}
	for _, stat := range []string{"", "4711 (krakend) S 1 2", "4711 (krakend) S 1 4711 4711 0 -1 4194560 900 0 0 0 x 45"} {
		if got, ok := parseStat(stat); ok {
			t.Errorf("%q: got %v", stat, got)
		}
	}
}

func TestUsage(t *testing.T) {
	now := time.Now()
	then := usage{now, 100 * time.Millisecond, true}
	later := usage{now.Add(2 * time.Second), 1100 * time.Millisecond, true}
	if got := later.since(then); got != 500_000 {
		t.Errorf("got %v µs a second, want 500000", got)
	}
	if got := (usage{at: now}).since(then); got == got {
		t.Errorf("got %v where the system does not tell", got)
	}
}

func TestProcessesEnd(t *testing.T) {
	tests := map[string]func(p *process, cancel context.CancelFunc) error{
		"stopped":            func(p *process, _ context.CancelFunc) error { return p.stop() },
		"with their context": func(p *process, cancel context.CancelFunc) error { cancel(); return nil },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, err := startUpstream(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.ended(); err != nil {
				t.Fatal(err)
			}
			if err := end(p, cancel); err != nil {
				t.Error(err)
			}
			select {
			case <-p.exited:
			case <-time.After(2 * stopTimeout):
				t.Fatal("it goes on")
			}
			if p.ended() == nil {
				t.Error("its end is not told")
			}
		})
	}
}
