package main

import (
	"context"
	"net/http"
	"time"

	"github.com/luraproject/lura/config"
	"github.com/luraproject/lura/transport/http/server"
)

// shutdownTimeout is how long requests may take to end once the gateway stops.
const shutdownTimeout = 5 * time.Second

// serve does what KrakenD's RunServer does, on loopback only: a gateway to try
// things with is nobody else's on the network.
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
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		return s.Shutdown(ctx)
	}
}
