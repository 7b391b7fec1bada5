//go:build unix

package credentials

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// EndTree makes the end of cmd's context also end the processes that cmd has started: a
// credential_process is often a script. cmd must come from exec.CommandContext and must not have
// started. If the standard input of cmd is a terminal, only cmd ends: in a separate process
// group it could not read the answer to a prompt.
func EndTree(cmd *exec.Cmd) {
	if isTerminal(cmd) {
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// isTerminal tells whether the standard input of cmd is a character device other than the null
// device.
func isTerminal(cmd *exec.Cmd) bool {
	file, ok := cmd.Stdin.(*os.File)
	if !ok {
		return false
	}
	input, err := file.Stat()
	if err != nil || input.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(input, null)
}
