package shop

import (
	"fmt"
	"html/template"
	"net/http"
	"unicode/utf16"

	"github.com/go-chi/chi/v5"
)

var index = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>The Tea Shop</title>
<style>body { font-family: serif; margin: 3em auto; max-width: 36em } td { padding-right: 2em }</style>
</head>
<body>
<img src="/logo.png" width="64" height="64" alt="">
<h1>The Tea Shop</h1>
<table>
{{- range .}}
<tr><td><a href="/teas/{{.ID}}">{{.Name}}</a></td><td>{{.Origin}}</td><td>{{printf "%.2f" .Price}} €</td></tr>
{{- end}}
</table>
<form method="post" action="/purchases">
<input name="tea" value="assam"> <input name="grams" value="100"> <button>Order</button>
</form>
</body>
</html>
`))

var results = template.Must(template.New("results").Parse(`<!DOCTYPE html>
<title>Search</title>
<dl>
{{- range $name, $values := .}}
<dt>{{$name}}</dt>
{{- range $values}}<dd>{{.}}</dd>{{end}}
{{- end}}
</dl>
`))

// pages has pages for people.
func pages(r chi.Router) {
	r.Get("/", func(w http.ResponseWriter, r *http.Request) { render(w, index, teas()) })
	r.Get("/search", func(w http.ResponseWriter, r *http.Request) { render(w, results, r.URL.Query()) })
	r.Get("/menu/{charset}", menu)
	r.Get("/plain", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "<html>This page does not set its Content-Type.")
	})
}

func render(w http.ResponseWriter, t *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := t.Execute(w, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// menu serves the same text in the character set of the path.
func menu(w http.ResponseWriter, r *http.Request) {
	const text = "Thé glacé: 3 £ – Maté: 2 £\n"
	charset := segment(r, "charset")
	var body []byte
	switch charset {
	case "utf-8":
		body = []byte(text)
	case "iso-8859-1":
		for _, c := range text {
			if c > 0xff {
				c = '-'
			}
			body = append(body, byte(c))
		}
	case "utf-16":
		body = []byte{0xfe, 0xff}
		for _, unit := range utf16.Encode([]rune(text)) {
			body = append(body, byte(unit>>8), byte(unit))
		}
	default:
		fail(w, http.StatusNotFound, "no such menu")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset="+charset)
	w.Header().Set("Content-Language", "fr, en")
	w.Write(body)
}
