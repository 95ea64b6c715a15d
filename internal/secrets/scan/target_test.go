package scan

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestNamed: what a person names is looked at, whatever kind of thing it is, and
// is called as it was named.
func TestNamed(t *testing.T) {
	m := newFolder(t)
	id := m.id()
	m.write("real/a.txt", id+"\n")
	m.write("real/deep/b.txt", "x\n")
	repo := &maker{t: t, dir: filepath.Join(m.dir, "repo"), rand: m.rand}
	repo.write("a.txt", id+"\n")
	repo.git("init", "-q", "-b", "main", ".")
	links := map[string]string{"folder": "real", "file": "real/a.txt", "again": "folder", "checkout": "repo"}
	for link, to := range links {
		if err := os.Symlink(to, filepath.Join(m.dir, link)); err != nil {
			t.Skip(err)
		}
	}
	for name, path := range map[string]string{
		"real": "a.txt", "folder": "a.txt", "file": "file", "real/a.txt": "a.txt", "again": "a.txt", "checkout": "a.txt",
	} {
		named := filepath.Join(m.dir, name)
		res := scanned(t, Options{}, named)
		if f := find(res, id); f == nil || len(f.Places) != 1 || f.Places[0].Source != named || f.Places[0].Path != path || len(res.Gaps) != 0 {
			t.Errorf("%s: %+v %+v", name, f, res.Gaps)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(m.dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	if err := New(Options{}).Target(t.Context(), filepath.Join(m.dir, "dangling")); err == nil {
		t.Error("a link to nothing is clean")
	}
}

// TestPiped: what a shell gives as /dev/fd/N.
func TestPiped(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("no /dev/fd here")
	}
	m := newFolder(t)
	id := m.id()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		fmt.Fprintln(w, "key", id)
		w.Close()
	}()
	named := fmt.Sprintf("/dev/fd/%d", r.Fd())
	res := scanned(t, Options{}, named)
	if f := find(res, id); f == nil || f.Places[0].Source != named || res.Files != 1 {
		t.Errorf("%+v", res)
	}
	// A file that lost its name.
	m.write("gone.txt", id+"\n")
	f, err := os.Open(filepath.Join(m.dir, "gone.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if res := scanned(t, Options{}, fmt.Sprintf("/dev/fd/%d", f.Fd())); find(res, id) == nil {
		t.Errorf("%+v", res)
	}
}

// TestSpecial: a device is read as far as anything is.
func TestSpecial(t *testing.T) {
	if _, err := os.Stat(os.DevNull); err != nil {
		t.Skip(err)
	}
	if res := scanned(t, Options{}, os.DevNull); res.Files != 1 || len(res.Gaps) != 0 {
		t.Errorf("%+v", res)
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	if res := scanned(t, Options{}, socket); len(res.Gaps) != 1 || res.Gaps[0].Why != "unreadable" {
		t.Errorf("a socket: %+v", res)
	}
}
