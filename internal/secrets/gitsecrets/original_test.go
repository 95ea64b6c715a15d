package gitsecrets_test

import (
	"os/exec"
	"strings"
	"testing"
)

// key is no key of anybody's.
const key = "AKIAQYLPMN5HHHFPZAM2"

const (
	register = `git-secrets --register-aws; git config --unset-all secrets.patterns ABSK; git config --unset-all secrets.patterns bedrock; true`
	fill     = `git init -q . && mkdir -p sub/deep && printf 'one\nkey ` + key + ` end\nthree' >a.txt && printf 'x` + key + `\n' >glued.txt && printf 'p\0` + key + `\n' >bin.dat &&
printf '` + key + `\r\n\xe9 ` + key + `\n' >sub/cr.txt && printf 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKE"\n' >sub/deep/s && printf 'AKIAIOSFODNN7EXAMPLE\nok\n' >example &&
ln -s a.txt link && printf 'ignored\n' >.gitignore && printf '` + key + `\n' >ignored && git add . && printf '` + key + `\n' >untracked && printf 'clean\n' >clean`
)

// TestOptions: every beginning of every option, negated and not, bundles, and
// what is wrong with them.
func TestOptions(t *testing.T) {
	var lines []string
	lines = append(lines, fill)
	seen := map[string]bool{}
	try := func(arg string) {
		if !seen[arg] {
			seen[arg] = true
			lines = append(lines, "git-secrets "+arg)
		}
	}
	for _, name := range strings.Fields("scan scan-history install list add add-provider aws-provider register-aws recursive cached no-index untracked force literal allowed global commit_msg_hook pre_commit_hook prepare_commit_msg_hook") {
		for i := 1; i <= len(name); i++ {
			try("--" + name[:i])
		}
		try("--no-" + name)
		try("--no-" + name[:min(2, len(name))])
		try("--" + name + "=x")
		try("-" + name)
	}
	for _, arg := range strings.Split(`|foo|-h|--help|--help-all|-|--|-- --scan|--n|--no|--no-|--index|--ind|-r|-rf|-z|-rz|-zr|-hr|-rh|-ha|-fa|--scan -f|--scan -a|--scan -l|--list -r|--add --cached x|--list --no-index|--list --untracked|--scan -r --cached|`+
		`--scan -r --no-index|--scan -r --untracked|--scan-history -r|--install -r|--install -a|-f --install|--global --list|foo --scan clean|--scan clean -r|--scan clean -rf|--scan --list|--list --scan|--scan --no-cached clean|--scan --scan=1|`+
		`-no-x|-no-scan|-sc|-sca|-rec|--é|-é|--scan --end-of-options clean|foo -- -f|--scan -- clean|--commit_msg_hook -- clean|--commit_msg_hook|--commit_msg_hook clean nope|--prepare_commit_msg_hook a b c|--prepare_commit_msg_hook -- x message|--scan -x|--scan --bogus --cached`, "|") {
		try(arg)
	}
	same(t, lines)
}

// scenarios are lines of shell that both programs go through. What is not
// git-secrets in them makes the same place for both.
var scenarios = map[string][]string{
	"scan": {
		fill, `git-secrets --scan`, `git-secrets --scan a.txt`, register, `git-secrets --list`, `git-secrets --scan`, `git-secrets --scan a.txt`, `git-secrets --scan a.txt glued.txt bin.dat sub/cr.txt sub/deep/s example link`,
		`git-secrets --scan clean`, `git-secrets --scan nope`, `git-secrets --scan a.txt nope`, `git-secrets --scan sub`, `git-secrets --scan -r sub/deep`, `git-secrets --scan -r sub/deep/`, `git-secrets --scan -r ./sub/deep clean`,
		`git-secrets --scan ''`, `git-secrets --scan --cached`, `git-secrets --scan --untracked`, `git-secrets --scan --no-index`, `git-secrets --scan --no-index --cached`, `git-secrets --scan --cached --untracked --no-index`, `git-secrets --scan --untracked --cached`,
		`git-secrets --scan --cached a.txt`, `git-secrets --scan --cached sub`, `git-secrets --scan --cached 'sub/*'`, `git-secrets --scan --no-index sub`, `git-secrets --scan --untracked untracked nope`, `git-secrets --scan --no-index 's*p/s'`, `git-secrets --scan --cached 'nope'`,
		`cat a.txt | git-secrets --scan -`, `printf 'x\n` + key + `' | git-secrets --scan -`, `cat a.txt | git-secrets --scan - clean`, `git-secrets --scan - </dev/null`, `cd sub && git-secrets --scan`, `cd sub && git-secrets --scan --cached deep`, `cd sub && git-secrets --scan --untracked ..`, `cd sub && git-secrets --scan ../a.txt`,
		`cd sub/deep && git secrets --scan`, `git secrets --scan a.txt`, `rm a.txt && git-secrets --scan`, `rm glued.txt; ln -s sub/cr.txt glued.txt; git-secrets --scan`, `git-secrets --scan --cached`,
	},
	"allowed": {
		fill, register, `git-secrets --add --allowed 'a\.txt:2'`, `git-secrets --scan`, `git-secrets --scan a.txt`, `git-secrets --scan a.txt sub/cr.txt`, `printf '# comment\n\n  # indented\nsub/cr\n   \n' >.gitallowed`, `git-secrets --scan`, `git-secrets --scan sub/cr.txt a.txt`, `cd sub && git-secrets --scan`,
		`printf '(\n' >>.gitallowed; git-secrets --scan`, `printf '*a\n' >.gitallowed; git-secrets --scan`, `printf 'x\r\n\r\n' >.gitallowed; git-secrets --scan`, `rm .gitallowed; git config --add secrets.allowed ''; git-secrets --scan`, `git config --add secrets.allowed zz; git-secrets --scan`,
		`git config --unset-all secrets.allowed; git config --add secrets.allowed '^sub/.*:1:'; git-secrets --scan`, `git config --add secrets.allowed 'a|deep'; git-secrets --scan`,
	},
	"patterns": {
		fill, `git-secrets --add 'end$'`, `git-secrets --scan`, `git-secrets --scan a.txt`, `git-secrets --add 'two words'; echo 'has two words' >w; echo words >v; git add w v`, `git-secrets --scan`, `git-secrets --scan w v`, `git-secrets --add 'en'`, `git-secrets --add 'end$'`, `git-secrets --add`, `git-secrets --add ''`,
		`git-secrets --add -l 'a.b(c)[d]{e}|f^g$h*i+j?k\l'`, `git-secrets --list`, `git-secrets --add --literal --allowed 'x.y'`, `git-secrets --list`, `git-secrets --list --global`, `git-secrets --add --global 'glob'`, `git-secrets --list --global`, `git-secrets --add --global 'glob'`, `git-secrets --add 'glob'`, `git-secrets --list`,
		`git-secrets --add a b c`, `git-secrets --list`, `git config --unset-all secrets.patterns; git-secrets --add '(a'; git-secrets --scan`, `git-secrets --scan a.txt`, `git-secrets --add '[b'; git-secrets --scan a.txt clean`, `git-secrets --scan-history`, `git config --unset-all secrets.patterns; git config --add secrets.patterns '*key'; git-secrets --scan a.txt`, `git-secrets --scan`,
		`git config --unset-all secrets.patterns; git config --add secrets.patterns '(k|e)ey'; git config --add secrets.patterns '(.)\1ree'; printf 'tthree\nkey\n' >b; git add b; git-secrets --scan b`, `git-secrets --scan`, `git config --unset-all secrets.patterns; git config --add secrets.patterns 'a.t?t'; git config --add secrets.patterns 'cle*'; echo a.txt >n; git-secrets --scan n`, `git add n; git-secrets --scan`,
		`git config --unset-all secrets.patterns; git config --add secrets.patterns ''; git-secrets --scan a.txt`, `git-secrets --scan`, `git config --add secrets.patterns 'three'; git-secrets --scan a.txt clean`, `git-secrets --scan`,
	},
	"providers": {
		fill, `git-secrets --add-provider`, `git-secrets --add-provider -- printf 'three\r\n'`, `git-secrets --list`, `git-secrets --scan a.txt`, `git-secrets --scan`, `git-secrets --add-provider nosuchcommand x; git-secrets --scan a.txt`, `git-secrets --add-provider -- echo -n`, `git-secrets --scan clean`, `git-secrets --add-provider --global echo clean words`, `git-secrets --scan clean`, `git-secrets --list`,
		`mkdir -p ~/.aws; printf '[default]\naws_access_key_id = ` + key + `\naws_secret_access_key="a/b+c=d e"\nregion=x\n[p]\naws_access_key_id\n' >~/.aws/credentials; git-secrets --aws-provider`, `git-secrets --aws-provider clean`, `git-secrets --aws-provider nope`, `printf 'aws_secret_access_key=[a]{b}^$.*+?()|\\\\\n' >creds; git-secrets --aws-provider creds`,
		`git config --unset-all secrets.providers; git-secrets --add-provider -- git secrets --aws-provider; git-secrets --scan a.txt`, `git-secrets --scan`, `git config --unset-all secrets.providers; git-secrets --add-provider -- git secrets --aws-provider creds; git-secrets --scan creds`, `git-secrets --add-provider -- cat nosuchfile; git-secrets --scan a.txt 2>/dev/null`,
	},
	"outside": {
		`git-secrets --scan`, `printf '` + key + `\n' >f; git-secrets --scan f`, `git-secrets --list`, `git-secrets --install`, `git-secrets --add x`, `git-secrets --add --global 'AKIA[A-Z0-9]{16}'`, `git-secrets --scan`, `git-secrets --scan f`, `printf 'x\n' >c; git-secrets --scan c`, `git-secrets --scan --no-index`, `git-secrets --scan --cached`, `git-secrets --scan --untracked`,
		`git-secrets --scan-history`, `git-secrets --scan nope`, `git-secrets --scan -r .`, `git-secrets --pre_commit_hook`, `git-secrets --register-aws --global`, `git-secrets --list --global | grep -v -e ABSK -e bedrock`, `git init -q --bare b; cd b; git-secrets --scan`, `cd b; git-secrets --scan-history`,
	},
	"install": {
		`git-secrets --install new; find new -type f | sort | xargs ls -l | cut -c1-10; head new/hooks/*`, `git-secrets --install new`, `git-secrets --install -f new`, `git init -q .; rm -f .git/hooks/*`, `git-secrets --install`, `head .git/hooks/*; ls -l .git/hooks | cut -c1-10`, `git-secrets --install`, `git-secrets --install .`, `git-secrets --install --force .`,
		`rm .git/hooks/*; mkdir .git/hooks/pre-commit.d; git-secrets --install; find .git/hooks -type f | sort`, `mkdir sub; cd sub; rm ../.git/hooks/commit-msg; git-secrets --install`, `cd sub; git-secrets --install ..`, `cd sub; git-secrets --install -f ..`, `touch file; git-secrets --install file`, `git-secrets --install a/b/c; ls a/b/c/hooks`,
	},
	"hooks": {
		fill, register, `git-secrets --install`, `git commit -qm one`, `git rm -qr --cached . && git add clean && git commit -qm clean`, `git commit -qm "message ` + key + `" --allow-empty`, `git add a.txt; git commit -qm a`, `git reset -q; printf '` + key + `\n' >'na me'; git add 'na me'; git commit -qm b`, `git commit --no-verify -qm c; git rm -q --cached 'na me'; git commit -qm gone`,
		`printf '` + key + `\n' >'é.txt'; git add 'é.txt'; git commit -qm quoted`, `git log --oneline | cut -c9-`, `git config core.quotePath false; touch 'é.txt'; git rm -q --cached 'é.txt'; git commit -qm none; git add 'é.txt'; git commit -qm verbatim; git config --unset core.quotePath`, `git rm -q --cached 'é.txt'; printf '` + key + `\n' >'[ab]'; git add .; git-secrets --pre_commit_hook`, `git-secrets --commit_msg_hook -- a.txt`, `git-secrets --commit_msg_hook -- clean`, `git-secrets --commit_msg_hook -- nope`, `git-secrets --commit_msg_hook`,
	},
	"merge": {
		`git init -q .; echo a >a; git add a; git commit -qm a; git checkout -qb side; printf 'x\n` + key + `\n' >b; git add b; git commit -qm b; git checkout -q main; echo c >c; git add c; git commit -qm c`, register, `git-secrets --install`, `git merge -q --no-edit side`, `git reset -q --hard; git log --oneline | cut -c9-`,
		`git merge -q --no-verify --no-edit side 2>&1; git log --oneline | cut -c9-`, `git reset -q --hard; git checkout -q side; printf 'x\n' >b; git commit -qam cleaned; git-secrets --prepare_commit_msg_hook -- x merge; env GITHEAD_1=main git-secrets --prepare_commit_msg_hook x merge`,
		`env GITHEAD_1=side GITHEAD_2=main git-secrets --prepare_commit_msg_hook x merge`, `env GITHEAD_1=nope git-secrets --prepare_commit_msg_hook x merge`, `git checkout -q --detach main; env GITHEAD_1=side git-secrets --prepare_commit_msg_hook x merge`, `env GITHEAD_1=side git-secrets --prepare_commit_msg_hook x merge sha`, `git-secrets --prepare_commit_msg_hook x commit`,
	},
	"history": {
		`git init -q .; for i in 1 2 3 4 5 6; do seq $i 20 >f$i; git add .; git commit -qm $i; done`, `git-secrets --scan-history`, register, `git-secrets --scan-history`, `echo "` + key + `" >work; git add work; git-secrets --scan-history`, `git rm -qf work; mkdir d; printf 'a\n` + key + `\nb\n' >d/k; git add .; git commit -qm k; git-secrets --scan-history`,
		`sed -i s/a/A/ d/k; git commit -qam more; git rm -q d/k; git commit -qm gone; git-secrets --scan-history`, `git checkout -qb other HEAD~4; printf 'k=x` + key + `\n' >glued; printf '\0` + key + `\n' >bin; git add .; git commit -qm other; git tag -am t t; git checkout -q main; git-secrets --scan-history`, `mkdir e; git mv f1 e/f1; git mv f2 'e/é'; git commit -qm moved; git-secrets --scan-history`,
		`printf '` + key + `\n' >>'e/é'; git commit -qam again; git-secrets --scan-history; cd e; git-secrets --scan-history`, `git merge -q --no-edit other; git-secrets --scan-history`, `printf 'f3 -diff\n*.t diff\n' >.gitattributes; printf '\0\n` + key + `\n' >b.t; echo ` + key + ` >>f3; git add .; git commit -qm attr; git-secrets --scan-history`, `git-secrets --scan`, `git-secrets --scan --cached`,
		`git gc -q; git-secrets --scan-history`, `git-secrets --add -a 'd/k'; git-secrets --scan-history`, `git stash -q; git-secrets --scan-history | wc -l`, `git config --unset-all secrets.patterns; git config --add secrets.patterns '\bkey\b'; git-secrets --scan-history`, `git config --add secrets.patterns '[[:digit:]]{2} 1*'; git-secrets --scan-history`,
	},
	"register": {`git init -q .`, `git-secrets --register-aws >x; cat x`, `git-secrets --register-aws`, `git-secrets --list | grep -v -e ABSK -e bedrock`, `git-secrets --register-aws --global`, `git-secrets --list --global | grep -v -e ABSK -e bedrock`},
}

func TestAsTheOriginal(t *testing.T) {
	for name, lines := range scenarios {
		t.Run(name, func(t *testing.T) { same(t, lines) })
	}
}

// TestGrepAlone needs GNU grep and git only: what scans print is what they print.
func TestGrepAlone(t *testing.T) {
	if _, err := exec.LookPath("grep"); err != nil {
		t.Skip("no grep here")
	}
	s := newSandbox(t, "", true)
	s.run(fill + " && git-secrets --add 'AKIA[A-Z0-9]{16}'")
	for scan, peer := range map[string]string{
		`git-secrets --scan 2>&1 | head -2`:                                    `LC_ALL=C git grep -nwHEI 'AKIA[A-Z0-9]{16}' | head -2`,
		`git-secrets --scan a.txt sub/cr.txt glued.txt bin.dat 2>&1 | head -3`: `LC_ALL=C grep -d skip -nwHEI 'AKIA[A-Z0-9]{16}' a.txt sub/cr.txt glued.txt bin.dat`,
	} {
		if got, want := s.run(scan), s.run(peer); got != want {
			t.Errorf("%s\n got %s\nwant %s", scan, got, want)
		}
	}
}
