package shop

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// inspection has handlers that show how requests arrive, and that give answers of every kind.
func inspection(r chi.Router) {
	r.Get("/request", inspect)
	r.Get("/labels/{name}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, map[string]string{"name": segment(r, "name"), "path": r.URL.Path})
	})
	r.Get("/shelves/{shelf}/boxes/{box}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, map[string]string{"shelf": segment(r, "shelf"), "box": segment(r, "box"), "escaped": r.URL.EscapedPath()})
	})

	r.Get("/echo", echo)
	r.Post("/echo", echo)
	r.Put("/echo", echo)
	r.Patch("/echo", echo)
	r.Delete("/echo", echo)

	r.Get("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(segment(r, "code"))
		if err != nil || code < 200 || code > 599 {
			fail(w, http.StatusBadRequest, "no such status")
			return
		}
		w.WriteHeader(code)
		if body := r.URL.Query().Get("body"); body != "" {
			io.WriteString(w, body)
		}
	})
	r.Get("/links", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Link", `</teas>; rel="index", </>; rel="up"`)
		h.Add("Link", `</logo.png>; rel="icon"`)
		h.Add("X-Tea", "assam")
		h.Add("X-Tea", "earl-grey")
		h.Set("Vary", "Accept, Accept-Language")
		reply(w, http.StatusOK, []string{"assam", "earl-grey"})
	})
	r.Get("/headers", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Empty", "")
		h.Set("X-Utf8", "thé 龍井")
		h.Set("X-Quoted", `"a, b"; c="\"d\""`)
		h.Set("Expires", printed.Format(http.TimeFormat))
		h.Set("Retry-After", "120")
		h.Set("Content-Security-Policy", "default-src 'self'; img-src *")
		h.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	r.Get("/farewell", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "Come again!\n")
	})
	// It writes nothing, so net/http answers 200.
	r.Get("/silence", func(http.ResponseWriter, *http.Request) {})
}

// inspect shows a request. It shows only headers that begin with X-Tea, and a few others.
func inspect(w http.ResponseWriter, r *http.Request) {
	headers := make(map[string][]string)
	for name, values := range r.Header {
		switch {
		case strings.HasPrefix(name, "X-Tea"), name == "Accept", name == "Accept-Language", name == "User-Agent", name == "Referer":
			headers[name] = values
		}
	}
	reply(w, http.StatusOK, map[string]any{
		"method":   r.Method,
		"path":     r.URL.Path,
		"query":    r.URL.Query(),
		"rawQuery": r.URL.RawQuery,
		"headers":  headers,
	})
}

// echo sends a body back, byte for byte.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
	}
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	w.Write(body)
}
