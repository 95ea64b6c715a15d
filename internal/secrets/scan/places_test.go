package scan

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A maker builds a repository with git.
type maker struct {
	t    *testing.T
	dir  string
	rand *rand.Rand
	n    int
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	m := &maker{t: t, dir: t.TempDir(), rand: rand.New(rand.NewPCG(42, 1))}
	m.git("init", "-q", "-b", "main", ".")
	m.git("config", "commit.gpgsign", "false")
	return m
}

func (m *maker) gitIn(in string, args ...string) string {
	m.t.Helper()
	m.n++
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = m.dir, strings.NewReader(in)
	at := fmt.Sprintf("2025-01-%02dT%02d:00:00Z", 1+m.n/24%28, m.n%24)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, // and nothing goes on in the background, which a scan would see
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0", "GIT_CONFIG_KEY_1=maintenance.auto", "GIT_CONFIG_VALUE_1=false",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com", "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at, "HOME="+m.dir, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (m *maker) git(args ...string) string { m.t.Helper(); return m.gitIn("", args...) }

func (m *maker) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) commit(message string) string {
	m.t.Helper()
	m.git("add", "-A")
	m.git("commit", "-q", "--allow-empty", "-m", message)
	return m.git("rev-parse", "HEAD")
}

func (m *maker) put(name, text, message string) string {
	m.t.Helper()
	m.write(name, text)
	return m.commit(message)
}

func (m *maker) letters(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[m.rand.IntN(len(alphabet))]
	}
	return string(b)
}

// id is a key id of no account of anybody's. It is not written out anywhere.
func (m *maker) id() string { return "AKIA" + m.letters("KLMNOPQRSTUVWXYZ234567", 16) }

func (m *maker) secret() string {
	return m.letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10) + m.letters("abcdefghijklmnopqrstuvwxyz", 10) + m.letters("0123456789", 5) + m.letters("ABCDEFabcdefghijk0123456789", 15)
}

// A hidden credential: where it is, and what a scan must say of it.
type hidden struct {
	letter, what string
	id           string
	where        string
	path         string // "" any
	reach        string
	inHead       bool
	commit       string // "" any, "-" none
	through      string
}

// hide builds the repository of the 23 places.
func hide(m *maker) []hidden {
	var all []hidden
	add := func(letter, what, id string, h hidden) {
		h.letter, h.what, h.id = letter, what, id
		all = append(all, h)
	}
	m.put("README.md", "a shop\n", "begin")
	// C and S live in attributes and modes that tools take at their word.
	m.put(".gitattributes", "secret.min.js -diff\n", "attributes")

	a := m.id()
	came := m.put("config/prod.env", "region=eu\naws_access_key_id = "+a+"\n", "settings")
	m.git("rm", "-q", "config/prod.env")
	m.commit("settings go")
	add("A", "a removed file", a, hidden{where: InBlob, path: "config/prod.env", reach: "ref", commit: came})

	b := m.id()
	m.git("checkout", "-q", "-b", "side")
	m.put("side.txt", "one\n", "side")
	m.git("checkout", "-q", "main")
	m.put("main.txt", "one\n", "main")
	m.git("merge", "-q", "--no-ff", "--no-commit", "side")
	m.write("merged.cfg", "key "+b+"\n")
	came = m.commit("merge side")
	add("B", "only in a merge commit", b, hidden{where: InBlob, path: "merged.cfg", reach: "ref", inHead: true, commit: came})

	c := m.id()
	came = m.put("secret.min.js", "var k='"+c+"';\n", "bundle")
	add("C", "a file without diffs", c, hidden{where: InBlob, path: "secret.min.js", reach: "ref", inHead: true, commit: came})

	d := m.id()
	var wide bytes.Buffer
	wide.Write([]byte{0xff, 0xfe})
	for _, ch := range []byte("AccessKeyId : " + d + "\r\n") {
		wide.Write([]byte{ch, 0})
	}
	came = m.put("keys.txt", wide.String(), "from PowerShell")
	add("D", "UTF-16", d, hidden{where: InBlob, path: "keys.txt", reach: "ref", inHead: true, commit: came, through: "utf-16le"})

	e := m.id()
	came = m.put("dump.bin", "\x00\x01\x02header\x00\n"+e+"\n\x00", "dump")
	add("E", "a file with NUL", e, hidden{where: InBlob, path: "dump.bin", reach: "ref", inHead: true, commit: came})

	f := m.id()
	came = m.put("backup.zip", zipped(m.t, "home/.aws/credentials", "[default]\naws_access_key_id="+f+"\n"), "backup")
	add("F", "in a zip", f, hidden{where: InBlob, path: "backup.zip", reach: "ref", inHead: true, commit: came, through: "zip home/.aws/credentials"})

	g := m.id()
	m.git("commit", "-q", "--allow-empty", "-m", "try with "+g)
	add("G", "message of an empty commit", g, hidden{where: InCommit, reach: "ref", commit: m.git("rev-parse", "HEAD")})

	h := m.id()
	m.git("tag", "-a", "v1", "-m", "release, key "+h)
	add("H", "message of a tag", h, hidden{where: InTag, reach: "ref"})

	i := m.id()
	m.git("notes", "add", "-m", "deployed with "+i)
	add("I", "a note", i, hidden{where: InNote, reach: "notes"})

	j := m.id()
	came = m.put("exports/"+j+".csv", "a,b\n", "export")
	add("J", "a file name", j, hidden{where: InName, path: "exports/" + j + ".csv", reach: "ref", inHead: true, commit: came})

	k := m.id()
	m.write("README.md", "a shop\nkey "+k+"\n")
	m.git("stash", "-q")
	add("K", "the stash", k, hidden{where: InBlob, path: "README.md", reach: "stash"})

	l := m.id()
	amended := m.put("oops.txt", l+"\n", "oops")
	m.write("oops.txt", "nothing\n")
	m.git("add", "-A")
	m.git("commit", "-q", "--amend", "-m", "nothing to see")
	add("L", "amended away", l, hidden{where: InBlob, path: "oops.txt", reach: "reflog", commit: amended})

	x := m.id()
	m.gitIn("once staged: "+x+"\n", "hash-object", "-w", "--stdin")
	add("M", "an unreachable blob", x, hidden{where: InBlob, reach: "nothing", commit: "-"})

	n := m.id()
	came = m.put("secret.yaml", "data:\n  id: "+base64.StdEncoding.EncodeToString([]byte(n))+"\n", "cluster")
	add("N", "base 64", n, hidden{where: InBlob, path: "secret.yaml", reach: "ref", inHead: true, commit: came, through: "base64"})

	o := m.id()
	came = m.put("bundle.js", strings.Repeat("a(1);", 300_000)+"k='"+o+"';"+strings.Repeat("b(2);", 300_000), "minified")
	add("O", "one line of 3 MB", o, hidden{where: InBlob, path: "bundle.js", reach: "ref", inHead: true, commit: came})

	p := m.id()
	came = m.put("far.txt", p+"\n"+strings.Repeat("some line\n", 30)+m.secret()+"\n", "far apart")
	add("P", "id and secret 31 lines apart", p, hidden{where: InBlob, path: "far.txt", reach: "ref", inHead: true, commit: came})

	q := m.id()
	came = m.put("prod.env", "PROD_AWS_ACCESS_KEY_ID="+q+"\nPROD_AWS_SECRET_ACCESS_KEY="+m.secret()+"\n", "prod")
	add("Q", "names with a word before", q, hidden{where: InBlob, path: "prod.env", reach: "ref", inHead: true, commit: came})

	r := m.id()
	m.put("half.txt", "one\nid = "+r[:11]+"\ntwo\n", "half")
	came = m.put("half.txt", "one\nid = "+r+"\ntwo\n", "the other half")
	add("R", "completed by a later edit", r, hidden{where: InBlob, path: "half.txt", reach: "ref", inHead: true, commit: came})

	s := m.id()
	if err := os.Symlink("/etc/"+s, filepath.Join(m.dir, "credentials")); err != nil {
		m.t.Skip("no symbolic links here: ", err)
	}
	came = m.commit("link")
	add("S", "target of a symbolic link", s, hidden{where: InLink, path: "credentials", reach: "ref", inHead: true, commit: came})

	tt := m.id()
	blob := m.gitIn(tt+"\n", "hash-object", "-w", "--stdin")
	tree := m.gitIn("100644 blob "+blob+"\thidden.txt\n", "mktree")
	came = m.git("commit-tree", "-m", "hidden", tree)
	m.git("update-ref", "refs/hidden/x", came)
	add("T", "a hidden ref", tt, hidden{where: InBlob, path: "hidden.txt", reach: "ref", commit: came})

	u := m.id()
	came = m.put("names.txt", "KEY_"+u+"\n", "names")
	add("U", "a word before the id", u, hidden{where: InBlob, path: "names.txt", reach: "ref", inHead: true, commit: came})

	v := m.id()
	came = m.put("last.txt", "x\n", "rotate\n\nold key was "+v)
	add("V", "message of a commit", v, hidden{where: InCommit, reach: "ref", commit: came})

	w := m.id()
	m.git("checkout", "-q", "-b", "other", "HEAD~1")
	m.put("other.txt", "x\n", "other")
	m.git("checkout", "-q", "main")
	m.git("merge", "-q", "--no-ff", "-m", "merge other, with "+w, "other")
	add("W", "message of a merge", w, hidden{where: InCommit, reach: "ref", commit: m.git("rev-parse", "HEAD")})
	return all
}

func zipped(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func scanned(t *testing.T, o Options, dir string) Result {
	t.Helper()
	if o.Key == nil {
		o.Key = []byte("0123456789abcdef0123456789abcdef")
	}
	s := New(o)
	if err := s.Target(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return s.Result()
}

func find(res Result, id string) *Finding {
	for i := range res.Findings {
		if res.Findings[i].ID == id {
			return &res.Findings[i]
		}
	}
	return nil
}

// TestHidingPlaces: all 23 are found, each with where it is and what keeps it,
// as loose objects, in packs, and again from what was remembered.
func TestHidingPlaces(t *testing.T) {
	m := newMaker(t)
	all := hide(m)
	if len(all) != 23 {
		t.Fatalf("%d places", len(all))
	}
	cache := t.TempDir()
	look := func(how string) {
		res := scanned(t, Options{Cache: cache, NoWorkTree: true}, m.dir)
		if len(res.Gaps) > 0 {
			t.Errorf("%s: %+v", how, res.Gaps)
		}
		for _, h := range all {
			f := find(res, h.id)
			if f == nil {
				t.Errorf("%s: %s, %s, was not found", how, h.letter, h.what)
				continue
			}
			ok := false
			for _, p := range f.Places {
				ok = ok || h.holds(p)
			}
			if !ok {
				t.Errorf("%s: %s, %s, is explained as %+v", how, h.letter, h.what, f.Places)
			}
			if pair := h.letter == "P" || h.letter == "Q"; pair != (f.Pair != "") {
				t.Errorf("%s: %s has pair %q", how, h.letter, f.Pair)
			}
		}
		if n := len(res.Findings); n != 25 { // and two secrets
			t.Errorf("%s: %d findings", how, n)
		}
	}
	look("loose")
	look("loose, again")
	// A pack that keeps what nothing keeps, as gc does within two weeks.
	m.git("repack", "-q", "-a", "-d", "-k")
	look("packed")
	look("packed, again")
}

func (h hidden) holds(p Place) bool {
	return p.Where == h.where && (h.path == "" || p.Path == h.path) && p.Reach == h.reach && p.InHead == h.inHead &&
		(h.commit == "" || h.commit == p.Commit || h.commit == "-" && p.Commit == "") && strings.Join(p.Through, " ") == h.through &&
		(h.commit == "" || h.commit == "-" || p.Author == "Ann" && !p.Date.IsZero())
}
