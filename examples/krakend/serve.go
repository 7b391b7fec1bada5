package main

import (
	"context"
	"net/http"

	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/transport/http/server"
)

// serve is like KrakenD's RunServer, but listens on loopback only, because the gateway is for
// experiments.
func serve(ctx context.Context, cfg config.ServiceConfig, handler http.Handler) error {
	s := server.NewServer(cfg, handler)
	s.Addr = "127.0.0.1" + s.Addr

	done := make(chan error, 1)
	go func() {
		if s.TLSConfig == nil {
			done <- s.ListenAndServe()
			return
		}
		done <- s.ListenAndServeTLS(cfg.TLS.PublicKey, cfg.TLS.PrivateKey)
	}()

	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return s.Shutdown(context.WithoutCancel(ctx)) // returns when all requests have ended
	}
}
