package jsonreply

import (
	"fmt"
	"strings"
	"testing"
)

// orders returns a typical reply of about size bytes: objects with numbers, strings and lists.
func orders(size int) string {
	var b strings.Builder
	b.WriteString(`{"orders":[`)
	for i := 0; b.Len() < size-200; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"customer":"Zoë Müller %d","total":%d.%02d,"paid":%t,"note":"leave it at the door\nand ring twice","items":["tea","cup","pot"],"address":{"street":"High Street %d","city":"Bath","zip":"BA1 %d"},"coupon":null}`,
			1000+i, i, i%500, i%100, i%2 == 0, i%90, i%9)
	}
	b.WriteString(`],"next":"eyJvIjoxMDB9"}`)
	return b.String()
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []int{100, 10 << 10, 1 << 20} {
		document := orders(size)
		for name, d := range map[string]Decoder{"pass": known.OnePass(ownObject), "own": ownObject} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(len(document)))
				b.ReportAllocs()
				for b.Loop() {
					if o := decode(d, strings.NewReader(document)); o.err != nil {
						b.Fatal(o.err)
					}
				}
			})
		}
	}
}
