//go:build !unix

package source

import (
	"os"

	"cordon/internal/trail"
)

// readFile appends all of a file to buf; ErrLarge where it has more than limit.
func readFile(name string, buf []byte, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return buf[:0], err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return buf[:0], err
	}
	if info.Size() > limit {
		return buf[:0], trail.ErrLarge
	}
	return fill(f, buf, info.Size(), limit)
}
