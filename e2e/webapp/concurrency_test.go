package webapp

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

const (
	clients = 8 // concurrent clients
	rounds  = 2 // rounds of all cases
)

// Each of many concurrent clients gets its own answer. The shop sends back the ID of the request.
func TestConcurrentClients(t *testing.T) {
	direct := serveDirectly(t)
	eachStack(t, func(t *testing.T, s *stack) {
		type order struct{ round, number int }
		orders := make(chan order)
		var working sync.WaitGroup
		for range clients {
			working.Go(func() {
				for o := range orders {
					c := cases[o.number]
					r := c.Request
					id := field("X-Request-Id", fmt.Sprintf("%d-%d", o.round, o.number))
					r.Header = append(slices.Clone(r.Header), id)

					got, err := answertest.Send(s.addr, r)
					if err != nil {
						t.Errorf("%s: %v", c.name, err)
						continue
					}
					want := expected(t, direct, r, known(&c, s))
					for _, line := range answertest.Differences(stripped(got, true), want) {
						t.Errorf("%s: %s", c.name, line)
					}
				}
			})
		}
		for round := range rounds {
			for number := range cases {
				orders <- order{round, number}
			}
		}
		close(orders)
		working.Wait()
	})
}
