package scan

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/secrets/leak"
)

func newFolder(t *testing.T) *maker {
	t.Helper()
	m := newMaker(t)
	m.dir = t.TempDir()
	return m
}

// TestFolder: files, links, names, archives and repositories below a folder.
func TestFolder(t *testing.T) {
	m := newFolder(t)
	a, b, c, d, e := m.id(), m.id(), m.id(), m.id(), m.id()
	m.write("a.env", "x\nKEY="+a+"\n")
	m.write("deep/er/"+b+".txt", "x")
	m.write("x.zip", zipped(t, "in.txt", c))
	if err := os.Symlink(d, filepath.Join(m.dir, "link")); err != nil {
		t.Skip(err)
	}
	inner := &maker{t: t, dir: filepath.Join(m.dir, "repo"), rand: m.rand}
	inner.write("f", e+"\n")
	inner.git("init", "-q", "-b", "main", ".")
	res := scanned(t, Options{NoHistory: true}, m.dir)
	for id, want := range map[string]Place{
		a: {Source: m.dir, Where: InFile, Path: "a.env", Line: 2, Column: 5},
		b: {Source: m.dir, Where: InName, Path: "deep/er/" + b + ".txt", Line: 1, Column: 9},
		c: {Source: m.dir, Where: InFile, Path: "x.zip", Line: 1, Column: 1},
		d: {Source: m.dir, Where: InLink, Path: "link", Line: 1, Column: 1},
		e: {Source: filepath.Join(m.dir, "repo"), Where: InTree, Path: "f", Line: 1, Column: 1},
	} {
		f := find(res, id)
		if f == nil {
			t.Errorf("nothing in %+v", want)
			continue
		}
		got := f.Places[0]
		got.Through = nil
		if len(f.Places) != 1 || got.Where != want.Where || got.Path != want.Path || got.Line != want.Line || got.Column != want.Column || got.Source != want.Source {
			t.Errorf("got %+v, want %+v", f.Places, want)
		}
	}
	if len(res.Gaps) != 0 {
		t.Errorf("%+v", res.Gaps)
	}
}

// TestUnread: what could not be read is a gap.
func TestUnread(t *testing.T) {
	m := newFolder(t)
	m.write("cut.zip", zipped(t, "in.txt", strings.Repeat("x", 1000))[:60])
	m.write("closed", "x")
	if err := os.Chmod(filepath.Join(m.dir, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	res := scanned(t, Options{}, m.dir)
	want := 1
	if _, err := os.ReadFile(filepath.Join(m.dir, "closed")); err != nil {
		want = 2 // root reads everything
	}
	if len(res.Gaps) != want || !slices.ContainsFunc(res.Gaps, func(g Gap) bool { return g.Why == "broken" }) {
		t.Errorf("%+v", res.Gaps)
	}
	if err := New(Options{}).Target(t.Context(), filepath.Join(m.dir, "nope")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
}

// TestStaged: what the next commit would add, and nothing that HEAD has.
func TestStaged(t *testing.T) {
	m := newMaker(t)
	old, staged, loose := m.id(), m.id(), m.id()
	m.put("dir/old.txt", old+"\n", "old")
	m.write("dir/new.txt", "one\n"+staged+"\n")
	m.git("add", "-A")
	m.write("dir/later.txt", loose+"\n")
	s := New(Options{Key: []byte("k")})
	if err := s.Staged(t.Context(), m.dir); err != nil {
		t.Fatal(err)
	}
	res := s.Result()
	if len(res.Findings) != 1 || res.Findings[0].ID != staged || res.Findings[0].Places[0].Path != "dir/new.txt" || res.Findings[0].Places[0].Line != 2 {
		t.Errorf("%+v", res.Findings)
	}
}

// TestAcross: an id and a secret in two files of one folder.
func TestAcross(t *testing.T) {
	m := newFolder(t)
	m.write("a/id.txt", m.id())
	m.write("a/secret.txt", "secret_access_key="+m.secret())
	m.write("b/id.txt", m.id())
	res := scanned(t, Options{}, m.dir)
	paired := 0
	for _, f := range res.Findings {
		if f.Pair != "" {
			paired++
			if f.Distance != -1 || !strings.HasPrefix(f.Places[0].Path, "a/") {
				t.Errorf("%+v", f)
			}
		}
	}
	if paired != 2 || len(res.Findings) != 3 {
		t.Errorf("%+v", res.Findings)
	}
}

// TestAllowed: the comment, .gitallowed and the baseline each take a finding out
// of the count, and out of nothing else.
func TestAllowed(t *testing.T) {
	m := newFolder(t)
	a, b, c := m.id(), m.id(), m.id()
	m.write("a.txt", a+" # cordon:allow\n")
	m.write("b.txt", b+"\n")
	m.write("c.txt", c+"\n")
	m.write(".gitallowed", "# known\n^b\\.txt:1:\n(\n")
	res := scanned(t, Options{}, m.dir)
	for id, want := range map[string]string{a: "comment", b: "gitallowed", c: ""} {
		if f := find(res, id); f == nil || f.Allowed != want || f.Counts(leak.Low) != (want == "") {
			t.Errorf("%s: %+v", want, f)
		}
	}
	if len(res.Gaps) != 1 || res.Gaps[0].Why != "pattern" || res.Gaps[0].Where != ".gitallowed:3" {
		t.Errorf("%+v", res.Gaps)
	}
	m.write("again.txt", a+"\n")
	if f := find(scanned(t, Options{}, m.dir), a); f == nil || f.Allowed != "" || len(f.Places) != 1 || f.Places[0].Path != "again.txt" {
		t.Errorf("allowed in one place, not in the other: %+v", f)
	}
	m.write("again.txt", "")
	base, err := NewBaseline()
	if err != nil {
		t.Fatal(err)
	}
	if n := base.Add(res.Findings); n != 1 {
		t.Errorf("%d new entries", n)
	}
	file := filepath.Join(t.TempDir(), "base.json")
	if err := base.Write(file); err != nil {
		t.Fatal(err)
	}
	if base, err = ReadBaseline(file); err != nil {
		t.Fatal(err)
	}
	// Moved, on another line, and scanned by somebody with another key.
	m.write("moved/c2.txt", "\n\n"+c+"\n")
	if err := os.Remove(filepath.Join(m.dir, "c.txt")); err != nil {
		t.Fatal(err)
	}
	fresh := m.id()
	m.write("d.txt", fresh)
	res = scanned(t, Options{Baseline: base, Key: []byte("another")}, m.dir)
	if f := find(res, c); f == nil || f.Allowed != "baseline" {
		t.Errorf("%+v", f)
	}
	if f := find(res, fresh); f == nil || f.Allowed != "" {
		t.Errorf("%+v", f)
	}
}

// TestVerify asks once for each pair, and never about a trap.
func TestVerify(t *testing.T) {
	m := newFolder(t)
	live, dead, alone, other, late, trap := m.id(), m.id(), m.id(), m.id(), m.id(), "AKIA"+"AYLPMN5H"+m.letters("BCDEFGH", 8)
	pair := func(id string) string { return "id " + id + "\nsecret_access_key " + m.secret() + "\n" }
	m.write("a/live.env", pair(live)+pair(live))
	m.write("b/dead.env", pair(dead))
	m.write("c/alone.env", alone)
	m.write("f/other.env", pair(other))
	m.write("g/late.env", pair(late))
	m.write("d/trap.env", pair(trap))
	m.write("e/allowed.env", strings.ReplaceAll(pair(m.id()), "\n", " # cordon:allow\n"))
	res := scanned(t, Options{}, m.dir)
	asked := map[string]int{}
	if err := res.Verify(t.Context(), func(_ context.Context, id, secret, _ string) (string, error) {
		if len(secret) != 40 {
			t.Errorf("secret of %d characters", len(secret))
		}
		asked[id]++
		return "arn:aws:iam::111122223333:user/a", map[string]error{dead: ErrRefused, other: ErrOtherSecret, late: errors.New("the clock is wrong")}[id]
	}); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 4 || asked[live] != 1 || asked[dead] != 1 || asked[other] != 1 || asked[late] != 1 {
		t.Errorf("asked %v", asked)
	}
	for id, want := range map[string]string{live: Active, dead: Refused, alone: "", trap: Trap, other: Unknown + "other-secret", late: Unknown + "no-answer"} {
		if f := find(res, id); f == nil || f.Verified+f.Why != want {
			t.Errorf("want %s: %+v", want, f)
		}
	}
}

// TestExports: each format is well formed, and a spreadsheet calculates nothing.
func TestExports(t *testing.T) {
	m := newFolder(t)
	id := m.id()
	m.write("=cmd|' (x)!A1.txt", "x\nsecret_access_key="+m.secret()+"\n"+id)
	res := scanned(t, Options{}, m.dir)
	out := map[string]string{}
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := res.Export(format, "test", &b); err != nil {
			t.Fatal(err)
		}
		out[format] = b.String()
	}
	rows, err := csv.NewReader(strings.NewReader(out["csv"])).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("a formula: %q", c)
			}
		}
	}
	var sarif struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID              string
				Level               string
				Locations           []any
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(out["sarif"]), &sarif); err != nil || sarif.Version != "2.1.0" || len(sarif.Runs) != 1 {
		t.Fatalf("%v %+v", err, sarif)
	}
	run := sarif.Runs[0]
	if len(run.Results) != 2 || len(run.Tool.Driver.Rules) != 2 || run.Results[0].PartialFingerprints["cordonSecret/v1"] == "" || run.Results[0].Level != "error" || len(run.Results[0].Locations) != 1 {
		t.Errorf("%+v", run)
	}
	for i, line := range strings.Split(strings.TrimSpace(out["jsonl"]), "\n") {
		var v struct{ Type string }
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Type != "scan_finding" {
			t.Errorf("line %d: %v %q", i, err, v.Type)
		}
	}
	if !json.Valid([]byte(out["json"])) || res.Export("xml", "", &bytes.Buffer{}) == nil {
		t.Error("json, or a format that is none")
	}
}

// TestCanary: planted secrets are in nothing that a scan says or keeps, not even
// where they are parts of names.
func TestCanary(t *testing.T) {
	m := newMaker(t)
	var planted []string
	plant := func() string { s := m.secret(); planted = append(planted, s); return s }
	token := "ghp_" + m.letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 36)
	planted = append(planted, token)
	m.put("a.env", "aws_access_key_id="+m.id()+"\naws_secret_access_key="+plant()+"\n", "token "+token)
	m.put("dir-"+token+"/x.txt", "key "+m.id()+"\nsecret "+plant()+"\n", "path")
	m.put("z.zip", zipped(t, token+"/in", "secret: "+plant()), "zip")
	m.put("broken-"+token+".zip", zipped(t, "x", strings.Repeat("y", 900))[:80], "broken")
	m.git("branch", token)
	m.git("config", "remote.x.url", "https://x:"+token+"@example.com/x.git")
	m.put("doubt.txt", "MIIEpAIBAAK "+m.letters("abcdef", 30)+"IBAAKxxxxxxxx\n", "no key, though it begins like one")
	m.git("repack", "-q", "-a", "-d")
	m.write("tree.txt", "secret_key='"+plant()+"'")
	cache := t.TempDir()
	base, err := NewBaseline()
	if err != nil {
		t.Fatal(err)
	}
	res := scanned(t, Options{Cache: cache}, m.dir)
	if len(res.Findings) < 7 {
		t.Fatalf("only %d findings: the test is blind", len(res.Findings))
	}
	base.Add(res.Findings)
	if err := base.Write(filepath.Join(cache, "base.json")); err != nil {
		t.Fatal(err)
	}
	said := map[string][]byte{}
	// The second scan reads from what the first remembered, and not the values.
	for how, res := range map[string]Result{"first": res, "again": scanned(t, Options{Cache: cache}, m.dir)} {
		for _, format := range Formats() {
			var b bytes.Buffer
			if err := res.Export(format, "test", &b); err != nil {
				t.Fatal(err)
			}
			said[how+" "+format] = b.Bytes()
		}
	}
	if a, b := said["first csv"], said["again csv"]; !bytes.Equal(a, b) {
		t.Errorf("the second scan says something else:\n%s\n%s", a, b)
	}
	if err := filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			said[path], err = os.ReadFile(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(said) < 11 {
		t.Fatalf("nothing was kept: %d", len(said))
	}
	for name, body := range said {
		for _, s := range planted {
			if bytes.Contains(body, []byte(s)) || bytes.Contains(body, []byte(s[:20])) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
}
