package scan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// in makes a repository below a folder, with a key that only its history has and
// one that is in no object.
func (m *maker) in(dir string) (inner *maker, past, loose string) {
	m.t.Helper()
	inner = &maker{t: m.t, dir: filepath.Join(m.dir, dir), rand: m.rand}
	if err := os.MkdirAll(inner.dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	inner.git("init", "-q", "-b", "main", ".")
	past, loose = m.id(), m.id()
	inner.put("old.txt", past+"\n", "one")
	inner.git("rm", "-q", "old.txt")
	inner.put("x.txt", "x\n", "two")
	inner.write("loose.txt", loose+"\n")
	return inner, past, loose
}

// TestNested: repositories in a repository are looked at as such, each once,
// wherever they lie; what cannot be read is a gap.
func TestNested(t *testing.T) {
	top := newFolder(t)
	m := &maker{t: t, dir: filepath.Join(top.dir, "outer"), rand: top.rand}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.git("init", "-q", "-b", "main", ".")
	m.git("config", "protocol.file.allow", "always")
	m.write("mixed/ours.txt", "ours\n")
	m.write(".gitignore", "trees/\n")
	m.commit("begin")
	want := map[string]string{} // where it must be found
	expect := func(source string, ids ...string) {
		for _, id := range ids {
			want[id] = filepath.Join(m.dir, source)
		}
	}
	_, past, loose := m.in("clones/a")
	expect("clones/a", past, loose)
	deep, past, loose := m.in("clones/a/b")
	expect("clones/a/b", past, loose)
	if _, err := os.Stat(deep.dir); err != nil {
		t.Fatal(err)
	}
	_, past, _ = m.in("mixed") // among files that this one tracks
	expect("mixed", past)
	os.Remove(filepath.Join(m.dir, "mixed", "loose.txt"))

	from := &maker{t: t, dir: t.TempDir(), rand: m.rand}
	src, past, _ := from.in("lib")
	for _, name := range []string{"here", "away", "lost"} {
		m.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", src.dir, name)
	}
	m.git("commit", "-q", "-m", "submodules")
	m.git("submodule", "--quiet", "deinit", "-f", "away", "lost")
	if err := os.RemoveAll(filepath.Join(m.dir, ".git", "modules", "lost")); err != nil {
		t.Fatal(err)
	}
	loose = m.id()
	m.write("here/new.txt", loose+"\n")
	expect("here", loose)

	bare, past2, _ := from.in("second")
	m.git("clone", "-q", "--bare", bare.dir, "fixtures/x.git")
	expect("fixtures/x.git", past2)
	m.git("worktree", "add", "-q", "trees/w", "HEAD")
	loose = m.id()
	m.write("trees/w/new.txt", loose+"\n")
	expect("trees/w", loose)
	m.write("broken/.git/config", "url = https://x\n")
	told := m.id()
	m.write("broken/y.txt", told+"\n")
	expect("", told)

	gaps := []string{"broken unreadable", "lost missing", "lost missing"} // of the work tree, and of the linked one
	for _, named := range []string{m.dir, top.dir} {
		res := scanned(t, Options{}, named)
		for id, source := range want {
			if f := find(res, id); f == nil || f.Places[0].Source != source {
				t.Errorf("%s: %s: %+v", named, source, f)
			}
		}
		f := find(res, past)
		if f == nil || !slices.ContainsFunc(f.Places, func(p Place) bool { return p.Source == filepath.Join(m.dir, "here") }) ||
			!slices.ContainsFunc(f.Places, func(p Place) bool { return strings.HasSuffix(filepath.ToSlash(p.Source), ".git/modules/away") }) {
			t.Errorf("%s: the submodules: %+v", named, f)
		}
		var got []string
		for _, g := range res.Gaps {
			got = append(got, g.Where+" "+g.Why)
		}
		if !slices.Equal(got, gaps) {
			t.Errorf("%s: gaps %q, want %q: %+v", named, got, gaps, res.Gaps)
		}
		if n := len(want) + 1; len(res.Findings) != n {
			t.Errorf("%s: %d findings in place of %d", named, len(res.Findings), n)
		}
	}
	if res := scanned(t, Options{NoHistory: true}, m.dir); find(res, past) != nil || find(res, loose) == nil {
		t.Errorf("without the history: %+v", res.Findings)
	}
}

// TestBareBeside: a folder whose .git has no work tree, with linked ones beside it.
func TestBareBeside(t *testing.T) {
	m := newFolder(t)
	from, past, _ := m.in("from")
	here := &maker{t: t, dir: filepath.Join(m.dir, "proj"), rand: m.rand}
	m.git("clone", "-q", "--bare", from.dir, "proj/.bare")
	here.write(".git", "gitdir: ./.bare\n")
	here.git("worktree", "add", "-q", "main")
	a, b := m.id(), m.id()
	here.write("main/new.txt", a+"\n")
	here.write("notes.txt", b+"\n")
	res := scanned(t, Options{}, here.dir)
	for _, id := range []string{past, a, b} {
		if f := find(res, id); f == nil || len(f.Places) != 1 {
			t.Errorf("%+v", f)
		}
	}
	if len(res.Gaps) != 0 || len(res.Findings) != 3 {
		t.Errorf("%+v", res)
	}
}

// TestTwice: a repository that is named twice, or reached again through a link in
// a circle, is read once.
func TestTwice(t *testing.T) {
	m := newFolder(t)
	r, past, _ := m.in("r")
	r.write("sub/.git", "gitdir: ../.git\n")
	s := New(Options{Key: []byte("k")})
	for range 2 {
		if err := s.Target(t.Context(), r.dir); err != nil {
			t.Fatal(err)
		}
	}
	res := s.Result()
	if f := find(res, past); f == nil || len(f.Places) != 1 || len(res.Gaps) != 0 {
		t.Errorf("%+v %+v", f, res.Gaps)
	}
}
