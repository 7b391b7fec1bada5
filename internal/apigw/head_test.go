package apigw

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestHeaderLimit(t *testing.T) {
	// 100 headers of 100 bytes, and one that reaches the limit.
	h := make(http.Header)
	for i := range 100 {
		h.Set(fmt.Sprintf("X-%02d", i), strings.Repeat("v", 100-32-4))
	}
	h.Set("Y", strings.Repeat("v", MaxHeader-100*100-32-1))
	if err := CheckHeader(h); err != nil {
		t.Error(err)
	}
	h.Add("Y", "")
	if err := CheckHeader(h); err == nil || err.Error() != "its headers have 65569 bytes; the limit is 65536" {
		t.Errorf("got %v", err)
	}
	if err := CheckHeader(nil); err != nil {
		t.Error(err)
	}
}

func TestHeaderLimitOfAResponse(t *testing.T) {
	for size, ok := range map[int]bool{MaxHeader - 32 - 1: true, MaxHeader - 32: false} {
		_, err := ParseResponse(fmt.Appendf(nil, `{"statusCode":204,"headers":{"x":%q}}`, strings.Repeat("v", size)), HTTP, false)
		if (err == nil) != ok {
			t.Errorf("a header of %d bytes: got %v", size, err)
		}
	}
	many := `{"statusCode":204,"multiValueHeaders":{"x":[` + strings.Repeat(`"",`, MaxHeader/32) + `""]}}`
	if _, err := ParseResponse([]byte(many), REST, false); err == nil {
		t.Error("got a response with thousands of headers")
	}
}
