package main

import (
	"fmt"
	"time"
)

// cell is one kind of calls.
type cell struct {
	Name        string `json:"name"`
	TLS         bool   `json:"tls"`
	Concurrency int    `json:"concurrency"`
	Payload     int    `json:"payload"` // bytes
	Reply       int    `json:"reply"`   // bytes
}

const (
	small  = 100
	medium = 10 << 10
	large  = 1 << 20
)

func newCell(tls bool, concurrency, payload, reply int) cell {
	scheme := "plain"
	if tls {
		scheme = "tls"
	}
	name := fmt.Sprintf("%s/c%d/%s-%s", scheme, concurrency, compact(payload), compact(reply))
	return cell{name, tls, concurrency, payload, reply}
}

// sizes are the pairs of payload and reply, in bytes.
func sizes() [][2]int {
	return [][2]int{{small, small}, {medium, medium}, {large, large}, {small, large}, {large, small}}
}

func concurrencies() []int { return []int{1, 64, 256} }

func allCells() (cells []cell) {
	for _, tls := range []bool{false, true} {
		for _, c := range concurrencies() {
			for _, s := range sizes() {
				cells = append(cells, newCell(tls, c, s[0], s[1]))
			}
		}
	}
	return cells
}

func smokeCells() []cell {
	return []cell{headline(), newCell(true, 64, medium, medium)}
}

// isLarge tells that a call takes milliseconds.
func (c cell) isLarge() bool { return max(c.Payload, c.Reply) >= large }

// atLeast is how many calls a measurement has, however long they take: more than one for
// each that is under way at once.
func (c cell) atLeast() int {
	if c.isLarge() {
		return max(3*c.Concurrency/2, 2)
	}
	return max(3*c.Concurrency, 100)
}

// warmUp is how many calls come before a measurement, or for how long. The connections are
// opened apart from it.
func (c cell) warmUp() (calls int, d time.Duration) {
	if c.isLarge() {
		return max(c.Concurrency/8, 2), 0
	}
	return 0, 100 * time.Millisecond
}

// compact writes a size without a space: 100B, 10KB, 1MB.
func compact(bytes int) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%dMB", bytes>>20)
	case bytes >= 1<<10:
		return fmt.Sprintf("%dKB", bytes>>10)
	}
	return fmt.Sprintf("%dB", bytes)
}
