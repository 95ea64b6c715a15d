package gitsecrets

import (
	"bytes"
	"compress/zlib"
	"io"
	"os"
	"strconv"
)

// looseDir is where loose objects lie, or "" where only git knows.
func (r *run) looseDir() string {
	if dir := r.env("GIT_OBJECT_DIRECTORY"); dir != "" {
		return r.at(dir)
	}
	if dir := r.env("GIT_DIR"); dir != "" {
		return ownObjects(r.at(dir))
	}
	for dir := r.Dir; dir != ""; dir = up(dir) {
		if git := join(dir, ".git"); exists(git) {
			return ownObjects(git)
		}
	}
	return ""
}

// ownObjects are those of a git directory that shares none with others.
func ownObjects(git string) string {
	if objects := join(git, "objects"); isDir(objects) {
		return objects
	}
	return ""
}

// maxLoose bounds what is taken from a loose object's word for its size.
const maxLoose = 1 << 30

// looseObject reads what was just staged, in most cases. Whatever is odd is left
// to git.
func (s *store) looseObject(id string) ([]byte, bool) {
	if s.loose == "" || len(id) < 40 {
		return nil, false
	}
	path := s.loose + "/" + id[:2] + "/" + id[2:]
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer func() { _ = f.Close() }()
	z, err := zlib.NewReader(f)
	if err != nil {
		return nil, false
	}
	var head []byte
	var b [1]byte
	for len(head) < 40 {
		if _, err := io.ReadFull(z, b[:]); err != nil {
			return nil, false
		}
		if b[0] == 0 {
			break
		}
		head = append(head, b[0])
	}
	_, size, _ := bytes.Cut(head, []byte{' '})
	n, err := strconv.Atoi(string(size))
	if err != nil || n < 0 || n > maxLoose {
		return nil, false
	}
	body := new(bytes.Buffer)
	if m, err := io.Copy(body, io.LimitReader(z, int64(n)+1)); err != nil || m != int64(n) {
		return nil, false
	}
	return body.Bytes(), true
}
