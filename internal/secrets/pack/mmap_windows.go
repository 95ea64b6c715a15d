package pack

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// A mapping is a file in memory. Windows does not delete a file while it is
// mapped: git gc tries again the next time.
type mapping struct {
	b    []byte
	addr uintptr
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
	h, err := syscall.CreateFileMapping(syscall.Handle(f.Fd()), nil, syscall.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return mapping{}, os.NewSyscallError("CreateFileMapping", err)
	}
	defer syscall.CloseHandle(h)
	addr, err := syscall.MapViewOfFile(h, syscall.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return mapping{}, os.NewSyscallError("MapViewOfFile", err)
	}
	// The address is the system's, not the collector's: vet cannot know.
	start := *(*unsafe.Pointer)(unsafe.Pointer(&addr))
	return mapping{unsafe.Slice((*byte)(start), int(size)), addr}, nil
}

func (m *mapping) close() error {
	if m.addr == 0 {
		return nil
	}
	err := syscall.UnmapViewOfFile(m.addr)
	*m = mapping{}
	return err
}
