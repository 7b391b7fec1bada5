package shop

import (
	"embed"
	"io/fs"
	"net/http"
	"time"
)

//go:embed assets templates
var files embed.FS

// New returns the shop. pause is the time between two lines of the kettle; it may be 0. The shop is
// safe for concurrent use.
func New(pause time.Duration) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		render(w, r, http.StatusOK, "home", "Tea, poured by a function", teas)
	})
	mux.HandleFunc("GET /teas/{id}", withTea(showTea))
	mux.HandleFunc("POST /teas/{id}", withTea(placeOrder))
	mux.HandleFunc("GET /purchases/{number}", showOrder)
	mux.HandleFunc("GET /kettle", func(w http.ResponseWriter, r *http.Request) { boil(w, r, pause) })
	mux.HandleFunc("GET /assets/{file}", asset)
	mux.HandleFunc("/", notFound)

	// Browsers send the origin of a form. The shop refuses forms of other sites.
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sorry(w, r, http.StatusForbidden, "This form is not ours", "It was sent from another site. Please order from the page of the tea.")
	}))
	return secured(atHost(csrf.Handler(mux)))
}

// atHost sets the request's host to that of the event, which adapters for Lambda leave among the
// headers. It has the port, which an event's domain name lacks and the check of a form's origin needs.
// net/http's server removes this header, so clients cannot send it to the shop directly.
func atHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := r.Header.Get("Host"); host != "" {
			at := *r
			at.Host = host
			r = &at
		}
		next.ServeHTTP(w, r)
	})
}

// withTea serves the tea in the path, or a 404.
func withTea(serve func(http.ResponseWriter, *http.Request, Tea)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if t, ok := find(r.PathValue("id")); ok {
			serve(w, r, t)
			return
		}
		notFound(w, r)
	}
}

func asset(w http.ResponseWriter, r *http.Request) {
	name := "assets/" + r.PathValue("file")
	if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
		notFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "max-age=300")
	http.ServeFileFS(w, r, files, name)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	sorry(w, r, http.StatusNotFound, "We do not have this", "The page or the tea that you are looking for is not on our shelves.")
}
