package shop

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
)

// counter accepts orders, pictures and letters.
func counter(r chi.Router) {
	r.Post("/purchases", order)
	r.Get("/purchases/{number}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "Order %s is on its way.\n", segment(r, "number"))
	})
	r.Post("/uploads", upload)
	r.Post("/letters", letter)
}

// order accepts a form, and redirects the browser to the order.
func order(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	tea, ok := find(r.PostForm.Get("tea"))
	if !ok {
		fail(w, http.StatusUnprocessableEntity, fmt.Sprintf("no tea in %q", r.PostForm))
		return
	}
	// Equal orders have equal numbers.
	number := fmt.Sprintf("%x", sha256.Sum256([]byte(r.PostForm.Encode())))[:8]
	http.SetCookie(w, &http.Cookie{Name: "notice", Value: "thanks", MaxAge: 10})
	http.Redirect(w, r, "/purchases/"+number+"?tea="+url.QueryEscape(tea.Name), http.StatusSeeOther)
}

// upload accepts files, and lists them in its answer.
func upload(w http.ResponseWriter, r *http.Request) {
	parts, err := r.MultipartReader()
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	type file struct {
		Field, Name, Type, SHA256 string
		Size                      int
	}
	files := []file{}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		content, err := io.ReadAll(part)
		if err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		files = append(files, file{part.FormName(), part.FileName(), part.Header.Get("Content-Type"), fmt.Sprintf("%x", sha256.Sum256(content)), len(content)})
	}
	reply(w, http.StatusCreated, files)
}

// letter accepts a text, which may be compressed, and sends it back.
func letter(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(body)
		if err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		body = zr
	}
	text, err := io.ReadAll(body)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "%d bytes:\n%s", len(text), text)
}
