package main

import "fmt"

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
