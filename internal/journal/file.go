package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a Store over one local file, one JSON record a line, each synced
// before Append returns.
type File struct{ path string }

// NewFile names the journal's file. Nothing is created before the first line.
func NewFile(path string) *File { return &File{path} }

// Append writes one line and syncs it, and on the first line its folder too.
func (f *File) Append(_ context.Context, line []byte) error {
	_, statErr := os.Stat(f.path)
	w, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(append(bytes.Clone(line), '\n'))
	if err == nil {
		err = w.Sync()
	}
	err = errors.Join(err, w.Close())
	if err == nil && errors.Is(statErr, fs.ErrNotExist) {
		err = syncDir(filepath.Dir(f.path))
	}
	return err
}

// Lines reads the file. What follows the last newline is a line that a crash
// cut short: it is moved to a file beside the journal and returned as torn.
func (f *File) Lines(context.Context) (lines [][]byte, torn []byte, err error) {
	b, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	end := bytes.LastIndexByte(b, '\n') + 1
	if torn = b[end:]; len(torn) > 0 {
		if err := f.setAside(torn, int64(end)); err != nil {
			return nil, nil, fmt.Errorf("cannot set the torn last line aside: %w", err)
		}
	}
	for l := range bytes.Lines(b[:end]) {
		lines = append(lines, bytes.TrimRight(l, "\n"))
	}
	return lines, torn, nil
}

func (f *File) setAside(torn []byte, end int64) error {
	side, err := os.OpenFile(f.path+".torn", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = side.Write(append(bytes.Clone(torn), '\n'))
	if err := errors.Join(err, side.Sync(), side.Close()); err != nil {
		return err
	}
	w, err := os.OpenFile(f.path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(w.Truncate(end), w.Sync(), w.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
