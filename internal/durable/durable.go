// Package durable writes files that are whole or not there after a crash, and
// that nobody but their owner reads.
package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The modes of everything that cordon keeps.
const (
	DirMode  fs.FileMode = 0o700
	FileMode fs.FileMode = 0o600
)

// TempPrefix begins the name of a file that is not finished. One that is left
// over was being written when the machine or the program stopped.
const TempPrefix = ".tmp-"

// Write puts data into path: the old content or the new stands there at any
// moment, and the new one is on the disk when Write returns.
func Write(path string, data []byte) error { return write(path, data, os.Rename) }

// Create is Write for a path that must not exist yet; where it does, nothing
// changes and the error is fs.ErrExist. Of two that create at once, one wins.
func Create(path string, data []byte) error {
	return write(path, data, func(temp, path string) error {
		if err := os.Link(temp, path); err != nil {
			return err
		}
		return os.Remove(temp)
	})
}

func write(path string, data []byte, place func(temp, path string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, TempPrefix+"*") // created 0600
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot write %s: %w", path, err)
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = place(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}

// Append adds line and a newline to path, creating it, and syncs. A torn tail
// that a crash left there is cut off first: it was never acknowledged.
func Append(path string, line []byte) error {
	if bytes.ContainsRune(line, '\n') {
		return fmt.Errorf("cannot append to %s: the record has more than one line", path)
	}
	_, statErr := os.Lstat(path)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, FileMode)
	if err != nil {
		return fmt.Errorf("cannot append to %s: %w", path, err)
	}
	err = appendTo(f, line)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && errors.Is(statErr, fs.ErrNotExist) {
		err = SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("cannot append to %s: %w", path, err)
	}
	return nil
}

func appendTo(f *os.File, line []byte) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	whole, err := wholeLines(f, size)
	if err != nil {
		return err
	}
	if whole != size {
		if err := f.Truncate(whole); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(append(bytes.Clone(line), '\n'), whole); err != nil {
		return err
	}
	return f.Sync()
}

// wholeLines is the offset after the last newline.
func wholeLines(f *os.File, size int64) (int64, error) {
	buf := make([]byte, 4096)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := f.ReadAt(part, start); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// Lines splits a file that Append wrote into its lines and what a crash left
// behind the last newline. A file that is not there has none.
func Lines(path string) (lines [][]byte, torn []byte, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	i := bytes.LastIndexByte(data, '\n') + 1
	whole, torn := data[:i], data[i:]
	for line := range bytes.Lines(whole) {
		lines = append(lines, bytes.TrimSuffix(line, []byte("\n")))
	}
	return lines, torn, nil
}

// MkdirAll makes a directory that only its owner enters, and its parents.
func MkdirAll(dir string) error {
	if err := os.MkdirAll(dir, DirMode); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(dir))
}

// SyncDir puts the names in dir on the disk.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !strings.Contains(err.Error(), "invalid argument") {
		return err // some file systems cannot sync a directory and say so
	}
	return nil
}

// Close makes dir and all below it private, and lists what was not: somebody
// else may have read it.
func Close(dir string) (exposed []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := FileMode
		switch {
		case d.IsDir():
			want = DirMode
		case !info.Mode().IsRegular():
			return nil
		}
		if info.Mode().Perm()&0o077 == 0 {
			return nil
		}
		exposed = append(exposed, path)
		return os.Chmod(path, want)
	})
	return exposed, err
}
