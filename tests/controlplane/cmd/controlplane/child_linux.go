package main

import "syscall"

// ownGroupDyingWithParent keeps the terminal's Ctrl-C from a child (the launcher
// stops it in order) and has the kernel end it with the launcher, even after SIGKILL.
func ownGroupDyingWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
