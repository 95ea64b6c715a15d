package scan

import (
	"path/filepath"
	"testing"
)

// TestGitDir: files of the git directory at any depth, of the repository and of
// its linked work trees and submodules.
func TestGitDir(t *testing.T) {
	top := newFolder(t)
	m := &maker{t: t, dir: filepath.Join(top.dir, "main"), rand: top.rand}
	top.git("init", "-q", "-b", "main", "main")
	m.put("a.txt", "x\n", "one")
	m.git("worktree", "add", "-q", "../linked")
	m.git("clone", "-q", "--bare", ".", ".git/modules/deep/sub")
	want := map[string]Place{}
	for _, f := range []string{
		"config.bak", "NOTES_EDITMSG", "credentials", "logs/refs/heads/topic/x", "logs/objects", "hooks/pre-commit.d/10-check", "hooks/old.sample",
		"rebase-merge/message", "rebase-apply/0001", "info/exclude", "rr-cache/1/preimage", "lfs/objects/ab/cd/abcd",
		"worktrees/linked/COMMIT_EDITMSG", "worktrees/linked/config.worktree", "worktrees/linked/rebase-merge/patch", "worktrees/linked/logs/HEAD~",
	} {
		id := m.id()
		m.write(".git/"+f, "x\nhttps://"+id+"@example.com\n")
		want[id] = Place{Source: m.dir, Where: InGitDir, Path: f, Line: 2}
	}
	id := m.id()
	m.write(".git/modules/deep/sub/config", "[core]\nbare = true\n[remote \"x\"]\nurl = https://"+id+"@example.com\n")
	want[id] = Place{Source: filepath.Join(m.dir, ".git/modules/deep/sub"), Where: InGitDir, Path: "config", Line: 4}
	m.write(".git/objects/none", m.id()) // objects are read as such
	for _, dir := range []string{m.dir, filepath.Join(top.dir, "linked")} {
		res := scanned(t, Options{}, dir)
		for id, p := range want {
			f := find(res, id)
			if f == nil {
				t.Errorf("%s: nothing in %s", dir, p.Path)
				continue
			}
			if got := f.Places[0]; len(f.Places) != 1 || got.Where != p.Where || got.Path != p.Path || got.Line != p.Line || dir == m.dir && got.Source != p.Source {
				t.Errorf("%s: %+v, want %+v", dir, f.Places, p)
			}
		}
		if len(res.Findings) != len(want) || len(res.Gaps) != 0 {
			t.Errorf("%s: %d findings in place of %d, %+v", dir, len(res.Findings), len(want), res.Gaps)
		}
	}
}
