package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/devopsfaith/krakend-lambda/examples/webapp/shop"
)

// functions are the functions that the examples call. They reply like those of examples/functions,
// and add the request's id, so that the test notices a reply that reaches another client.
func functions() map[string]any {
	return map[string]any{
		"hello": func(event struct{ Name string }) (object, error) {
			return object{"message": "Hello, " + event.Name + "!"}, nil
		},
		"echo":      echo,
		"My-lambda": echo,
		"order": func(event orderEvent) (json.RawMessage, error) {
			return json.RawMessage(order(event.ID)), nil
		},
		"customer": func(event orderEvent) (object, error) {
			return object{"name": "Ada " + event.ID, "email": event.ID + "@example.com", "address": object{"city": "London", "street": "St James's Square"}}, nil
		},
		"countdown": countdown,
		"fail":      func() error { return &OutOfStock{"teapot"} },
		"panic":     func() error { panic("the teapot fell off the shelf") },
		"slow":      slow,

		"webapp":        httpadapter.NewV2(shop.New(0)).ProxyWithContext,
		"webapp-stream": lambdaurl.Wrap(shop.New(5 * time.Millisecond)),
	}
}

func echo(event json.RawMessage) (json.RawMessage, error) { return event, nil }

type orderEvent struct{ ID string }

// order returns the reply of the function order.
func order(id string) string {
	return `{"id":` + id + `,"lines":[{"quantity":2,"sku":"mug"}],"status":"shipped"}`
}

// OutOfStock is an error whose type has a name.
type OutOfStock struct{ SKU string }

func (e *OutOfStock) Error() string { return e.SKU + " is out of stock" }

// outOfStock is that error as clients see it.
const outOfStock = `{"errorType":"OutOfStock","errorMessage":"teapot is out of stock"}`

// slow takes longer than a gateway waits for it.
func slow(ctx context.Context) (object, error) {
	select {
	case <-time.After(time.Minute):
		return object{"message": "Is anybody still there?"}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countdown streams. Its event has the kind of stream and the request's id: "lifts-off-…" streams all
// lines, "breaks-…" ends with an error after the second line, "fails-…" fails before the first.
func countdown(ctx context.Context, event struct{ From string }) (*events.LambdaFunctionURLStreamingResponse, error) {
	i := strings.LastIndexByte(event.From, '-')
	how, id := event.From[:max(i, 0)], event.From[i+1:]
	if how == "fails" {
		return nil, errors.New("there is nothing to count")
	}
	body, w := io.Pipe()
	go func() {
		for n, line := range countdownLines(id) {
			if how == "breaks" && n == 2 {
				w.CloseWithError(errors.New("the rocket is gone"))
				return
			}
			select {
			case <-time.After(5 * time.Millisecond): // the work for a line
			case <-ctx.Done():
				w.CloseWithError(ctx.Err())
				return
			}
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
		w.Close()
	}()
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: http.StatusOK,
		Headers:    maps.Clone(countdownHeaders),
		Body:       body,
	}, nil
}

var countdownHeaders = map[string]string{"Content-Type": "text/plain; charset=utf-8"}

func countdownLines(id string) []string {
	var lines []string
	for n := 3; n > 0; n-- {
		lines = append(lines, fmt.Sprintf("%d %s\n", n, id))
	}
	return append(lines, "Lift-off! "+id+"\n")
}
