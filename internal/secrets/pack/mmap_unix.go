//go:build unix

package pack

import (
	"errors"
	"os"
	"syscall"
)

// A mapping is a file in memory. A file that is cut off while it is mapped makes
// reads fault: whoever reads long does so under guard.
type mapping struct {
	b      []byte
	mapped bool
}

func mapFile(path string) (mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return mapping{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return mapping{}, err
	}
	size := info.Size()
	if !info.Mode().IsRegular() || size != int64(int(size)) {
		return mapping{}, errors.New("not a file that can be mapped")
	}
	if size == 0 {
		return mapping{}, nil
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return mapping{}, os.NewSyscallError("mmap", err)
	}
	return mapping{b, true}, nil
}

func (m *mapping) close() error {
	if !m.mapped {
		return nil
	}
	err := syscall.Munmap(m.b)
	*m = mapping{}
	return err
}
