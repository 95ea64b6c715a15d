//go:build unix

package lab

import "syscall"

// newSession takes a process out of our terminal's session.
func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
