package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, opts Options) *Store {
	t.Helper()
	opts.Who = "arn:aws:iam::111122223333:user/li"
	opts.Now = func() time.Time { return noon }
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, name, data string) ID {
	t.Helper()
	id, err := s.Put(context.Background(), Item{Name: name, Kind: "iam-user", Ref: "iam-user/li", Source: "iam:GetUser", MediaType: "application/json", Taken: noon}, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func verify(t *testing.T, s *Store) Report {
	t.Helper()
	r, err := s.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPutGet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	s := open(t, dir, Options{})
	a, b := put(t, s, "a", "one"), put(t, s, "b", "two")
	again := put(t, s, "a, later", "one")
	if a != again || a == b || a != sum([]byte("one")) {
		t.Errorf("ids %s %s %s", a, b, again)
	}
	s = open(t, dir, Options{})
	got, err := s.Get(context.Background(), a)
	if err != nil || string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.Get(context.Background(), sum(nil)); !errors.Is(err, ErrNotThere) {
		t.Errorf("%v", err)
	}
	r := verify(t, s)
	if !r.Sound() || r.Entries != 3 || r.Blobs != 2 || r.Bytes != 6 || len(r.Unlisted)+len(r.Torn)+len(r.Exposed) != 0 {
		t.Errorf("%+v", r)
	}
	if m, c := s.Heads(); m != r.Manifest || c != r.Custody || m == "" || c == "" {
		t.Errorf("heads %s %s", m, c)
	}
	if list := s.List(); len(list) != 3 || list[2].Name != "a, later" || !s.Has(a) || s.Has("x") {
		t.Errorf("%+v", list)
	}
	for what, n := range map[string]int{"created": 3, "read": 1, "verified": 1} {
		log, _ := os.ReadFile(filepath.Join(dir, custodyFile))
		if got := strings.Count(string(log), `"what":"`+what+`"`); got != n {
			t.Errorf("custody has %d %s, want %d", got, what, n)
		}
	}
	info, _ := os.Stat(filepath.Join(dir, string(a)))
	if d, _ := os.Stat(dir); info.Mode().Perm() != 0o600 || d.Mode().Perm() != 0o700 {
		t.Errorf("modes %v %v", info.Mode(), d.Mode())
	}
}

func TestEncrypted(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o700)
	s := open(t, dir, Options{Recipients: []string{key.Recipient().String()}})
	id := put(t, s, "user data", "AWS_SECRET=canary")
	if put(t, s, "again", "AWS_SECRET=canary") != id {
		t.Error("the same bytes are kept twice")
	}
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if data, _ := os.ReadFile(path); bytes.Contains(data, []byte("canary")) {
			t.Errorf("%s holds the plain text", path)
		}
		return nil
	})
	if _, err := s.Get(context.Background(), id); !errors.Is(err, ErrSealed) {
		t.Errorf("without the key: %v", err)
	}
	if r := verify(t, s); !r.Sound() || r.Blobs != 1 {
		t.Errorf("without the key: %+v", r)
	}
	other, _ := age.GenerateX25519Identity()
	s = open(t, dir, Options{Identities: []age.Identity{other}})
	if _, err := s.Get(context.Background(), id); !errors.Is(err, ErrSealed) {
		t.Errorf("with another's key: %v", err)
	}
	if r := verify(t, s); !r.Sound() {
		t.Errorf("with another's key: %+v", r)
	}
	s = open(t, dir, Options{Identities: []age.Identity{key}})
	if got, err := s.Get(context.Background(), id); err != nil || string(got) != "AWS_SECRET=canary" {
		t.Errorf("%q, %v", got, err)
	}
	flip(t, filepath.Join(dir, string(id)+".age"), 100)
	if r := verify(t, s); r.Sound() || len(r.Altered) != 1 {
		t.Errorf("altered: %+v", r)
	}
	if _, err := Open(t.TempDir(), Options{Recipients: []string{"nonsense"}}); err == nil {
		t.Error("took a key that is none")
	}
}

// flip changes one byte of a file and leaves its length.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTampering(t *testing.T) {
	sub := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	dropLine := func(n int) func([]byte) []byte {
		return func(b []byte) []byte {
			lines := bytes.SplitAfter(b, []byte("\n"))
			return bytes.Join(append(lines[:n:n], lines[n+1:]...), nil)
		}
	}
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"first line altered, still JSON", manifestFile, sub(`"name":"a"`, `"name":"z"`), "manifest.jsonl line 2: the line before it"},
		{"last line altered, still JSON", manifestFile, sub(`"name":"c"`, `"name":"z"`), "line 3 of the manifest is not the one"},
		{"last line taken away", manifestFile, dropLine(2), "which is gone"},
		{"middle line taken away", manifestFile, dropLine(1), "manifest.jsonl line 2"},
		{"all taken away", manifestFile, func([]byte) []byte { return nil }, "which is gone"},
		{"line doubled", manifestFile, func(b []byte) []byte { return append(b, b[:bytes.IndexByte(b, '\n')+1]...) }, "manifest.jsonl line 4"},
		{"unknown field", manifestFile, sub(`"name":"a"`, `"name":"a","x":1`), "no record"},
		{"no JSON", manifestFile, sub(`{"v":1`, `<"v":1`), "not JSON"},
		{"path for an id", manifestFile, sub(`"id":"`, `"id":"../`), "no hash"},
		{"custody altered", custodyFile, sub(`user/li`, `user/xx`), "custody.jsonl line 2"},
		{"custody line taken away", custodyFile, dropLine(1), "custody does not know it"},
	} {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		for _, n := range []string{"a", "b", "c"} {
			put(t, s, n, "data "+n)
		}
		path := filepath.Join(dir, c.file)
		data, _ := os.ReadFile(path)
		changed := c.change(bytes.Clone(data))
		if bytes.Equal(data, changed) {
			t.Fatalf("%s: nothing changed", c.name)
		}
		os.WriteFile(path, changed, 0o600)
		s = open(t, dir, Options{})
		r := verify(t, s)
		if r.Sound() || !strings.Contains(fmt.Sprint(r.Breaks), c.want) {
			t.Errorf("%s: %v, want %q", c.name, r.Breaks, c.want)
		}
		if _, err := s.Put(context.Background(), Item{Name: "d"}, []byte("d")); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: still takes evidence: %v", c.name, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, changed) {
			t.Errorf("%s: the altered file was written to", c.name)
		}
	}
}

func TestBlobs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	a, b, c := put(t, s, "a", "one"), put(t, s, "b", "two"), put(t, s, "c", "three")
	flip(t, filepath.Join(dir, string(a)), 0)
	os.Remove(filepath.Join(dir, string(b)))
	os.WriteFile(filepath.Join(dir, "stranger"), nil, 0o644)
	r := verify(t, s)
	if len(r.Altered) != 1 || r.Altered[0] != a || len(r.Missing) != 1 || r.Missing[0] != b || fmt.Sprint(r.Unlisted, r.Exposed) != "[stranger] [stranger]" {
		t.Errorf("%+v", r)
	}
	if _, err := s.Get(context.Background(), a); !errors.Is(err, ErrAltered) {
		t.Errorf("%v", err)
	}
	if s.Has(a) || s.Has(b) || !s.Has(c) {
		t.Error("Has does not look")
	}
	// Taking the same evidence again heals the store and keeps the altered blob.
	put(t, s, "a", "one")
	put(t, s, "b", "two")
	if r = verify(t, s); !r.Sound() || len(r.Unlisted) != 2 {
		t.Errorf("%+v", r)
	}
}

// TestCrash cuts the writing of the third piece at every step, as a crash
// would leave the disk, and demands a store that is whole and goes on.
func TestCrash(t *testing.T) {
	master := t.TempDir()
	s := open(t, master, Options{})
	put(t, s, "a", "one")
	put(t, s, "b", "two")
	before := snapshot(t, master)
	id := put(t, s, "c", "three")
	after := snapshot(t, master)
	m, c := len(before[manifestFile]), len(before[custodyFile])

	check := func(name string, files map[string][]byte, listed bool) {
		dir := t.TempDir()
		for f, data := range files {
			os.WriteFile(filepath.Join(dir, f), data, 0o600)
		}
		ro := open(t, dir, Options{ReadOnly: true})
		if r := verify(t, ro); !r.Sound() {
			t.Errorf("%s, read only: %+v", name, r)
		}
		if got := snapshot(t, dir); len(got) != len(files) || !bytes.Equal(got[manifestFile], files[manifestFile]) || !bytes.Equal(got[custodyFile], files[custodyFile]) {
			t.Errorf("%s: reading changed the store", name)
		}
		s := open(t, dir, Options{})
		r := verify(t, s)
		if !r.Sound() || s.Has(id) != listed {
			t.Errorf("%s: %+v, listed %v", name, r, s.Has(id))
		}
		if torn := len(files[manifestFile]) != m && len(files[manifestFile]) != len(after[manifestFile]) ||
			len(files[custodyFile]) != c && len(files[custodyFile]) != len(after[custodyFile]); torn != (len(r.Torn) == 1) {
			t.Errorf("%s: torn %v", name, r.Torn)
		}
		if got := put(t, s, "c", "three"); got != id {
			t.Errorf("%s: id %s", name, got)
		}
		put(t, s, "d", "four")
		s = open(t, dir, Options{})
		if r := verify(t, s); !r.Sound() || len(r.Torn) != 0 || !s.Has(id) {
			t.Errorf("%s, afterwards: %+v", name, r)
		}
	}
	with := func(manifest, custody int, blob bool) map[string][]byte {
		files := map[string][]byte{}
		for f, data := range before {
			files[f] = data
		}
		files[manifestFile], files[custodyFile] = after[manifestFile][:manifest], after[custodyFile][:custody]
		if blob {
			files[string(id)] = []byte("three")
		}
		return files
	}
	half := with(m, c, false)
	half[".tmp-123"] = []byte("thr")
	check("half a blob", half, false)
	check("blob, no line", with(m, c, true), false)
	for i := m + 1; i < len(after[manifestFile]); i += 7 {
		check(fmt.Sprintf("manifest torn at %d", i-m), with(i, c, true), false)
	}
	full := len(after[manifestFile])
	check("line, no custody", with(full, c, true), true)
	for i := c + 1; i < len(after[custodyFile]); i += 7 {
		check(fmt.Sprintf("custody torn at %d", i-c), with(full, i, true), true)
	}
	check("all", with(full, len(after[custodyFile]), true), true)
}

// Where both logs are torn, the custody note names the manifest first.
func TestBothLogsTorn(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir, Options{}), "a", "one")
	for _, name := range []string{manifestFile, custodyFile} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"to`)
		f.Close()
	}
	for range 20 {
		if s := open(t, dir, Options{ReadOnly: true}); len(s.cut) != 2 || !strings.HasPrefix(s.cut[0], manifestFile) {
			t.Fatal(s.cut)
		}
	}
}

func snapshot(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files[e.Name()], _ = os.ReadFile(filepath.Join(dir, e.Name()))
	}
	return files
}

// TestDiskFails: what cannot be read is an error, neither altered nor sound.
func TestDiskFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	path := filepath.Join(dir, string(put(t, s, "a", "one")))
	os.Remove(path)
	os.Mkdir(path, 0o700)
	if r, err := s.Verify(context.Background()); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestManyWriters(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := s.Put(context.Background(), Item{Name: fmt.Sprint(i)}, fmt.Append(nil, i%10)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if r := verify(t, s); !r.Sound() || r.Entries != 40 || r.Blobs != 10 {
		t.Errorf("%+v", r)
	}
}

func TestRefusals(t *testing.T) {
	ro := open(t, filepath.Join(t.TempDir(), "none"), Options{ReadOnly: true})
	if _, err := ro.Put(context.Background(), Item{}, nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("%v", err)
	}
	if r := verify(t, ro); !r.Sound() || r.Entries != 0 {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := open(t, t.TempDir(), Options{})
	if _, err := s.Put(ctx, Item{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := s.Exported("to a test"); err != nil {
		t.Error(err)
	}
	os.Remove(filepath.Join(s.dir, manifestFile))
	os.Mkdir(filepath.Join(s.dir, manifestFile), 0o700) // a disk that fails
	if _, err := s.Put(context.Background(), Item{Name: "x"}, nil); err == nil {
		t.Error("kept evidence that nothing lists")
	}
}
