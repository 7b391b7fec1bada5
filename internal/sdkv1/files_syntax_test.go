package sdkv1

import (
	"os"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// The SDK skips lines that it cannot read, and continues with the rest of the file.
func TestCheckFiles(t *testing.T) {
	const noKey, noEnd = "is neither a section nor a key with its value", "opens a section with [ and does not close it"
	for content, want := range map[string]string{
		"":                                "",
		"[default]\nregion = us-west-2\n": "",
		"# a\n; b\n\n[profile a] # c\r\nregion=\r\ns3 =\n  max_queue_size = 10\n  x\n": "",
		"[default]\nregion: us-west-2\n":                                               "", // the SDK reads it
		"[default\nregion":                                                             ": line 1 " + noEnd,
		"[default # ]\n":                                                               ": line 1 " + noEnd,
		"[default]\nregion":                                                            ": line 2 " + noKey,
		"[default]\nregion us-west-2\noutput = json\n":                                 ": line 2 " + noKey,
		"[default]\r\nregion # = us-west-2\r\n":                                        ": line 2 " + noKey,
		"\n\ngarbage":                                                                  ": line 3 " + noKey,
		"[default]\nx = \"y\n":                                                         ": line 2 opens a double quote and does not close it",
		"[default]\n[profile other]\nx = y\nz\nx = y\n":                                ": line 4 " + noKey,
	} {
		for _, inCredentials := range []bool{false, true} {
			file := "AWS_CONFIG_FILE"
			environment(t, nil, content, "")
			if inCredentials {
				file = "AWS_SHARED_CREDENTIALS_FILE"
				environment(t, nil, "", content)
			}
			if want != "" {
				want = os.Getenv(file) + want[strings.Index(want, ": line"):]
			}
			got := ""
			if _, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Region: "eu-west-1"}); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%q in %s: got  %s\nwant %s", content, file, got, want)
			}
		}
	}
}
