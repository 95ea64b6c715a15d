//go:build unix

package source

import (
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"cordon/internal/trail"
)

// readFile appends all of a file to buf; ErrLarge where it has more than limit.
// It asks the system for no more than it needs: what os.Open does beyond opening
// takes as long as reading a small file, and most log files are small.
func readFile(name string, buf []byte, limit int64) ([]byte, error) {
	fd := -1
	if err := again(func() (err error) {
		fd, err = unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	}); err != nil {
		return buf[:0], &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd) //nolint:errcheck // it was only read
	f := file{fd, name}
	buf = slices.Grow(buf[:0], usualFile)
	n, err := f.Read(buf[:cap(buf)])
	if err == io.EOF {
		return buf, nil
	}
	if err != nil {
		return buf, err
	}
	if n < cap(buf) { // mostly it is all
		return fill(f, buf[:n], 0, limit)
	}
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return buf, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if st.Size > limit {
		return buf, trail.ErrLarge
	}
	return fill(f, buf[:n], st.Size-int64(n), limit)
}

// usualFile is more than most log files have.
const usualFile = 16 << 10

// A file is an open one.
type file struct {
	fd   int
	name string
}

func (f file) Read(b []byte) (n int, err error) {
	if err := again(func() (err error) {
		n, err = unix.Read(f.fd, b)
		return err
	}); err != nil {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: err}
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// again does what a signal interrupted once more.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}
