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

// A key that the operator replaces in the shared files is in use without a restart, within two
// seconds of AWS's first refusal.
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
		t.Errorf("it took %v", took)
	}
	if err := call(t.Context(), client); err != nil {
		t.Error(err)
	}
}

// A key that comes after the start is found as well.
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
