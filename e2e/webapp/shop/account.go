package shop

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// account has pages that need a login, and redirections.
func account(r chi.Router) {
	r.Get("/cellar", func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "gopher" || password != "p:ässword" {
			w.Header().Set("WWW-Authenticate", `Basic realm="the cellar, below", charset="UTF-8"`)
			http.Error(w, "who is there?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("pu-erh of 1998\n"))
	})
	r.Get("/account", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/sign-in?next=%2Faccount", http.StatusFound)
	})
	r.Get("/moved/{status}", moved)
	r.Post("/moved/{status}", moved)
	// Redirects to the shop's absolute URL.
	r.Get("/home", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/", http.StatusMovedPermanently)
	})
}

// moved answers with the redirection that the path names.
func moved(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(segment(r, "status"))
	if err != nil || status < 300 || status > 308 {
		fail(w, http.StatusNotFound, "no such redirection")
		return
	}
	http.Redirect(w, r, "/search?from=th%C3%A9&to=a+b", status)
}
