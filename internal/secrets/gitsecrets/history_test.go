package gitsecrets_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnHistory: over a clone of the repository that this is developed in, the
// output is that of git log -G and git grep, which is all that the original does.
func TestOwnHistory(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "-C", root, "rev-parse", "--is-shallow-repository", "--git-common-dir").Output()
	if f := strings.Fields(string(out)); err != nil || len(f) != 2 || f[0] != "false" {
		t.Skip("this is no whole repository: its history was not compared")
	}
	s := newSandbox(t, "", true)
	if got := s.run("git clone -q --no-hardlinks " + root + " . && git-secrets --register-aws"); !strings.HasPrefix(got, "exit 0") {
		t.Fatal(got)
	}
	const peer = `IFS=; all=$(git config --get-all secrets.patterns | paste -sd'|' -); IFS=' '
IFS='
'; git grep -nwHEI "$all" $(git log --all -G"$all" --pretty=%H) >&2; exit 0`
	want := s.run(peer)
	got := s.run(`git-secrets --scan-history 2>&1 | sed '/^$/,$d' >&2; exit 0`)
	// What is allowed has no part in what git prints.
	if got = strip(got); got != strip(want) {
		t.Errorf("%d lines are not as the %d of git", strings.Count(got, "\n"), strings.Count(want, "\n"))
	}
	if strings.Count(got, "\n") < 100 {
		t.Errorf("only %d lines: this repository has tests full of keys", strings.Count(got, "\n"))
	}
}

func strip(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if !strings.Contains(l, "AKIAIOSFODNN7EXAMPLE") && !strings.Contains(l, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") {
			b.WriteString(l)
		}
	}
	return b.String()
}
