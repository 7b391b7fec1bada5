package main

import "syscall"

// endWithParent has the system end a process when its parent is gone.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
