package sdkv2

import (
	"net/http"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// Calls go where the settings say, signed with what the config has, and backends with the same
// settings share a client.
func TestSDK(t *testing.T) {
	environment(t, nil, "", "")
	s := api(t, map[string]any{"f": func() (string, error) { return "tea", nil }})
	s.RequireCredentials("AKIDEXAMPLE", "not-a-secret")
	sdk := NewSDK(givenConfig(), silent{}, false)
	settings := invoke.Settings{Region: "eu-west-1", Endpoint: s.URL}
	first, found, err := sdk.Client(settings)
	if err != nil || found.Region != "eu-west-1" || found.Endpoint != s.URL || found.Warnings != nil {
		t.Fatalf("got %+v, %v", found, err)
	}
	if second, _, _ := sdk.Client(settings); second != first {
		t.Error("the same settings have two clients")
	}
	if other, _, _ := sdk.Client(invoke.Settings{Region: "eu-west-2", Endpoint: s.URL}); other == first {
		t.Error("two regions have one client")
	}
	if err := first.Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{}, func(*invoke.Response) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if call := s.Calls()[0]; call.Region != "eu-west-1" {
		t.Errorf("got %+v", call)
	}
	if _, _, err := sdk.Client(invoke.Settings{Profile: "absent"}); err == nil {
		t.Error("got a client for a profile that does not exist")
	}
	if got := safeText(&http.MaxBytesError{Limit: 1}); !strings.Contains(got, "too large") {
		t.Errorf("got %s", got)
	}
}

type silent struct{}

func (silent) Debug(...any)   {}
func (silent) Info(...any)    {}
func (silent) Warning(...any) {}
func (silent) Error(...any)   {}
