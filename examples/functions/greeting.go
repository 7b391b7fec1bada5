package main

import (
	"cmp"
	"encoding/json"
)

type person struct {
	Name string `json:"name"`
}

type greeting struct {
	Message string `json:"message"`
}

// hello greets the person in the event.
func hello(p person) (greeting, error) {
	return greeting{Message: "Hello, " + cmp.Or(p.Name, "World") + "!"}, nil
}

// echo replies with its event, to show what the gateway sends.
func echo(event json.RawMessage) (json.RawMessage, error) {
	return event, nil
}
