package shop

import (
	"fmt"
	"net/http"
	"time"
)

var steps = []string{
	"Filling the kettle with fresh water",
	"40 °C: the kettle hums",
	"70 °C: green tea could go in now",
	"95 °C: it boils",
	"Pouring, slowly and in circles",
	"Your cup is ready",
}

// boil writes a line for each step, with a pause before all but the first. Behind a backend with
// "stream", the client gets each line when it is written.
func boil(w http.ResponseWriter, r *http.Request, pause time.Duration) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	for i, step := range steps {
		if i > 0 {
			select {
			case <-time.After(pause):
			case <-r.Context().Done(): // the client has disconnected
				return
			}
		}
		fmt.Fprintln(w, step)
		// net/http's server buffers the line. Lambda's writer does not, and has no Flush.
		_ = http.NewResponseController(w).Flush()
	}
}
