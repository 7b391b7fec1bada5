package sdkv1

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/sdktest"
)

// The operator revokes a key, and writes the new one ten minutes later. By then, the pause between
// lookups is a minute. At the next refusal, the changed file ends the pause.
func TestKeyThatIsRevokedFirst(t *testing.T) {
	for name, profile := range map[string]string{"a profile": "shop", "the chain": ""} {
		t.Run(name, func(t *testing.T) {
			environment(t, nil, "", "")
			section := "default"
			if profile != "" {
				section = profile
			}
			writeKeys(t, section, "AKIDOLD")
			synctest.Test(t, func(t *testing.T) {
				m := sdktest.NewMemory("AKIDLATER")
				sdk := New(nil, &recorder{}, false)
				if profile != "" { // a profile is in the files, even with a session of the build
					sdk = New(sessionOver(t, m), &recorder{}, false)
				} else {
					replaceDefaultTransport(t, m)
				}
				client := clientOf(t, sdk, invoke.Settings{Profile: profile, Region: "us-west-2"})
				for start := time.Now(); time.Since(start) < 10*time.Minute; time.Sleep(7 * time.Second) {
					if err := call(t.Context(), client); err == nil {
						t.Fatal("the revoked key was accepted")
					}
				}
				writeKeys(t, section, "AKIDLATER")
				if err := call(t.Context(), client); err == nil {
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

// This module does not know the files that a build's session reads.
func TestRevisionOfTheSharedFiles(t *testing.T) {
	environment(t, nil, "", shopKeys)
	for _, tc := range []struct {
		name    string
		sdk     *SDK
		profile string
		want    bool
	}{
		{"the chain", New(nil, &recorder{}, false), "", true},
		{"a session", New(testSession(t, ""), &recorder{}, false), "", false},
		{"a session and a profile", New(testSession(t, ""), &recorder{}, false), "shop", true},
	} {
		if got := tc.sdk.options(cacheKey{profile: tc.profile}).Revision != nil; got != tc.want {
			t.Errorf("%s: got a revision: %t, want %t", tc.name, got, tc.want)
		}
	}
}
