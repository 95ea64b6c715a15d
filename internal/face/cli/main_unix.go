//go:build !windows

package cli

import (
	"os"
	"syscall"
)

const terminal = "/dev/tty"

var stops = []os.Signal{os.Interrupt, syscall.SIGTERM}
