package sdkv2

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// accepting is an Invoke API in memory that accepts one key.
func accepting(key string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		answer := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header), Body: io.NopCloser(strings.NewReader("{}")), Request: r}
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+key+"/") {
			answer.StatusCode = http.StatusForbidden
			answer.Header.Set("X-Amzn-Errortype", "UnrecognizedClientException")
		}
		return answer, nil
	})
}

// The operator revokes a key, and writes the new one ten minutes later. By then, the pause between
// lookups is a minute. At the next refusal, the changed file ends the pause.
func TestKeyThatIsRevokedFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		custom  *aws.Config
		profile string
	}{
		"the chain":              {nil, ""},
		"a config and a profile": {customConfig(), "shop"},
	} {
		t.Run(name, func(t *testing.T) {
			write := func(key string) {
				content := strings.NewReplacer("AKIDDEFAULT", key, "AKIDSHOP", key).Replace(defaultKeys + shopKeys)
				if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			environment(t, nil, "", "")
			write("AKIDOLD")
			replaceDefaultTransport(t, accepting("AKIDLATER"))
			synctest.Test(t, func(t *testing.T) {
				client := clientOf(t, newSDK(tc.custom), invoke.Settings{Profile: tc.profile, Region: "us-west-2"})
				for start := time.Now(); time.Since(start) < 10*time.Minute; time.Sleep(7 * time.Second) {
					if call(t.Context(), client) == nil {
						t.Fatal("the revoked key was accepted")
					}
				}
				write("AKIDLATER")
				if call(t.Context(), client) == nil {
					t.Error("the revoked key was accepted")
				}
				time.Sleep(2 * time.Second)
				if err := call(t.Context(), client); err != nil {
					t.Errorf("2 s after the refusal: %v", err)
				}
			})
		})
	}
}

// This module does not know the files that a custom config reads.
func TestRevisionOfTheSharedFiles(t *testing.T) {
	environment(t, nil, "", shopKeys)
	for _, tc := range []struct {
		custom  *aws.Config
		profile string
		want    bool
	}{
		{nil, "", true},
		{customConfig(), "", false},
		{customConfig(), "shop", true},
	} {
		if got := newSDK(tc.custom).lookups(keyOf(invoke.Settings{Profile: tc.profile})).Revision != nil; got != tc.want {
			t.Errorf("custom: %t, profile %q: got a revision: %t, want %t", tc.custom != nil, tc.profile, got, tc.want)
		}
	}
}
