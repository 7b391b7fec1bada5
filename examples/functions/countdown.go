package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// countdownQuery is the event of a countdown.
type countdownQuery struct {
	From int `json:"from,string"`
}

// countdown writes its reply while it works: first status and headers, then the body line by line.
func countdown(ctx context.Context, q countdownQuery) (*events.LambdaFunctionURLStreamingResponse, error) {
	if q.From < 0 || q.From > 60 {
		return nil, errors.New("from must be 0 to 60")
	}
	body, w := io.Pipe()
	go func() { w.CloseWithError(count(ctx, w, q.From)) }()
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"Content-Type": "text/plain; charset=utf-8"},
		Body:       body,
	}, nil
}

// count ends when ctx ends, or when the reader closes the pipe.
func count(ctx context.Context, w io.Writer, from int) error {
	for n := from; n > 0; n-- {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := fmt.Fprintln(w, "Lift-off!")
	return err
}
