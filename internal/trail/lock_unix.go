//go:build unix && !aix && !solaris

package trail

import (
	"errors"
	"os"
	"syscall"
)

// flock takes a file for one process; the system gives it back when the process
// dies, however it dies.
func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	return err
}
