package sigma

import (
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// A folder is files in memory, side by side.
type folder map[string]string

// Open is fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	if name == "." {
		return &list{left: slices.Sorted(maps.Keys(f)), of: f}, nil
	}
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{strings.NewReader(text), info{name, int64(len(text)), 0o444}}, nil
}

type file struct {
	io.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// A list is the folder itself, opened.
type list struct {
	left []string
	of   folder
}

func (l *list) Stat() (fs.FileInfo, error) { return info{".", 0, fs.ModeDir | 0o555}, nil }
func (l *list) Close() error               { return nil }
func (l *list) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrInvalid}
}

// ReadDir is fs.ReadDirFile.
func (l *list) ReadDir(n int) (out []fs.DirEntry, err error) {
	if n > 0 && len(l.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(l.left) {
		n = len(l.left)
	}
	for _, name := range l.left[:n] {
		out = append(out, fs.FileInfoToDirEntry(info{name, int64(len(l.of[name])), 0o444}))
	}
	l.left = l.left[n:]
	return out, nil
}

type info struct {
	name string
	size int64
	mode fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }
