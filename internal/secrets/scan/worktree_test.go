package scan

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestHostileSettings: what a repository's configuration names is not run, and
// what its index says about files is not believed.
func TestHostileSettings(t *testing.T) {
	m := newMaker(t)
	old, changed, fresh := m.id(), m.id(), m.id()
	m.write(".gitattributes", "* filter=x\n")
	m.put("a.txt", old+"\n", "one")
	mark := filepath.Join(t.TempDir(), "PWNED")
	run := "touch '" + mark + "'"
	for key, value := range map[string]string{
		"core.fsmonitor": run + "; :", "core.untrackedCache": "true", "core.hooksPath": m.dir,
		"filter.x.clean": run + "; cat", "filter.x.process": run, "filter.x.required": "false",
	} {
		m.git("config", key, value)
	}
	m.write("post-index-change", "#!/bin/sh\n"+run+"\n")
	if err := os.Chmod(filepath.Join(m.dir, "post-index-change"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.write("a.txt", changed+"\n") // of the same size
	m.write("b.txt", fresh+"\n")
	os.Remove(mark)
	res := scanned(t, Options{}, m.dir)
	if _, err := os.Lstat(mark); err == nil {
		t.Error("the scan ran what the configuration names")
	}
	for id, where := range map[string]string{old: InBlob, changed: InTree, fresh: InTree} {
		if f := find(res, id); f == nil || len(f.Places) != 1 || f.Places[0].Where != where {
			t.Errorf("%s: %+v", id, f)
		}
	}
	if len(res.Gaps) != 0 {
		t.Errorf("%+v", res.Gaps)
	}
	// It is a hook indeed: git itself would have run one of these.
	git := exec.Command("git", "ls-files", "-m")
	git.Dir = m.dir
	_ = git.Run() // it may complain of what it ran
	if _, err := os.Lstat(mark); err != nil {
		t.Error("the test is blind: git ran nothing either")
	}
}

// TestTracked: files that are not what is staged, whatever git is told about them,
// and none that are.
func TestTracked(t *testing.T) {
	m := newMaker(t)
	same, assumed, skipped, bare := m.id(), m.id(), m.id(), m.id()
	m.write("same.txt", same+"\n")
	for _, f := range []string{"assumed.txt", "skipped.txt", "gone.txt", "dir/behind.txt", "turned/x"} {
		m.write(f, "nothing of value here\n")
	}
	m.commit("one")
	m.git("update-index", "--assume-unchanged", "assumed.txt")
	m.git("update-index", "--skip-worktree", "skipped.txt")
	m.write("assumed.txt", assumed+" \n")
	m.write("skipped.txt", skipped+" \n")
	for _, f := range []string{"gone.txt", "dir/behind.txt", "dir", "turned/x", "turned"} {
		if err := os.Remove(filepath.Join(m.dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	m.write("turned", bare+"\n") // a file in the place of a folder
	other := t.TempDir()
	outside := m.id()
	if err := os.WriteFile(filepath.Join(other, "behind.txt"), []byte(outside), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(m.dir, "dir")); err != nil {
		t.Skip(err)
	}
	if err := os.Chtimes(filepath.Join(m.dir, "same.txt"), time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	// Another repository in the environment is another repository.
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, "index"))
	res := scanned(t, Options{}, m.dir)
	for id, where := range map[string]string{same: InBlob, assumed: InTree, skipped: InTree, bare: InTree} {
		if f := find(res, id); f == nil || len(f.Places) != 1 || f.Places[0].Where != where {
			t.Errorf("%s: %+v", id, f)
		}
	}
	if find(res, outside) != nil || len(res.Findings) != 4 || len(res.Gaps) != 0 {
		t.Errorf("%+v %+v", res.Findings, res.Gaps)
	}
}

// TestFresh: a file whose time lies before the index's and whose time and size are
// those of the index is not read again.
func TestFresh(t *testing.T) {
	m := newMaker(t)
	id := m.id()
	m.write("a.txt", "nothing of value here.\n")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	touch := func() {
		if err := os.Chtimes(filepath.Join(m.dir, "a.txt"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	touch()
	m.commit("one")
	m.write("a.txt", id+"  \n")
	touch()
	if res := scanned(t, Options{NoHistory: true}, m.dir); res.Files != 0 {
		t.Errorf("%d files were read: %+v", res.Files, res.Findings)
	}
	at = at.Add(time.Second)
	touch()
	if res := scanned(t, Options{}, m.dir); find(res, id) == nil {
		t.Error("a file with another time was not read")
	}
	// Written in the moment in which the index was: nobody can tell.
	m.write("a.txt", "nothing of value here.\n")
	touch()
	m.git("update-index", "--refresh")
	m.write("a.txt", id+"  \n")
	touch()
	if err := os.Chtimes(filepath.Join(m.dir, ".git", "index"), at, at); err != nil {
		t.Fatal(err)
	}
	if res := scanned(t, Options{}, m.dir); find(res, id) == nil {
		t.Error("a file of the index's own moment was believed to be the same")
	}
}
