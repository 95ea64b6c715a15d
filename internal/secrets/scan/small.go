package scan

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrOdd says that what lies where a small file should is none: a link, a pipe, a
// device, or too large. What a scanned repository has there is not to be trusted.
var ErrOdd = errors.New("it is no file of a reasonable size")

// mostSmall bounds the files of a scanned folder that say how to scan it.
const mostSmall = 1 << 20

// mostBaseline bounds the baseline that lies in one: some hundred thousand entries.
const mostBaseline = 16 << 20

// small reads a file of a scanned folder that is taken at its word.
func small(path string) ([]byte, error) { return bounded(path, mostSmall) }

func bounded(path string, most int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("cannot read %s: %w", path, ErrOdd)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
