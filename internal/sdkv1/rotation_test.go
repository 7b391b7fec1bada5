package sdkv1

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// writeKeys writes a key to the credentials file of the environment.
func writeKeys(t *testing.T, profile, key string) {
	t.Helper()
	content := "[" + profile + "]\naws_access_key_id = " + key + "\naws_secret_access_key = " + secretKey + "\n"
	if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Calls use a new key in the shared files without a restart, within two seconds of the first refusal
// of the old one.
func TestRotatedKey(t *testing.T) {
	environment(t, nil, "", "")
	writeKeys(t, "default", "AKIDOLD")
	s := api(t)
	s.RequireCredentials("AKIDOLD", secretKey)
	l := &recorder{}
	client := clientOf(t, New(nil, l, false), invoke.Settings{Region: "us-west-2", Endpoint: s.URL})
	if err := call(t.Context(), client); err != nil {
		t.Fatal(err)
	}

	s.RequireCredentials("AKIDNEW", secretKey)
	writeKeys(t, "default", "AKIDNEW")
	var e *invoke.Error
	if err := call(t.Context(), client); !errors.As(err, &e) || e.Code != "UnrecognizedClientException" {
		t.Fatalf("got %v", err)
	}
	refused := time.Now()
	l.await(t, "INFO [Lambda] using a new AWS access key from SharedConfigCredentials: ")
	if took := time.Since(refused); took > 2*time.Second {
		t.Errorf("took %v, want at most 2 s", took)
	}
	if err := call(t.Context(), client); err != nil {
		t.Error(err)
	}
}

// Lookups find a key that was written after the start.
func TestKeyThatComesLater(t *testing.T) {
	environment(t, nil, "", "")
	find := New(nil, &recorder{}, false).finder(cacheKey{region: "us-west-2"})
	if found, err := find(t.Context(), false); err == nil {
		t.Fatalf("got %+v", found)
	}
	writeKeys(t, "default", "AKIDLATER")
	if found, err := find(t.Context(), false); err != nil || found.AccessKeyID != "AKIDLATER" {
		t.Errorf("got %+v, %v", found, err)
	}
}
