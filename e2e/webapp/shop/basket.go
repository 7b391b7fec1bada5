package shop

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// basket has a customer's basket, which is in the customer's cookies.
func basket(r chi.Router) {
	r.Get("/basket", func(w http.ResponseWriter, r *http.Request) {
		type cookie struct{ Name, Value string }
		cookies := []cookie{}
		for _, c := range r.Cookies() {
			cookies = append(cookies, cookie{c.Name, c.Value})
		}
		reply(w, http.StatusOK, cookies)
	})
	r.Put("/basket/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := segment(r, "id")
		if _, ok := find(id); !ok {
			fail(w, http.StatusNotFound, "no such tea")
			return
		}
		items := id
		if c, err := r.Cookie("basket"); err == nil {
			items = c.Value + "|" + id
		}
		http.SetCookie(w, &http.Cookie{Name: "basket", Value: items, Path: "/", MaxAge: 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.SetCookie(w, &http.Cookie{Name: "last", Value: "a tea, " + strings.ToUpper(id), Path: "/basket", Expires: printed.Add(24 * time.Hour), Secure: true})
		http.SetCookie(w, &http.Cookie{Name: "visits", Value: "1", Domain: "tea.example", Partitioned: true, Secure: true})
		w.Header().Add("Set-Cookie", "empty=")
		w.WriteHeader(http.StatusOK)
	})
	r.Delete("/basket", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "basket", Path: "/", MaxAge: -1})
		w.WriteHeader(http.StatusNoContent)
	})
}
