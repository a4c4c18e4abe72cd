//go:build !linux

package main

import "syscall"

// ownGroupDyingWithParent keeps the terminal's Ctrl-C from a child. Only Linux
// can also end it with the launcher: elsewhere don't end the launcher by SIGKILL.
func ownGroupDyingWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
