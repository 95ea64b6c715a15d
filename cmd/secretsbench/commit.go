package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// oneMore adds a commit that changes one file, as somebody's work would, and
// returns how to take it away again.
func oneMore(ctx context.Context, repo string, round int) (undo func() error, err error) {
	index := filepath.Join(repo, "bench-index")
	git := func(stdin string, args ...string) string {
		if err != nil {
			return ""
		}
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", repo}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+index)
		cmd.Stdin = strings.NewReader(stdin)
		out, failed := cmd.Output()
		if failed != nil {
			err = fmt.Errorf("cannot add a commit: git %s: %w", args[0], failed)
		}
		return strings.TrimSpace(string(out))
	}
	before := git("", "rev-parse", "refs/heads/main")
	git("", "read-tree", before)
	path, _, _ := strings.Cut(git("", "ls-files"), "\n")
	text := git("", "cat-file", "blob", before+":"+path)
	blob := git(fmt.Sprintf("%s\nround %d\n", text, round), "hash-object", "-w", "--stdin")
	git("", "update-index", "--cacheinfo", "100644,"+blob+","+path)
	tree := git("", "write-tree")
	commit := git("", "commit-tree", "-p", before, "-m", "one more", tree)
	git("", "update-ref", "refs/heads/main", commit)
	os.Remove(index)
	if err != nil {
		return nil, err
	}
	return func() error {
		git("", "update-ref", "refs/heads/main", before)
		git("", "prune", "--expire=now")
		return err
	}, nil
}
