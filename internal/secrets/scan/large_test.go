package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLarge: a file that does not fit in memory is judged as others are: in the
// history, when it is staged, and when it is pushed, while it lies apart.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 35 MB")
	}
	m := newMaker(t)
	m.put("small", "text\n", "one")
	a, b, c := m.id(), m.id(), m.id()
	const lines = 800_000
	quiet := strings.Repeat("a line of nothing that matters, over and over\n", lines/2)
	m.write("big", a+"\n"+quiet+"key = "+b+"\n"+quiet+c)
	check := func(what string, res Result) {
		t.Helper()
		for id, want := range map[string]Place{a: {Line: 1, Column: 1}, b: {Line: 2 + lines/2, Column: 7}, c: {Line: 3 + lines, Column: 1}} {
			f := find(res, id)
			if f == nil {
				t.Errorf("%s: line %d was not found", what, want.Line)
			} else if p := f.Places[0]; len(f.Places) != 1 || p.Line != want.Line || p.Column != want.Column || p.Path != "big" {
				t.Errorf("%s: %+v", what, f.Places)
			}
		}
		if len(res.Gaps) > 0 {
			t.Errorf("%s: %+v", what, res.Gaps)
		}
	}
	m.git("add", "big")
	s := New(Options{})
	if err := s.Staged(t.Context(), m.dir); err != nil {
		t.Fatal(err)
	}
	check("staged", s.Result())
	m.git("commit", "-qm", "two")
	cache := t.TempDir()
	check("history", scanned(t, Options{NoWorkTree: true, Cache: cache}, m.dir))
	check("history, remembered", scanned(t, Options{NoWorkTree: true, Cache: cache}, m.dir))

	// What git does for a push: the new objects lie in a folder of their own.
	tip, base := m.git("rev-parse", "HEAD"), m.git("rev-parse", "HEAD~1")
	apart, objects := t.TempDir(), filepath.Join(m.dir, ".git", "objects")
	for _, id := range strings.Fields(m.git("rev-parse", "HEAD:big", "HEAD^{tree}", "HEAD")) {
		if err := os.MkdirAll(filepath.Join(apart, id[:2]), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(objects, id[:2], id[2:]), filepath.Join(apart, id[:2], id[2:])); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GIT_OBJECT_DIRECTORY", apart)
	t.Setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects)
	s = New(Options{Env: os.Getenv})
	if err := s.Incoming(t.Context(), m.dir, []string{tip}, "^"+base); err != nil {
		t.Fatal(err)
	}
	check("pushed", s.Result())
}
