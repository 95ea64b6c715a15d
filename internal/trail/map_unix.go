//go:build unix && !aix && !solaris

package trail

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile gives a file's bytes as they lie on the disk.
func mapFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 || info.Size() != int64(int(info.Size())) {
		return nil, errSegment
	}
	return unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
}

// restFile lets the system forget what of a mapped file is in memory. Where it
// does not, nothing is lost.
func restFile(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }

func unmapFile(b []byte) error { return unix.Munmap(b) }
