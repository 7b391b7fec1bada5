package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// invoke executes a function by its name, as Lambda does: payload and reply are JSON.
func invoke(ctx context.Context, t *testing.T, name, event string) (string, error) {
	t.Helper()
	handler, ok := Functions()[name]
	if !ok {
		t.Fatalf("no function %q", name)
	}
	reply, err := lambda.NewHandler(handler).Invoke(ctx, []byte(event))
	return string(reply), err
}

func TestReplies(t *testing.T) {
	for _, tc := range []struct{ function, event, want string }{
		{"hello", `{"name":"Ada"}`, `{"message":"Hello, Ada!"}`},
		{"hello", `{}`, `{"message":"Hello, World!"}`},
		{"echo", `{"b":[1,null],"a":"é"}`, `{"b":[1,null],"a":"é"}`},
		{"My-lambda", `{"lambda":"my-lambda"}`, `{"lambda":"my-lambda"}`},
	} {
		t.Run(tc.function, func(t *testing.T) {
			got, err := invoke(t.Context(), t, tc.function, tc.event)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("reply to %s: got %s, want %s", tc.event, got, tc.want)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	reply, err := invoke(t.Context(), t, "order", `{"id":"9007199254740993"}`)
	if err != nil {
		t.Fatal(err)
	}
	var got order
	if err := json.Unmarshal([]byte(reply), &got); err != nil {
		t.Fatal(err)
	}
	if want := int64(9007199254740993); got.ID != want {
		t.Errorf("id: got %d, want %d", got.ID, want)
	}
	if len(got.Lines) == 0 {
		t.Error("an order without lines")
	}

	if reply, err := invoke(t.Context(), t, "order", `{"id":"first"}`); err == nil {
		t.Errorf("an id that is not a number: got %s, want an error", reply)
	}
}

func TestCustomer(t *testing.T) {
	reply, err := invoke(t.Context(), t, "customer", `{"id":"42"}`)
	if err != nil {
		t.Fatal(err)
	}
	var got customer
	if err := json.Unmarshal([]byte(reply), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name == "" || got.Address.City == "" {
		t.Errorf("got %s, want a name and a city", reply)
	}
}

func TestFail(t *testing.T) {
	_, err := invoke(t.Context(), t, "fail", `{}`)
	var got *OutOfStock
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an *OutOfStock", err)
	}
	if want := "teapot is out of stock"; got.Error() != want {
		t.Errorf("message: got %q, want %q", got, want)
	}
}

func TestPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the function returned, want a panic")
		}
	}()
	crash()
}

func TestSlow(t *testing.T) {
	t.Run("replies after a while", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if _, err := slow(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("stops with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := slow(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}

func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reply, err := invoke(t.Context(), t, "countdown", `{"from":"3"}`)
		if err != nil {
			t.Fatal(err)
		}
		const want = `{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00" + "3\n2\n1\nLift-off!\n"
		if reply != want {
			t.Errorf("got %q, want %q", reply, want)
		}
	})
	if reply, err := invoke(t.Context(), t, "countdown", `{"from":"61"}`); err == nil {
		t.Errorf("got %q, want an error", reply)
	}
}

// A countdown ends when its caller goes away.
func TestCountdownIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := invoke(ctx, t, "countdown", `{"from":"60"}`); !errors.Is(err, context.Canceled) && err == nil {
			t.Errorf("got %v, want the end of the context", err)
		}
	})
}
