package pack

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"cordon/internal/inflate"
)

// looseObjects lists the objects that lie in files of their own, once.
func (r *Repository) looseObjects() map[ID]string {
	r.looseOnce.Do(func() {
		r.loose = map[ID]string{}
		for _, dir := range r.dirs {
			top, err := os.ReadDir(dir)
			if err != nil {
				r.looseGaps = append(r.looseGaps, Gap{Why: fmt.Sprintf("the folder of objects %s cannot be read", dir)})
			}
			for _, e := range top {
				if len(e.Name()) != 2 || !isHex(e.Name()) {
					continue
				}
				r.looseIn(filepath.Join(dir, e.Name()), e.Name())
			}
		}
	})
	return r.loose
}

func (r *Repository) looseIn(dir, head string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		r.looseGaps = append(r.looseGaps, Gap{Why: fmt.Sprintf("the folder of objects %s cannot be read", dir)})
	}
	for _, f := range files {
		if len(f.Name()) != 2*r.hash-2 {
			continue
		}
		if id, err := ParseID(head + f.Name()); err == nil && r.loose[id] == "" {
			r.loose[id] = filepath.Join(dir, f.Name())
		}
	}
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

var (
	errLoose = errors.New("its header is not one of an object")
	errFile  = errors.New("it is not a file") // but a pipe, which nobody may ever write to
)

func regular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errFile
	}
	return err
}

// readLoose reads a file: one zlib stream of kind, size and body.
func readLoose(path string) (Kind, []byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, nil, err
	}
	if !info.Mode().IsRegular() {
		return 0, nil, errFile
	}
	if info.Size() > maxBody {
		return 0, nil, ErrLarge
	}
	packed, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, err
	}
	all, _, err := inflate.ZlibUpTo(nil, packed, maxBody+64)
	if errors.Is(err, inflate.ErrLarge) {
		return 0, nil, ErrLarge
	}
	if err != nil {
		return 0, nil, err
	}
	head, _, ok := bytes.Cut(all[:min(len(all), 64)], []byte{0})
	name, size, ok2 := bytes.Cut(head, []byte{' '})
	n, err := strconv.ParseUint(string(size), 10, 63)
	if !ok || !ok2 || err != nil {
		return 0, nil, errLoose
	}
	body := all[len(head)+1:]
	if n != uint64(len(body)) {
		return 0, nil, fmt.Errorf("it has %d bytes in place of %d", len(body), n)
	}
	kind := kindOf(string(name))
	if kind == 0 {
		return 0, nil, errLoose
	}
	return kind, body, nil
}

func kindOf(name string) Kind {
	for k := Commit; k <= Tag; k++ {
		if kindNames[k] == name {
			return k
		}
	}
	return 0
}

// looseKind reads no more than the header.
func looseKind(path string) (Kind, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return 0, err
	}
	var head [16]byte
	n, err := io.ReadFull(z, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	name, _, _ := bytes.Cut(head[:n], []byte{' '})
	if kind := kindOf(string(name)); kind != 0 {
		return kind, nil
	}
	return 0, errLoose
}
