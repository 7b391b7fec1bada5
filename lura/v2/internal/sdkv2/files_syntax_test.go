package sdkv2

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckFiles(t *testing.T) {
	for content, want := range map[string]string{
		"": "", "[default]\nregion = us-west-2\n": "", "# a\n; b\n\n[profile a] # c\r\nregion=\r\ns3 =\n  max_queue_size = 10\n  x\n": "",
		"[default\nregion":  ": line 1 opens a section with [ and does not close it",
		"[default]\nregion": ": line 2 is neither a section nor a key with its value",
		"\n\ngarbage":       ": line 3 is neither a section nor a key with its value",
	} {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("AWS_CONFIG_FILE", file)
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "absent"))
		err := checkFiles()
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", content, err)
			}
			continue
		}
		if err == nil || !strings.HasSuffix(err.Error(), want) || !strings.HasPrefix(err.Error(), file) {
			t.Errorf("%q: got %v, want %s%s", content, err, file, want)
		}
	}
}
