package main

import (
	"fmt"
	"strings"
)

// Sizes of payloads and replies, in bytes.
const (
	small  = 100
	medium = 10 << 10
	large  = 1 << 20
)

// document returns a JSON object of exactly size bytes, at least 100, and the number of its orders:
// objects with numbers, texts and lists. A gateway returns the same bytes, because the keys are sorted
// as KrakenD sorts them, and float64 represents all numbers exactly.
func document(size int) (text string, orders int) {
	const head, middle, tail = `{"next":"`, `","orders":[`, `]}`
	var list strings.Builder
	for {
		order := fmt.Sprintf(`{"address":{"city":"Bath","street":"High Street %d","zip":"BA1 %d"},"coupon":null,"customer":"Zoë Müller %d",`+
			`"id":%d,"items":["tea","cup","pot"],"note":"leave it at the door\nand ring twice","paid":%t,"total":%d.%d5}`,
			orders%90, orders%9, orders, 1000+orders, orders%2 == 0, orders%500, orders%10)
		if orders > 0 {
			order = "," + order
		}
		if len(head)+len(middle)+list.Len()+len(order)+len(tail) > size {
			break
		}
		list.WriteString(order)
		orders++
	}
	padding := strings.Repeat("x", size-len(head)-len(middle)-list.Len()-len(tail))
	return head + padding + middle + list.String() + tail, orders
}

// spaced returns a size in bytes as text for tables.
func spaced(size int) string {
	switch {
	case size >= 1<<20:
		return fmt.Sprintf("%d MB", size>>20)
	case size >= 1<<10:
		return fmt.Sprintf("%d KB", size>>10)
	}
	return fmt.Sprintf("%d B", size)
}
