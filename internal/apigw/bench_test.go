package apigw

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// manyHeaders is a request with 30 headers and a body of 10 KB.
func manyHeaders() Request {
	headers := map[string][]string{"Content-Type": {"application/json"}, "User-Agent": {"curl/8"}, "X-Forwarded-For": {"192.0.2.1"}}
	for i := range 27 {
		headers[fmt.Sprintf("X-Header-%d", i)] = []string{strings.Repeat("v", i+5)}
	}
	const line = `{"id":1007,"customer":"Zoë Müller 7","total":70.50,"paid":true,"note":"leave it at the door\nand ring twice","items":["tea","cup"],"city":"Bath"},`
	return Request{
		Method: "POST", Headers: headers, Params: map[string]string{"Id": "7"}, PathParameters: map[string]string{"id": "7"},
		Query: map[string][]string{"tag": {"x"}}, ID: "1", Time: eventTime, Body: bytes.Repeat([]byte(line), 10<<10/len(line)),
	}
}

// BenchmarkEvent measures the events of a request with 30 headers and a body of 10 KB.
func BenchmarkEvent(b *testing.B) {
	route, _ := order()
	r := manyHeaders()
	for name, format := range formats {
		b.Run(name, func(b *testing.B) {
			api := NewAPI(format, route, Settings{})
			b.ReportAllocs()
			var event []byte
			for b.Loop() {
				event = api.AppendEvent(event[:0], &r)
			}
		})
	}
}
