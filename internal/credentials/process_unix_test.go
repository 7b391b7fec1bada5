//go:build unix

package credentials

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// A script that hangs ends with its context, together with the processes that it waits for.
func TestEndTree(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "(sleep 20; echo it survives) & echo it has started; wait")
	EndTree(cmd)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	if line, err := lines.ReadString('\n'); err == nil { // after EOF, all processes with the pipe have ended
		t.Errorf("got %q", line)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the script succeeded, want an error")
	}
}

// The context may end after the process.
func TestEndTreeThatHasEnded(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "true")
	EndTree(cmd)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Cancel(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v, want os.ErrProcessDone", err)
	}
}

// A process that may ask on a terminal stays in the gateway's process group.
func TestEndTreeOfATerminal(t *testing.T) {
	terminal, err := os.Open("/dev/ptmx")
	if err != nil {
		t.Skipf("this system has no terminals: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	file, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	for name, tc := range map[string]struct {
		input *os.File
		own   bool
	}{"a terminal": {terminal, false}, "the null device": {null, true}, "a file": {file, true}} {
		cmd := exec.CommandContext(t.Context(), "true")
		cmd.Stdin = tc.input
		EndTree(cmd)
		if own := cmd.SysProcAttr != nil && cmd.SysProcAttr.Setpgid; own != tc.own {
			t.Errorf("%s: got a separate process group: %t, want %t", name, own, tc.own)
		}
	}
}
