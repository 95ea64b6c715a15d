package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// said is all that a scan says, but for what it had to read for it.
func said(t *testing.T, res Result) string {
	t.Helper()
	res.Cached, res.Bytes = 0, 0
	b, err := json.MarshalIndent(res, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alike compares a rescan with a scan that knows nothing.
func (m *maker) alike(how string, o Options) {
	m.t.Helper()
	again := said(m.t, scanned(m.t, o, m.dir))
	o.Cache = ""
	cold := said(m.t, scanned(m.t, o, m.dir))
	if again == cold {
		return
	}
	a, b := strings.Split(again, "\n"), strings.Split(cold, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			m.t.Fatalf("%s: the rescan says something else:\n%s\nwant\n%s", how, strings.Join(a[max(0, i-20):min(len(a), i+12)], "\n"), strings.Join(b[max(0, i-20):min(len(b), i+12)], "\n"))
		}
	}
	m.t.Fatalf("%s: the rescan says less: %d lines, want %d", how, len(a), len(b))
}

// TestRescan: after whatever happens to a repository, a rescan says what a scan
// says that knows nothing.
func TestRescan(t *testing.T) {
	m := newMaker(t)
	m.git("config", "gc.auto", "0")
	key := func() string { return "key = " + m.id() + "\nsecret_access_key = " + m.secret() + "\n" }
	text := key()
	m.put("a/one.env", text, "one")
	for _, name := range []string{"b/two.env", "b/three.env", "four.env"} {
		m.put(name, key(), "adds "+name+" "+m.id())
	}
	m.git("repack", "-a", "-d", "-q")
	o := Options{Cache: t.TempDir(), NoWorkTree: true}
	copied := filepath.Join(t.TempDir(), "copy.git")
	tree := ""
	steps := []struct {
		name string
		do   func()
	}{
		{"first", func() {}},
		{"nothing new", func() {}},
		{"a commit", func() { m.put("five.env", key(), "five") }},
		{"a commit with what was there elsewhere", func() { m.put("again.env", text, "again") }},
		{"a branch at an old commit", func() { m.git("branch", "old", "HEAD~3") }},
		{"a commit on it", func() {
			m.git("checkout", "-q", "old")
			m.put("side.env", key(), "side")
			m.git("checkout", "-q", "main")
		}},
		{"a merge", func() { m.git("merge", "-q", "--no-edit", "old") }},
		{"a branch that goes again", func() {
			m.git("checkout", "-q", "-b", "gone", "HEAD~1")
			m.put("gone.env", key(), "gone "+m.id())
			m.put("gone2.env", text, "the same elsewhere")
			m.git("checkout", "-q", "main")
		}},
		{"a copy", func() { m.git("clone", "-q", "--mirror", m.dir, copied) }},
		{"it goes", func() { m.git("branch", "-q", "-D", "gone") }},
		{"a tag, a note, a stash", func() {
			m.git("tag", "-a", "-m", "tag "+m.id(), "v1", "HEAD~2")
			m.git("notes", "add", "-m", "note "+m.id())
			m.write("four.env", key())
			m.git("stash", "-q")
		}},
		{"only staged", func() { m.write("staged.env", key()); m.git("add", "-A") }},
		{"rewritten", func() {
			m.git("commit", "-q", "-m", "staged")
			m.git("commit", "-q", "--amend", "-m", "rewritten "+m.id())
		}},
		{"no reflog", func() { m.git("reflog", "expire", "--expire=now", "--all") }},
		{"a commit of no ref", func() {
			blob := m.gitIn(key(), "hash-object", "-w", "--stdin")
			tree = m.gitIn("100644 blob "+blob+"\tlone.env\n", "mktree")
			m.git("commit-tree", "-m", "lone "+m.id(), tree)
		}},
		{"a ref to a tree", func() { m.git("tag", "tree", tree) }},
		{"a branch at another old commit", func() { m.git("branch", "older", "HEAD~4") }},
		{"loosened", func() { m.git("branch", "-q", "-D", "older"); m.git("repack", "-q", "-A", "-d") }},
		{"after that, a commit", func() { m.put("six.env", key(), "six") }},
		{"pruned", func() { m.git("gc", "-q", "--prune=now") }},
		{"after that, another", func() { m.put("seven.env", key(), "seven") }},
		{"what was pruned comes back", func() { m.git("fetch", "-q", copied, "gone:back") }},
		{"packed as one", func() { m.git("repack", "-q", "-a", "-d") }},
		{"the root is another", func() {
			m.git("checkout", "-q", "--orphan", "fresh")
			m.git("commit", "-q", "-m", "all anew")
			m.git("branch", "-q", "-M", "main")
		}},
		{"forty commits", func() {
			for range 40 {
				m.commit("empty")
			}
			m.put("eight.env", key(), "eight")
		}},
		{"one more", func() { m.put("nine.env", key(), "nine") }},
		{"no reflog again", func() { m.git("reflog", "expire", "--expire=now", "--all"); m.git("repack", "-q", "-a", "-d") }},
		{"a branch at a commit that holds nothing", func() { m.git("branch", "empty", "HEAD~20") }},
		{"another that will go", func() {
			m.git("checkout", "-q", "-b", "gone")
			m.put("gone3.env", text, "the same once more")
			m.git("checkout", "-q", "main")
			m.git("branch", "empty2", "HEAD~12")
		}},
		{"it goes", func() { m.git("branch", "-q", "-D", "gone"); m.git("reflog", "expire", "--expire=now", "--all") }},
		{"its loose objects are pruned", func() { m.git("prune", "--expire=now") }},
		{"packed before it goes", func() {
			m.git("checkout", "-q", "-b", "gone")
			m.put("gone4.env", text, "the same again")
			m.git("checkout", "-q", "main")
			m.git("repack", "-q", "-a", "-d")
		}},
		{"it goes from the pack", func() {
			m.git("branch", "-q", "-D", "gone")
			m.git("reflog", "expire", "--expire=now", "--all")
			m.git("repack", "-q", "-a", "-d")
		}},
	}
	for _, s := range steps {
		s.do()
		m.alike(s.name, o)
		m.alike(s.name+", again", o)
	}
	// Other rules have memories of their own.
	o.Identifiers = true
	m.alike("other rules", o)
	m.put("account.txt", "arn:aws:iam::"+m.letters("123456789", 12)+":user/x AIDA"+m.letters("KLMNOPQRSTUVWXYZ234567", 17)+"\n", "other rules")
	m.alike("other rules, and a commit", o)
	o.Identifiers = false
	m.alike("the rules of before", o)
	o.Key = []byte("another")
	m.alike("another key", o)
}

// TestRescanRepaired: what was not here and came is told as if it had been.
func TestRescanRepaired(t *testing.T) {
	m := newMaker(t)
	m.put("dir/a.env", m.id()+"\n", "one")
	m.put("dir/b.env", m.id()+"\n", "two")
	m.put("dir/c.env", "nothing\n", "three")
	for what, rev := range map[string]string{"tree": "HEAD~1:dir", "commit": "HEAD~1", "blob": "HEAD~1:dir/b.env"} {
		o := Options{Cache: t.TempDir(), NoWorkTree: true}
		id := m.git("rev-parse", rev)
		file := filepath.Join(m.dir, ".git", "objects", id[:2], id[2:])
		if err := os.Rename(file, file+".away"); err != nil {
			t.Fatal(err)
		}
		m.alike(what+" missing", o)
		m.alike(what+" missing, again", o)
		if err := os.Rename(file+".away", file); err != nil {
			t.Fatal(err)
		}
		m.alike(what+" is here", o)
	}
	all := m.dir
	for how, args := range map[string][2][]string{
		"shallow":  {{"--depth=1"}, {"--unshallow"}},
		"deepened": {{"--depth=1"}, {"--depth=2"}},
		"treeless": {{"--filter=tree:0"}, {"--refetch", "--no-filter"}},
		"blobless": {{"--filter=blob:none"}, {"--refetch", "--no-filter"}},
	} {
		o := Options{Cache: t.TempDir(), NoWorkTree: true}
		m.dir = all
		m.git("config", "uploadpack.allowFilter", "true")
		m.git("config", "uploadpack.allowAnySHA1InWant", "true")
		to := filepath.Join(t.TempDir(), "clone")
		m.git(append(append([]string{"clone", "-q"}, args[0]...), "file://"+all, to)...)
		m.dir = to
		m.alike(how, o)
		m.alike(how+", again", o)
		m.git(append(append([]string{"fetch", "-q"}, args[1]...), "origin")...)
		m.alike(how+", and then whole", o)
	}
}

// TestRescanDamaged: of a cache that is damaged or cut off nothing is believed.
func TestRescanDamaged(t *testing.T) {
	m := newMaker(t)
	for i := range 4 {
		m.put("dir/f"+string(rune('a'+i)), "key = "+m.id()+"\nsecret_access_key = "+m.secret()+"\n", "adds "+m.id())
	}
	m.git("repack", "-q", "-a", "-d")
	o := Options{Cache: t.TempDir(), NoWorkTree: true, Key: []byte("k")}
	m.alike("first", o)
	m.put("one.more", m.id()+"\n", "one more")
	want := said(t, scanned(t, o, m.dir))
	files, err := filepath.Glob(filepath.Join(o.Cache, "*"))
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/12 {
			bad := slices.Clone(whole)
			bad[i] ^= 4
			for _, b := range [][]byte{bad, whole[:i], append(slices.Clone(whole), 0)} {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				if got := said(t, scanned(t, o, m.dir)); got != want {
					t.Fatalf("%s, byte %d: the scan says something else", path, i)
				}
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func someKept() map[string]remembered {
	return map[string]remembered{
		strings.Repeat("a", 20): {kind: pack.Blob, short: true},
		strings.Repeat("b", 20): {kind: pack.Commit, head: 5, found: []leak.Found{
			{Rule: "r", Vendor: "v", Class: leak.Secret, Confidence: leak.High, Line: 3, Column: 4, Last4: "last", Fingerprint: "f", Through: []string{"gzip", "base64"}, Distance: -1, Length: 40},
			{Rule: "r", Vendor: "v", Class: leak.KeyID, ID: "id", Account: "1", Canary: "c", Allowed: "comment", Pair: "p", Line: 1 << 20, Distance: 7},
		}},
		strings.Repeat("c", 32): {kind: pack.Blob, found: []leak.Found{{Rule: "x", Line: 1}}},
	}
}

// TestKept: what is written is what is read.
func TestKept(t *testing.T) {
	k := readKept(encodeKept(someKept()))
	got := map[string]remembered{}
	for i := range k.len() {
		got[string(k.id(i))] = k.remembered(i)
	}
	if !reflect.DeepEqual(got, someKept()) {
		t.Errorf("%+v", got)
	}
}

// FuzzKept: whatever stands in a file, even with the right checksum, nothing
// panics.
func FuzzKept(f *testing.F) {
	whole := encodeKept(someKept())
	whole = whole[:len(whole)-sha256.Size]
	f.Add(whole)
	for i := range whole {
		for _, by := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(whole)
			bad[i] ^= by
			f.Add(bad)
		}
		f.Add(whole[:i])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		k := readKept(append(slices.Clip(b), sum[:]...))
		for i := range k.len() {
			k.id(i)
			k.remembered(i)
		}
	})
}
