package gitsecrets_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestBetter is what happens without secrets.compat=strict where the original is
// broken: docs/ref/git-secrets.md has the reasons. Each line of shell must end
// with the code, and say what it must on standard error and not what it must not.
func TestBetter(t *testing.T) {
	const hook = `git-secrets --pre_commit_hook`
	for name, steps := range map[string][]step{
		"nothing staged scans nothing": {
			{fill + `; git-secrets --register-aws`, 0, "", ""}, {`git commit -qm all; ` + hook, 0, "", "AKIA"}, {`git rm -q a.txt; ` + hook, 0, "", "AKIA"},
			{`echo ` + key + ` >new; git add new; ` + hook, 1, "new:1:", "sub/cr.txt"},
		},
		"odd names are scanned": {
			{fill + `; git commit -qm all; git-secrets --register-aws`, 0, "", ""},
			{`echo ` + key + ` >'é.txt'; git add 'é.txt'; ` + hook, 1, `"\303\251.txt":1:`, ""}, {`git reset -q; echo ` + key + ` >'[ab]'; git add '[ab]'; ` + hook, 1, "[ab]:1:", ""},
			{`git reset -q; mkdir ':x'; echo ` + key + ` >':x/k'; git add ./':x'; ` + hook, 1, ":x/k:1:", ""},
			{`git reset -q; git rm -q --cached link; rm link; echo ` + key + ` >link; git add link; git commit -qm file; rm link; ln -s a.txt link; git add link; git commit -qm link; rm link; echo ` + key + ` >link; git add link; ` + hook, 1, "link:1:", ""},
		},
		"a missing file hides nothing": {
			{fill + `; git-secrets --register-aws`, 0, "", ""}, {`git-secrets --scan a.txt nope`, 1, "a.txt:2:", ""}, {`git-secrets --scan a.txt nope`, 1, "grep: nope: No such file or directory", ""}, {`git-secrets --scan clean nope`, 2, "nope", "ERROR"},
		},
		"a bad pattern stops no other": {
			{fill + `; git-secrets --add '(a'; git-secrets --add 'three'`, 0, "", ""}, {`git-secrets --scan a.txt`, 1, "a.txt:3:three", ""}, {`git-secrets --scan`, 1, "Unmatched ( or", "(a"}, {`git-secrets --scan clean`, 2, "Unmatched", ""},
			{`git add a.txt clean; ` + hook, 1, "a.txt:3:", ""}, {`git config --unset-all secrets.patterns thr; ` + hook, 128, "Unmatched", ""},
			{`git config --unset-all secrets.patterns; git-secrets --add three; git-secrets --add -a '(x'; git-secrets --scan a.txt`, 1, "a.txt:3:three", ""},
			{`git config --add secrets.allowed ''; git config --add secrets.allowed zz; git-secrets --scan a.txt`, 1, "a.txt:3:three", ""},
		},
		"patterns are whole": {
			{fill + `; echo words >v; echo 'two words' >w; git add v w; git-secrets --add 'two words'`, 0, "", ""}, {`git-secrets --scan`, 1, "w:1:two words", "v:1"}, {`git-secrets --add 'wo'; git config --get-all secrets.patterns | grep -qx wo`, 0, "", ""},
			{`git-secrets --add 'wo'`, 1, "", "ERROR"}, {`git-secrets --add ''`, 1, "empty", ""}, {`git-secrets --add`, 1, "empty", ""}, {`git-secrets --add -l 'a[b'; git config --get-all secrets.patterns | grep -qxF 'a\[b'`, 0, "", ""},
			{`git config --unset-all secrets.patterns; git-secrets --add -- '--x+'; echo ' --xx' >d; git add d; git-secrets --scan d`, 1, "d:1:", ""}, {`git-secrets --scan`, 1, "d:1:", ""}, {`git-secrets --scan-history`, 1, "d:1:", ""},
		},
		"text that is said to be binary": {
			{fill + `; git-secrets --register-aws; printf '*.txt -diff\n' >.gitattributes; git add .gitattributes`, 0, "", ""}, {`git-secrets --scan`, 1, "a.txt:2:", ""}, {`git-secrets --scan --cached --untracked`, 1, "untracked:1:", ""},
			{`seq 30000 >big; echo ` + key + ` >>big; seq 30000 >>big; printf '\0' >>big; git-secrets --scan big`, 1, "", ""},
		},
		"a merge that removes": {
			{`git init -q .; printf '` + key + `\n' >old; printf 'a\n` + key + `\nb\n' >ctx; git add .; git commit -qm a; git-secrets --register-aws; git-secrets --install >/dev/null; git checkout -qb side; git rm -q old; echo c >>ctx; git commit -qam gone --no-verify; git checkout -q main; echo x >x; git add x; git commit -qm x`, 0, "", ""},
			{`git merge -q --no-edit side`, 0, "", "AKIA"},
			{`git checkout -qb bad; echo ` + key + ` >in; git add in; git commit -qnm in; git rm -q in; git commit -qm out; git checkout -q main; echo y >y; git add y; git commit -qm y; git merge -q --no-edit bad`, 1, ":+" + key, ""},
		},
		"every head of a merge": {
			{`git init -q .; echo a >a; git add a; git commit -qm a; git-secrets --register-aws; for b in one two; do git checkout -qb $b main; echo $b >$b; [ $b = two ] || echo ` + key + ` >>$b; git add .; git commit -qnm $b; done; git checkout -q main; git-secrets --install >/dev/null`, 0, "", ""},
			{`git merge -q --no-edit one two`, 1, ":+" + key, ""}, {`git reset -q --hard; git checkout -q --detach; git merge -q --no-edit one --no-ff`, 1, ":+" + key, ""},
			{`git reset -q --hard; git checkout -q main; echo mine >one; git add one; git commit -qm mine; git merge -q one`, 1, "", ""}, {`echo fine >one; git add one; GIT_EDITOR=true git commit -q`, 1, key, ""},
		},
		"what a user has set takes nothing out": {
			{`git init -q .; echo a >a; git add a; git commit -qm a; git-secrets --register-aws; git-secrets --install >/dev/null; git checkout -qb words; git commit -qn --allow-empty -m words -m 'with ` + key + `'; git checkout -q --orphan root; echo ` + key + ` >in; git add in; git commit -qnm root; git checkout -q main; echo b >b; git add b; git commit -qm b`, 0, "", ""},
			{`git config format.pretty oneline; git merge -q --no-edit words`, 1, key, ""},
			{`git reset -q --hard; git config log.showRoot false; git merge -q --no-edit --allow-unrelated-histories root`, 1, ":+" + key, ""},
			{`git reset -q --hard; git config diff.suppressBlankEmpty true; git checkout -q main; printf '1\n\n2\n\n3\n' >l; git add l; git commit -qm l; git checkout -qb blank; printf '1\n\ntwo\n\n3\n' >l; git commit -qnam ` + key + `; printf '1\n\n2\n\n3\n' >l; git commit -qam back; git checkout -q main; echo c >c; git add c; git commit -qm c; git merge -q --no-edit blank`, 1, key, ""},
		},
		"merges in the history": {
			{`git init -q .; echo a >a; git add a; git commit -qm a; git checkout -qb side; echo s >s; git add s; git commit -qm s; git checkout -q main; echo m >m; git add m; git commit -qm m; git-secrets --register-aws; git merge -q --no-commit side; echo ` + key + ` >evil; git add evil; git commit -qm merge; git rm -q evil; git commit -qm gone`, 0, "", ""},
			{`git-secrets --scan-history`, 1, ":evil:1:" + key, "cannot"}, {`git-secrets --scan-history 2>&1 | head -1 | grep -vc '^[0-9a-f]\{40\}:evil:1:'`, 1, "", ""},
			{`CORDON_TEST_GIT_LOG=1 git-secrets --scan-history`, 1, ":evil:1:" + key, "cannot"},
		},
		"hooks where git looks": {
			{`git init -q .; git config core.hooksPath shared; git-secrets --install >/dev/null; ls shared/pre-commit && ! ls .git/hooks/pre-commit`, 0, "", ""},
			{`git config --unset core.hooksPath; git commit -q --allow-empty -m a; git worktree add -q ../linked; cd ../linked; git-secrets --install; ls $(git rev-parse --git-path hooks/commit-msg)`, 0, "", ""},
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			s := newSandbox(t, "", false)
			for _, st := range steps {
				st.check(t, s)
			}
		})
	}
}

type step struct {
	line      string
	exit      int
	must, not string
}

func (st step) check(t *testing.T, s *sandbox) {
	t.Helper()
	got := s.run(st.line)
	if !strings.HasPrefix(got, fmt.Sprintf("exit %d\n", st.exit)) {
		t.Errorf("%s\nwant exit %d, got %s", st.line, st.exit, got)
	}
	if !strings.Contains(got, st.must) || st.not != "" && strings.Contains(got, st.not) {
		t.Errorf("%s\nmust say %q and not %q: %s", st.line, st.must, st.not, got)
	}
}
