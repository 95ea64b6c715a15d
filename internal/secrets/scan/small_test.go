package scan

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostileFiles: what lies in a scanned folder and says how to scan it is read
// only where it is a file of a reasonable size, and else is a gap.
func TestHostileFiles(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"an endless device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a file somewhere else": func(path string) error {
			return errors.Join(os.WriteFile(path+".far", []byte("AKIA\n"), 0o644), os.Symlink(path+".far", path))
		},
		"a pipe":     func(path string) error { return exec.Command("mkfifo", path).Run() },
		"a folder":   func(path string) error { return os.Mkdir(path, 0o755) },
		"a long one": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte{'\n'}, mostSmall+1), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newFolder(t)
			id := m.id()
			m.write("a.txt", id+"\n")
			if err := put(filepath.Join(m.dir, ".gitallowed")); err != nil {
				t.Skip(err)
			}
			over := make(chan Result, 1)
			go func() { over <- scanned(t, Options{}, m.dir) }()
			select {
			case res := <-over:
				if f := find(res, id); f == nil || f.Allowed != "" || len(res.Gaps) != 1 || res.Gaps[0].Where != ".gitallowed" || res.Gaps[0].Why != "unreadable" {
					t.Errorf("%+v %+v", f, res.Gaps)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it is being read still")
			}
		})
	}
}

// TestManyPatterns: so many patterns count, and that there were more is told.
func TestManyPatterns(t *testing.T) {
	m := newFolder(t)
	first, last := m.id(), m.id()
	m.write("a.txt", first+"\n"+last+"\n")
	m.write(".gitallowed", first+"\n"+strings.Repeat("x[0-9]y\n", mostPatterns-1)+last+"\n")
	res := scanned(t, Options{}, m.dir)
	if f := find(res, first); f == nil || f.Allowed != "gitallowed" {
		t.Errorf("%+v", f)
	}
	if f := find(res, last); f == nil || f.Allowed != "" {
		t.Errorf("%+v", f)
	}
	if len(res.Gaps) != 1 || res.Gaps[0].Why != "too-many" || res.Gaps[0].Where != ".gitallowed:1001" {
		t.Errorf("%+v", res.Gaps)
	}
}

// TestOddBaseline: a baseline that lies there and is none is told apart from none.
func TestOddBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".cordon-baseline.json")
	if _, err := FindBaseline(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	b, err := NewBaseline()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(file + ".far"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file+".far", file); err != nil {
		t.Skip(err)
	}
	if _, err := FindBaseline(file); !errors.Is(err, ErrOdd) {
		t.Error(err)
	}
	if _, err := ReadBaseline(file); err != nil {
		t.Errorf("one that a person named: %v", err)
	}
}
