//go:build !linux

package main

import "syscall"

// endWithParent does nothing: only Linux can.
func endWithParent() *syscall.SysProcAttr { return nil }
