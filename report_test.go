package lambda

import (
	"slices"
	"testing"

	"github.com/devopsfaith/krakend/config"
)

// KrakenD 1.x ignores the short namespace: such a backend calls its host.
func TestCheckOfTheShortNamespace(t *testing.T) {
	remote := &config.Backend{ExtraConfig: config.ExtraConfig{shortNamespace: map[string]any{"function_name": "f"}}}
	got := Check(remote)
	want := []string{"backend/lambda has no effect on this KrakenD, so this GET backend calls its host and no function: rename the key to " + Namespace}
	if got.Backend != remote || got.Invokes != "" || got.Err != nil || !slices.Equal(got.Warnings, want) {
		t.Errorf("got %+v, want the warnings %q", got, want)
	}
}
