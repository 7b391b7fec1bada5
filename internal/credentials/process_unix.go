//go:build unix

package credentials

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// EndTree has the end of the context of cmd end the processes that cmd has started as well: a
// credential_process is often a script. cmd comes from exec.CommandContext and has not started. Where
// the standard input of cmd is a terminal, cmd alone ends: in a process group of its own it could not
// read the answer to a prompt.
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
