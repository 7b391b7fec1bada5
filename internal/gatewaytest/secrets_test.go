package gatewaytest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func TestReveals(t *testing.T) {
	for _, secret := range []string{"planted-authorization", `{"card":"4111-1111"}`} {
		for name, log := range map[string]string{
			"unchanged":    "DEBUG " + secret,
			"quoted":       fmt.Sprintf("ERROR %q", "x"+secret),
			"quoted twice": fmt.Sprintf("ERROR %q", fmt.Sprintf("%q", secret)),
		} {
			if !reveals(log, secret) {
				t.Errorf("%s: %s is not found in %s", secret, name, log)
			}
		}
		for before := range 5 {
			for after := range 5 {
				text := strings.Repeat("a", before) + secret + strings.Repeat("z", after)
				for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
					if !reveals("DEBUG "+encoding.EncodeToString([]byte(text))+"\n", secret) {
						t.Errorf("%s is not found in the base64 of %s", secret, text)
					}
				}
			}
		}
		if log := "DEBUG planted card 4111 " + base64.StdEncoding.EncodeToString([]byte("something else")); reveals(log, secret) {
			t.Errorf("%s is found in %s", secret, log)
		}
	}
}
