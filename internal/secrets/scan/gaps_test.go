package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamaged: one broken object is a gap with its name, and the rest is found.
func TestDamaged(t *testing.T) {
	m := newMaker(t)
	id := m.id()
	m.put("a.txt", id+"\n", "one")
	m.put("b.txt", "harmless\n", "two")
	broken := m.git("rev-parse", "HEAD:b.txt")
	file := filepath.Join(m.dir, ".git", "objects", broken[:2], broken[2:])
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)-3] ^= 0x55
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	res := scanned(t, Options{NoWorkTree: true}, m.dir)
	if find(res, id) == nil || len(res.Gaps) != 1 || res.Gaps[0].Where != broken || res.Gaps[0].Why != "corrupt" {
		t.Errorf("%+v %+v", res.Findings, res.Gaps)
	}
}

// TestCutOff: a shallow clone and a partial one are not the whole.
func TestCutOff(t *testing.T) {
	m := newMaker(t)
	old := m.id()
	m.put("a.txt", old+"\n", "one")
	m.put("a.txt", "nothing\n", "two")
	m.git("config", "uploadpack.allowFilter", "true")
	shallow, partial := filepath.Join(t.TempDir(), "shallow"), filepath.Join(t.TempDir(), "partial")
	m.git("clone", "-q", "--bare", "--depth", "1", "file://"+m.dir, shallow)
	m.git("clone", "-q", "--bare", "--filter=blob:none", "file://"+m.dir, partial)
	if res := scanned(t, Options{}, shallow); len(res.Gaps) != 1 || res.Gaps[0].Why != "shallow" || find(res, old) != nil {
		t.Errorf("shallow: %+v", res.Gaps)
	}
	res := scanned(t, Options{}, partial)
	if len(res.Gaps) < 1 || !strings.Contains(res.Gaps[0].Why, "missing") {
		t.Errorf("partial: %+v", res.Gaps)
	}
	for _, f := range res.Findings {
		if f.ID == old {
			t.Errorf("the scan fetched what is not here: %+v", f)
		}
	}
}

// TestIncoming: what a push brings, and nothing that was there.
func TestIncoming(t *testing.T) {
	m := newMaker(t)
	old, fresh, removed := m.id(), m.id(), m.id()
	m.put("old.txt", old+"\n", "old")
	base := m.git("rev-parse", "HEAD")
	m.put("dir/new.txt", "x\n"+fresh+"\n", "new, "+removed)
	tip := m.git("rev-parse", "HEAD")
	look := func(tips []string, known ...string) Result {
		s := New(Options{Key: []byte("k")})
		if err := s.Incoming(t.Context(), m.dir, tips, known...); err != nil {
			t.Fatal(err)
		}
		return s.Result()
	}
	res := look([]string{tip}, "^"+base)
	if f := find(res, fresh); f == nil || f.Places[0].Path != "dir/new.txt" || f.Places[0].Line != 2 {
		t.Errorf("%+v", res.Findings)
	}
	if f := find(res, removed); f == nil || f.Places[0].Where != InCommit || f.Places[0].Commit != tip {
		t.Errorf("%+v", res.Findings)
	}
	if find(res, old) != nil || len(res.Findings) != 2 {
		t.Errorf("%+v", res.Findings)
	}
	named := m.id()
	s := New(Options{Key: []byte("k")})
	zero := strings.Repeat("0", 40)
	if err := s.Pushed(t.Context(), m.dir, []Push{
		{Ref: "refs/heads/" + named, Old: zero, New: base}, {Ref: "refs/heads/" + m.id(), Old: base, New: zero}, {Ref: "refs/heads/" + m.id(), Old: base, New: base},
	}, "^"+tip); err != nil {
		t.Fatal(err)
	}
	if res := s.Result(); len(res.Findings) != 1 || res.Findings[0].ID != named || res.Findings[0].Places[0].Where != InRef {
		t.Errorf("the name of a new branch: %+v", res.Findings)
	}
	if res := look([]string{zero}, "--not", "--all"); len(res.Findings) != 0 {
		t.Errorf("a deletion: %+v", res.Findings)
	}
	m.git("rm", "-q", "old.txt")
	m.commit("takes one away")
	if res := look([]string{m.git("rev-parse", "HEAD")}, "^"+tip); len(res.Findings) != 0 {
		t.Errorf("a removal: %+v", res.Findings)
	}
}
