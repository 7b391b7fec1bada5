package main

import (
	"net/http"
	"strings"
	"testing"
)

// sign gives the headers a signature that has the form of one.
func sign(h http.Header) {
	h.Set("X-Amz-Date", "20260102T030405Z")
	h.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request, "+
		"SignedHeaders=content-length;host;x-amz-date, Signature="+strings.Repeat("0a", 32))
}

func TestSigned(t *testing.T) {
	for name, tc := range map[string]struct {
		header, old, new string
		want             bool
	}{
		"as it should be":       {"Authorization", "", "", true},
		"other credentials":     {"Authorization", "AKIDEXAMPLE", "AKIDOTHER", false},
		"another day":           {"Authorization", "/20260102/", "/20260103/", false},
		"another region":        {"Authorization", "us-east-1", "us-east-2", false},
		"another service":       {"Authorization", "/lambda/", "/s3/", false},
		"another algorithm":     {"Authorization", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", false},
		"no host":               {"Authorization", ";host;", ";", false},
		"half a host":           {"Authorization", ";host;", ";hos;", false},
		"no date signed":        {"Authorization", ";x-amz-date", "", false},
		"a short signature":     {"Authorization", "Signature=0a", "Signature=", false},
		"a long signature":      {"Authorization", "Signature=0a", "Signature=0a0a", false},
		"no hexadecimal digits": {"Authorization", "Signature=0a", "Signature=0g", false},
		"no signature":          {"Authorization", ", Signature=", "", false},
		"a date of letters":     {"X-Amz-Date", "T030405Z", "TaaaaaaZ", false},
		"a day alone":           {"X-Amz-Date", "T030405Z", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := make(http.Header)
			sign(h)
			h.Set(tc.header, strings.Replace(h.Get(tc.header), tc.old, tc.new, 1))
			if err := signed(h); (err == nil) != tc.want {
				t.Errorf("got %v for %v", err, h)
			}
		})
	}
	for _, missing := range []string{"Authorization", "X-Amz-Date"} {
		h := make(http.Header)
		sign(h)
		h.Del(missing)
		if signed(h) == nil {
			t.Errorf("without %s it is signed", missing)
		}
	}
}

func TestSignedAllocatesNothing(t *testing.T) {
	h := make(http.Header)
	sign(h)
	if got := testing.AllocsPerRun(100, func() { _ = signed(h) }); got != 0 {
		t.Errorf("it allocates %v times", got)
	}
}
