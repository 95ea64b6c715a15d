//go:build !unix

package lab

import "syscall"

// newSession does nothing where there are no sessions.
func newSession() *syscall.SysProcAttr { return nil }
