package shop

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// New returns the shop. It is safe for concurrent use, and any number of shops may
// run side by side.
func New() http.Handler {
	r := chi.NewRouter()
	r.Use(requestID)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { fail(w, http.StatusNotFound, "no such page") })

	r.Group(func(r chi.Router) {
		r.Use(middleware.Compress(6))
		pages(r)
		catalogue(r)
	})
	// Without compression: files that are compressed already, or that clients request in ranges.
	downloads(r)
	basket(r)
	counter(r)
	account(r)
	inspection(r)
	return r
}

// requestID adds the request's ID to the answer.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("X-Request-Id"); id != "" {
			w.Header().Set("X-Request-Id", id)
		}
		next.ServeHTTP(w, r)
	})
}

// segment returns the decoded value of a placeholder. chi takes it from the client's spelling of the
// path, if net/http has kept that.
func segment(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	if unescaped, err := url.PathUnescape(value); err == nil {
		return unescaped
	}
	return value
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// fail answers with an error in JSON.
func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"status": status, "error": message})
}
