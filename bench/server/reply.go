package main

import (
	"net/http"
	"strconv"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// reply is a function's reply with the headers that Lambda sends, all of it prepared.
type reply struct {
	headers []header
	body    []byte
}

type header struct {
	name   string
	values []string
}

func newReply(size int) (*reply, error) {
	document, err := load.NewDocument(size)
	if err != nil {
		return nil, err
	}
	r := &reply{body: document.Bytes}
	for _, h := range [][2]string{
		{"Content-Type", "application/json"},
		{"Content-Length", strconv.Itoa(size)},
		{"X-Amzn-Requestid", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
		{"X-Amzn-Remapped-Content-Length", "0"},
		{"X-Amz-Executed-Version", "$LATEST"},
		{"X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"},
	} {
		r.headers = append(r.headers, header{h[0], []string{h[1]}})
	}
	return r, nil
}

func (r *reply) writeHeaders(w http.ResponseWriter) {
	h := w.Header()
	for _, header := range r.headers {
		h[header.name] = header.values
	}
}

func (r *reply) write(w http.ResponseWriter) {
	r.writeHeaders(w)
	w.Write(r.body)
}
