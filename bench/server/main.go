package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// Addresses are the URLs of the listeners.
type Addresses struct {
	Plain   string `json:"plain"`
	TLS     string `json:"tls"`
	Control string `json:"control"`
}

func main() {
	ca := flag.String("ca", "ca.pem", "the `file` to write the certificate of the authority to")
	flag.Parse()
	if err := run(*ca); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(ca string) error {
	certificate, authority, err := newCertificate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(ca, authority, 0o644); err != nil {
		return err
	}

	api := newAPI()
	var plain, encrypted atomic.Int64
	control := http.NewServeMux()
	control.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(load.Counts{
			Plain: int(plain.Load()),
			TLS:   int(encrypted.Load()),
			Held:  int(api.held.Load()),
			Calls: int(api.calls.Load()),
			Bytes: api.bytes.Load(),
		})
	})
	control.HandleFunc("POST /release", func(http.ResponseWriter, *http.Request) { api.release() })

	var a Addresses
	for _, l := range []struct {
		url     *string
		handler http.Handler
		opened  *atomic.Int64
		tls     bool
	}{
		{&a.Plain, api, &plain, false},
		{&a.TLS, api, &encrypted, true},
		{&a.Control, control, new(atomic.Int64), false},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*l.url = "http://" + listener.Addr().String()
		if l.tls {
			*l.url = "https://" + listener.Addr().String()
			listener = tls.NewListener(listener, &tls.Config{
				Certificates: []tls.Certificate{certificate},
				NextProtos:   []string{"http/1.1"},
			})
		}
		s := &http.Server{Handler: l.handler, ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				l.opened.Add(1)
			}
		}}
		go func() {
			if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				fmt.Fprintln(os.Stderr, "server:", err)
				os.Exit(1)
			}
		}()
		defer s.Close()
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
