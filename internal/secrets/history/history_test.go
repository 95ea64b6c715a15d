package history_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/secrets/ere"
	"cordon/internal/secrets/gitsecrets"
	"cordon/internal/secrets/history"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", // and nothing goes on in the background
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=maintenance.auto", "GIT_CONFIG_VALUE_0=false",
		"HOME="+dir, "LC_ALL=C", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestFind: every commit that git names is among those found, packed or loose, and
// a merge's own content is found apart.
func TestFind(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	commit := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-qm", name)
	}
	commit("a", "a\n")
	commit("k", "one\nsecret=1234\n")
	commit("k", "one\ntwo\nsecret=1234\n")
	git(t, dir, "checkout", "-q", "-b", "side", "HEAD~2")
	commit("s", "s\n")
	git(t, dir, "checkout", "-q", "main")
	git(t, dir, "merge", "-q", "--no-commit", "side")
	commit("evil", "secret=9999\n")
	for _, packed := range []bool{false, true} {
		if packed {
			git(t, dir, "gc", "-q")
		}
		q := gitsecrets.Question{Dir: dir, Patterns: []string{"secret=[0-9]+"}, Dialect: ere.Git, Merges: true}
		found, ok := history.Find(q)
		if !ok {
			t.Fatal("the repository was not read")
		}
		for _, id := range strings.Fields(git(t, dir, "log", "--all", "--pretty=%H", "-Gsecret=[0-9]")) {
			if !slices.Contains(found.Commits, id) {
				t.Errorf("packed %v: %s is not among %v", packed, id, found.Commits)
			}
		}
		if merge := git(t, dir, "rev-parse", "HEAD"); !slices.Contains(found.Merges, merge) {
			t.Errorf("packed %v: the merge %s is not among %v", packed, merge, found.Merges)
		}
		if evil := git(t, dir, "rev-parse", "HEAD:evil"); !found.Blobs[evil] || len(found.Blobs) != 3 {
			t.Errorf("packed %v: files %v, want 3 with %s", packed, found.Blobs, evil)
		}
	}
	git(t, dir, "replace", "HEAD~1", "HEAD~2")
	if _, ok := history.Find(gitsecrets.Question{Dir: dir, Patterns: []string{"secret"}}); ok {
		t.Error("replaced objects are read as if they were not")
	}
	if _, ok := history.Find(gitsecrets.Question{Dir: t.TempDir(), Patterns: []string{"secret"}}); ok {
		t.Error("no repository is a clean one")
	}
}
