package shop

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// A Tea is a product of the shop.
type Tea struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Origin string   `json:"origin"`
	Tags   []string `json:"tags"`
	Price  float64  `json:"price"` // euros for 100 g
	Sold   bool     `json:"soldOut,omitempty"`
}

// teas has all teas by ID.
func teas() []Tea {
	return []Tea{
		{ID: "assam", Name: "Assam", Origin: "India", Tags: []string{"black", "malty"}, Price: 7.5},
		{ID: "dragon-well", Name: "Dragon Well 龍井", Origin: "China", Tags: []string{"green"}, Price: 18},
		{ID: "earl-grey", Name: "Earl Grey & Bergamot <fresh>", Origin: "Sri Lanka", Tags: []string{"black", "scented"}, Price: 8.25},
		{ID: "gyokuro", Name: "Gyokuro 玉露", Origin: "Japan", Tags: []string{"green", "shaded"}, Price: 32, Sold: true},
		{ID: "maté", Name: "Yerba maté", Origin: "Paraguay", Tags: []string{}, Price: 5},
	}
}

func find(id string) (Tea, bool) {
	all := teas()
	i := slices.IndexFunc(all, func(t Tea) bool { return t.ID == id })
	if i < 0 {
		return Tea{}, false
	}
	return all[i], true
}

// etag returns the version of a tea.
func (t Tea) etag() string {
	body, _ := json.Marshal(t)
	return fmt.Sprintf(`"%x"`, sha256.Sum256(body))[:17] + `"`
}

// catalogue is the JSON API.
func catalogue(r chi.Router) {
	r.Get("/teas", listTeas)
	r.Post("/teas", createTea)
	r.Get("/teas/{id}", existing(func(w http.ResponseWriter, r *http.Request, t Tea) {
		w.Header().Set("Etag", t.etag())
		w.Header().Set("Cache-Control", "max-age=60, must-revalidate")
		if names(r.Header.Get("If-None-Match"), t.etag()) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		reply(w, http.StatusOK, t)
	}))
	r.Put("/teas/{id}", existing(func(w http.ResponseWriter, r *http.Request, before Tea) {
		t := Tea{ID: before.ID}
		if condition := r.Header.Get("If-Match"); condition != "" && !names(condition, before.etag()) {
			fail(w, http.StatusPreconditionFailed, "it has changed meanwhile")
		} else if decode(w, r, &t) {
			reply(w, http.StatusOK, t)
		}
	}))
	r.Patch("/teas/{id}", existing(func(w http.ResponseWriter, r *http.Request, t Tea) {
		if decode(w, r, &t) { // changes the members that the body has
			reply(w, http.StatusOK, t)
		}
	}))
	r.Delete("/teas/{id}", existing(func(w http.ResponseWriter, r *http.Request, t Tea) {
		if t.Sold {
			fail(w, http.StatusConflict, "orders are waiting for it")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
}

// listTeas answers with the teas that have the origin and all tags in the query string.
func listTeas(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	list := slices.DeleteFunc(teas(), func(t Tea) bool {
		if query.Has("origin") && t.Origin != query.Get("origin") {
			return true
		}
		return slices.ContainsFunc(query["tag"], func(tag string) bool { return !slices.Contains(t.Tags, tag) })
	})
	reply(w, http.StatusOK, list)
}

func createTea(w http.ResponseWriter, r *http.Request) {
	var t Tea
	if !decode(w, r, &t) {
		return
	}
	if _, exists := find(t.ID); exists {
		fail(w, http.StatusConflict, "there is a tea of that ID")
		return
	}
	w.Header().Set("Location", "/teas/"+url.PathEscape(t.ID))
	w.Header().Set("Etag", t.etag())
	reply(w, http.StatusCreated, t)
}

// existing calls a handler with the tea of the path, or answers 404.
func existing(serve func(http.ResponseWriter, *http.Request, Tea)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := segment(r, "id")
		if t, ok := find(id); ok {
			serve(w, r, t)
			return
		}
		fail(w, http.StatusNotFound, fmt.Sprintf("no tea %q", id))
	}
}

// names reports whether a condition such as If-None-Match contains a version.
func names(condition, etag string) bool {
	for tag := range strings.SplitSeq(condition, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// decode reads a JSON body. If the body is not JSON, decode answers the request and returns false.
func decode(w http.ResponseWriter, r *http.Request, v any) bool {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		w.Header().Set("Accept-Post", "application/json")
		fail(w, http.StatusUnsupportedMediaType, "JSON only")
		return false
	}
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}
