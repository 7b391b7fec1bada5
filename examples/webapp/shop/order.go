package shop

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// amounts are the possible amounts of an order, in grams.
var amounts = []int{50, 100, 250, 500}

// maxName is the longest name on a parcel, in characters.
const maxName = 60

// An order is a form that a visitor filled in: the values as sent, and the errors by field. Nil means
// no errors.
type order struct {
	Tea         Tea
	Name, Grams string
	Errors      map[string]string
}

// read checks the values of an order.
func read(t Tea, values url.Values) order {
	o := order{Tea: t, Name: strings.TrimSpace(values.Get("name")), Grams: values.Get("grams"), Errors: map[string]string{}}
	if n := utf8.RuneCountInString(o.Name); n == 0 {
		o.Errors["name"] = "Enter the name for the parcel."
	} else if n > maxName {
		o.Errors["name"] = fmt.Sprintf("The name has %d characters. Shorten it to %d.", n, maxName)
	} else if !utf8.ValidString(o.Name) || strings.ContainsFunc(o.Name, unicode.IsControl) {
		o.Errors["name"] = "The name has characters that do not fit on a label."
	}
	if !slices.ContainsFunc(amounts, func(grams int) bool { return strconv.Itoa(grams) == o.Grams }) { // "+50" is not valid
		o.Errors["grams"] = "Choose how much you would like."
	}
	return o
}

// Amounts returns the choices of the form.
func (o order) Amounts() []int { return amounts }

// Price returns the price of an amount, in cents.
func (o order) Price(grams int) int { return o.Tea.Price * grams / 100 }

// Total returns the price of the order, in cents. It is 0 without an amount.
func (o order) Total() int {
	grams, _ := strconv.Atoi(o.Grams)
	return o.Price(grams)
}

func (o order) values() url.Values {
	return url.Values{"tea": {o.Tea.ID}, "name": {o.Name}, "grams": {o.Grams}}
}

// Number returns the order's number. Equal orders have the same: a form that is sent twice is one
// order.
func (o order) Number() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(o.values().Encode())))[:8]
}

func showTea(w http.ResponseWriter, r *http.Request, t Tea) {
	render(w, r, http.StatusOK, "tea", t.Name, order{Tea: t})
}

// placeOrder handles the form. If the form has errors, it shows it again. Otherwise it redirects the
// browser to the order.
func placeOrder(w http.ResponseWriter, r *http.Request, t Tea) {
	if err := r.ParseForm(); err != nil {
		sorry(w, r, http.StatusBadRequest, "We cannot read this form", "Please go back and send it again.")
		return
	}
	if t.SoldOut {
		sorry(w, r, http.StatusConflict, t.Name+" is sold out", "Somebody was faster. We have other teas.")
		return
	}
	o := read(t, r.PostForm)
	if len(o.Errors) > 0 {
		render(w, r, http.StatusUnprocessableEntity, "tea", "Please check your order", o)
		return
	}
	path := "/purchases/" + o.Number()
	http.SetCookie(w, &http.Cookie{
		Name: "order", Value: o.values().Encode(), Path: path, MaxAge: 3600,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.Header.Get("X-Forwarded-Proto") == "https",
	})
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// showOrder shows an order to the browser that placed it.
func showOrder(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie("order"); err == nil {
		values, _ := url.ParseQuery(cookie.Value)
		t, ok := find(values.Get("tea"))
		if o := read(t, values); ok && len(o.Errors) == 0 && o.Number() == r.PathValue("number") {
			render(w, r, http.StatusOK, "order", "Your order "+o.Number(), o)
			return
		}
	}
	sorry(w, r, http.StatusNotFound, "We do not know this order", "An order is kept for an hour, in a cookie of the browser that placed it.")
}
