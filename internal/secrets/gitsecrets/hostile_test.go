package gitsecrets

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cordon/internal/secrets/ere"
)

// A lair is a folder of loose objects that say of themselves what they like.
type lair struct {
	t   *testing.T
	dir string
}

func (l lair) put(id, head string, body []byte) {
	l.t.Helper()
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(append([]byte(head+"\x00"), body...)); err != nil {
		l.t.Fatal(err)
	}
	w.Close()
	path := filepath.Join(l.dir, id[:2], id[2:])
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, z.Bytes(), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// tree puts one whose directories are these.
func (l lair) tree(id string, dirs ...string) {
	var body []byte
	for i, d := range dirs {
		var raw []byte
		fmt.Sscanf(d, "%x", &raw)
		body = append(append(body, fmt.Sprintf("40000 d%d\x00", i)...), raw...)
	}
	l.put(id, fmt.Sprintf("tree %d", len(body)), body)
}

func (l lair) forest() (*forest, *bytes.Buffer) {
	var told bytes.Buffer
	r := &run{System: System{Err: &told}, store: &store{loose: l.dir, err: errNoObject}}
	r.opened.Do(func() {})
	r.store.once.Do(func() {})
	re, err := ere.Compile([]string{"x"}, ere.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	return &forest{run: r, re: re, trees: map[string][]leaf{}, blobs: map[string][]hit{}}, &told
}

// TestLooseSize: an object that is longer than it says is not unpacked.
func TestLooseSize(t *testing.T) {
	l := lair{t, t.TempDir()}
	id := fmt.Sprintf("%040d", 1)
	l.put(id, "blob 5", make([]byte, 64<<20))
	s := &store{loose: l.dir}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if body, ok := s.looseObject(id); ok {
		t.Errorf("%d bytes in place of 5", len(body))
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 8<<20 {
		t.Errorf("%d bytes were taken for it", after.TotalAlloc-before.TotalAlloc)
	}
}

// TestTreesOfThemselves: a tree that holds itself, one that nests too deep, and one
// with more files than there are are searched to an end.
func TestTreesOfThemselves(t *testing.T) {
	l := lair{t, t.TempDir()}
	name := func(n int) string { return fmt.Sprintf("%02x%038d", n%256, n) }
	l.tree(name(1), name(2), name(1))
	l.tree(name(2), name(1))
	f, told := l.forest()
	if got := f.tree(name(1)); len(got) != 0 || told.Len() > 0 {
		t.Errorf("%v %s", got, told)
	}
	if up, down := f.moved(name(1), name(2)); up && !down {
		t.Error(up, down)
	}
	for i := range maxDepth + 10 {
		l.tree(name(10+i), name(11+i))
	}
	l.tree(name(10 + maxDepth + 10))
	f, told = l.forest()
	if f.tree(name(10)); f.gaps != 1 || !strings.Contains(told.String(), "it was not searched") {
		t.Errorf("%d gaps: %s", f.gaps, told)
	}
	file := name(9001)
	l.put(file, "blob 1", []byte("x"))
	var body []byte
	for i := range 64 {
		var raw []byte
		fmt.Sscanf(file, "%x", &raw)
		body = append(append(body, fmt.Sprintf("100644 f%d\x00", i)...), raw...)
	}
	l.put(name(9002), fmt.Sprintf("tree %d", len(body)), body)
	for i := range 20 {
		l.tree(name(9003+i), name(9002+i), name(9002+i))
	}
	f, _ = l.forest()
	if got := f.tree(name(9022)); len(got) > maxLeaves || f.gaps != 1 {
		t.Errorf("%d files, %d gaps", len(got), f.gaps)
	}
}

// TestEmptyLines: an empty line around a change counts for every parent, written
// with its blanks or without.
func TestEmptyLines(t *testing.T) {
	for _, log := range []string{
		"@@ -1,4 +1,4 @@\n one\n\n-two\n+2\n\nwords\n+++ after\n", "@@@ -1,3 -1,3 +1,4 @@@\n  one\n\n++2\n\nwords\n+++ after\n", "@@ -1,2 +1,3 @@\n one\n+2\n \nwords\n+++ after\n",
	} {
		if got := string(addedOnly([]byte(log))); strings.Count(got, "\n") != strings.Count(log, "\n") || !strings.HasSuffix(got, "2\n\nwords\n+++ after\n") || strings.Contains(got, "one") {
			t.Errorf("%q of %q", got, log)
		}
	}
}

// TestComplaintsInOrder: what cannot be read is said in the order of the files, one
// line at a time, however many of them are read side by side.
func TestComplaintsInOrder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain"), []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	re, err := ere.Compile([]string{"x"}, ere.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var items []item
	var want strings.Builder
	for i := range 200 {
		name := fmt.Sprintf("plain/%03d", i) // below a file there is none
		items = append(items, item{name: name})
		fmt.Fprintf(&want, "error: failed to stat '%s': Not a directory\n", name)
	}
	for range 20 {
		var told bytes.Buffer
		r := &run{System: System{Err: &told, Dir: dir}}
		r.grepItems(re, items)
		if told.String() != want.String() {
			t.Fatalf("%s", &told)
		}
	}
}
