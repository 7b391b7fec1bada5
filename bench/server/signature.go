package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

const (
	credentialPart    = "AWS4-HMAC-SHA256 Credential=" + load.AccessKeyID + "/"
	scopePart         = "/" + load.Region + "/lambda/aws4_request, SignedHeaders="
	signaturePart     = ", Signature="
	signatureLength   = 64                 // hexadecimal digits
	signatureDateForm = "00000000T000000Z" // 0 is any digit
)

// signed checks that a call's headers have the form of Signature Version 4, with the
// credentials of all calls. Whether the signature is right takes longer to find out: that
// is asked once of each contestant, before anything is measured.
func signed(h http.Header) error {
	date := only(h["X-Amz-Date"])
	if !dated(date) {
		return errors.New("there is no X-Amz-Date, or it is none")
	}
	rest, ok := strings.CutPrefix(only(h["Authorization"]), credentialPart)
	if ok {
		rest, ok = strings.CutPrefix(rest, date[:len("20060102")])
	}
	if ok {
		rest, ok = strings.CutPrefix(rest, scopePart)
	}
	headers, signature, found := strings.Cut(rest, signaturePart)
	if !ok || !found || !hexadecimal(signature) {
		return errors.New("the Authorization is not that of a call of the day's with these credentials")
	}
	if !listed(headers, "host") || !listed(headers, "x-amz-date") {
		return errors.New("the signature does not cover host and x-amz-date")
	}
	return nil
}

// only returns the value of a header that is there once.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

func dated(s string) bool {
	if len(s) != len(signatureDateForm) {
		return false
	}
	for i := range len(s) {
		if want := signatureDateForm[i]; s[i] != want && (want != '0' || s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

func hexadecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == signatureLength
}

// listed tells whether a list with semicolons has the name.
func listed(list, name string) bool {
	for one := range strings.SplitSeq(list, ";") {
		if one == name {
			return true
		}
	}
	return false
}
