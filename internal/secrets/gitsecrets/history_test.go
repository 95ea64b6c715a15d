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
	if raced {
		t.Skip("the comparison is of programs, which the race detector only makes slow")
	}
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

// TestShallow: where a clone's history is cut off there are no parents, as for git,
// whatever the commit says and whether they are here or not.
func TestShallow(t *testing.T) {
	const up = `git init -q ../up; cd ../up; printf 'a\n` + key + `\n' >old; git add .; git commit -qm a; git checkout -qb side; echo ` + key + ` >s; git add s; git commit -qm s; git checkout -q main; `
	const merge = up + `echo m >m; git add m; git commit -qm m; git merge -q --no-edit side; cd ../work; `
	for name, lines := range map[string][]string{
		"a merge":                 {merge + `git clone -q --depth=1 file://$PWD/../up .`},
		"a merge and its parents": {merge + `git clone -q --depth=2 file://$PWD/../up .`},
		"a parent that is here":   {merge + `git clone -q ../up .; echo x >x; git add x; git commit -qm x; git rev-parse HEAD >.git/shallow`},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			lines = append(lines, `test $(wc -l <.git/shallow) -ge 1`, `git-secrets --register-aws; git-secrets --scan-history`, `CORDON_TEST_GIT_LOG=1 git-secrets --scan-history`,
				`git config --add secrets.allowed `+key+`; git-secrets --scan-history`, `mkdir -p d; cd d; git-secrets --scan-history`)
			same(t, lines)
			s := newSandbox(t, "", false)
			for _, l := range lines {
				if got := s.run(l); strings.Contains(got, "cannot read") || strings.HasPrefix(got, "exit 128") {
					t.Errorf("%s\n%s", l, got)
				}
			}
		})
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
