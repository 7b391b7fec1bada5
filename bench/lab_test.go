package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestProcessTellsHowItEnded(t *testing.T) {
	for script, want := range map[string]string{"cat": "", "cat; exit 3": "exit status 3"} {
		cmd := exec.Command("sh", "-c", script)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		err = (&process{cmd: cmd, in: in}).close()
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", script, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", script, err, want)
		}
	}
}
