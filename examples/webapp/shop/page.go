package shop

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"euro": func(cents int) string { return fmt.Sprintf("€%d.%02d", cents/100, cents%100) },
}).ParseFS(files, "templates/*.html"))

// A page is the data of the templates.
type page struct {
	Title   string
	Content any
	// For the footer. RequestID is empty if no function was invoked.
	Function, Version, RequestID string
}

// render answers with a page: a template, filled with content.
func render(w http.ResponseWriter, r *http.Request, status int, name, title string, content any) {
	p := page{Title: title, Content: content, Function: lambdacontext.FunctionName, Version: lambdacontext.FunctionVersion}
	if call, ok := lambdacontext.FromContext(r.Context()); ok {
		p.RequestID = call.AwsRequestID
	}
	var html bytes.Buffer // so that a failing template sends no half page
	if err := templates.ExecuteTemplate(&html, name+".html", p); err != nil {
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(html.Bytes())
}

// sorry answers with a page that says what went wrong.
func sorry(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	render(w, r, status, "sorry", title, text)
}

// secured adds headers that keep other sites from embedding the shop, and foreign scripts and styles
// from running in it.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
