//go:build !unix

package source

import (
	"os"
	"path/filepath"
)

// sizeAndTime asks for one file of an open folder.
func sizeAndTime(dir *os.File, name string) (size, modified int64, err error) {
	info, err := os.Lstat(filepath.Join(dir.Name(), name))
	if err != nil {
		return 0, 0, err
	}
	return info.Size(), info.ModTime().UnixNano(), nil
}
