package pack

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// plainHits is what the matcher sees in what git prints.
func (b *box) plainHits() (hits []Hit) {
	b.t.Helper()
	m := newKeyMatcher()
	for id, body := range b.catAll() {
		name, body, _ := bytes.Cut(body, []byte(" "))
		h := Hit{ID: id, Kind: kindOf(string(name))}
		switch {
		case h.Kind == Tree:
			continue
		case h.Kind == Blob && m.Whole(body[:min(len(body), HeadSize)]):
			if m.Blob(body) {
				hits = append(hits, h)
			}
			continue
		}
		if h.At = m.Lines(body, nil); len(h.At) > 0 {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return a.ID.Compare(b.ID) })
	return hits
}

func scanOf(t testing.TB, r *Repository, o Options) *Scanned {
	t.Helper()
	o.Matcher = newKeyMatcher
	s, err := r.Scan(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	b := newBox(t)
	b.edits(1, 40)
	b.write("dir/AKIAIOSFODNN7AAAAAAA", "named\n")
	b.write("whole.zip", "PK\x03\x04 A\x00K\x00I\x00A\x00")
	b.write("whole2.zip", "PK\x03\x04 AKIAIOSFODNN7BBBBBBB\n")
	b.write("binary", "\x00\x01AKIAIOSFODNN7CCCCCCC\x00")
	b.commit("a message with AKIAIOSFODNN7DDDDDDD")
	b.git("tag", "-a", "-m", "a tag with AKIAIOSFODNN7EEEEEEE", "t1")
	steps := []func(){func() {}, func() { b.git("repack", "-dq"); b.edits(2, 10) }, func() { b.git("repack", "-dq") }, func() { b.git("repack", "-adfq", "--depth=100") }}
	for i, step := range steps {
		step()
		want := b.plainHits()
		if len(want) < 5 {
			t.Fatal("the test is about nothing")
		}
		total := len(b.catAll())
		for _, o := range []Options{{}, {Workers: 1}, {Workers: 5}, {NoMemo: true}} {
			s := scanOf(t, b.open(), o)
			if !reflect.DeepEqual(s.Hits, want) {
				t.Errorf("step %d %+v: %d hits, want %d, or others", i, o, len(s.Hits), len(want))
			}
			if len(s.Gaps) > 0 || s.Objects != total {
				t.Errorf("step %d: %d objects, want %d; gaps %v", i, s.Objects, total, s.Gaps)
			}
			if len(s.Names) == 0 || s.Names[0].Name != "AKIAIOSFODNN7AAAAAAA" || s.Names[0].Mode != 0o100644 {
				t.Errorf("step %d: names %v", i, s.Names)
			}
			for _, n := range s.Names {
				if n.ID != b.id("HEAD:dir/AKIAIOSFODNN7AAAAAAA") {
					t.Errorf("step %d: a name of %s", i, n.ID)
				}
			}
		}
	}
	memo, none := scanOf(t, b.open(), Options{}), scanOf(t, b.open(), Options{NoMemo: true})
	if memo.Looked*2 > none.Looked {
		t.Errorf("the matcher was shown %d bytes of %d: what was seen before is shown again", memo.Looked, none.Looked)
	}
}

// TestMemo: with edits of every kind, what is carried over from line to line is
// what looking at everything finds.
func TestMemo(t *testing.T) {
	for seed := range uint64(4) {
		b := newBox(t)
		b.edits(100+seed, 60)
		b.git("repack", "-adfq", "--depth=200", "--window=100")
		want := b.plainHits()
		if got := scanOf(t, b.open(), Options{}); !reflect.DeepEqual(got.Hits, want) {
			t.Errorf("seed %d: %d hits, want %d, or others", seed, len(got.Hits), len(want))
		}
	}
}

// TestMissing: what is named and not here is told.
func TestMissing(t *testing.T) {
	b := newBox(t)
	b.edits(1, 5)
	b.write("lost", "a file that goes away\n")
	b.commit("lost")
	id := b.id("HEAD:lost")
	hex := id.String()
	if err := os.Remove(filepath.Join(b.dir, ".git/objects", hex[:2], hex[2:])); err != nil {
		t.Fatal(err)
	}
	s := scanOf(t, b.open(), Options{})
	if len(s.Gaps) != 1 || s.Gaps[0].ID != id || !strings.Contains(s.Gaps[0].Why, "damaged") {
		t.Errorf("%v", s.Gaps)
	}
	if _, _, err := b.open().Object(t.Context(), id); err == nil || !strings.Contains(err.Error(), hex) {
		t.Errorf("%v", err)
	}
}

func TestPartialAndShallow(t *testing.T) {
	a := newBox(t)
	a.edits(1, 12)
	a.git("config", "uploadpack.allowFilter", "true")
	dir := t.TempDir()
	a.git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+a.dir, filepath.Join(dir, "partial"))
	a.git("clone", "-q", "--depth=3", "file://"+a.dir, filepath.Join(dir, "shallow"))
	partial, err := Open(t.Context(), filepath.Join(dir, "partial"))
	if err != nil {
		t.Fatal(err)
	}
	defer partial.Close()
	if s := scanOf(t, partial, Options{}); !partial.Promisor() || len(s.Gaps) < 10 || !strings.Contains(s.Gaps[0].Why, "partial clone") {
		t.Errorf("%v %v", partial.Promisor(), s.Gaps)
	}
	shallow, err := Open(t.Context(), filepath.Join(dir, "shallow"))
	if err != nil {
		t.Fatal(err)
	}
	defer shallow.Close()
	if s := scanOf(t, shallow, Options{}); !shallow.Shallow() || len(s.Gaps) != 0 || s.Objects < 5 {
		t.Errorf("%v %v", shallow.Shallow(), s.Gaps)
	}
}

// TestCorrupt flips every byte of a small pack, of its index, and of a loose
// object: never a panic, and whatever is not told as a gap is what git has.
func TestCorrupt(t *testing.T) {
	b := newBox(t)
	b.edits(5, 4)
	b.git("repack", "-adfq", "--depth=50")
	want := b.plainHits()
	packs, err := filepath.Glob(filepath.Join(b.dir, ".git/objects/pack/pack-*"))
	if err != nil || len(packs) < 2 {
		t.Fatal(packs, err)
	}
	for _, path := range packs {
		if strings.HasSuffix(path, ".rev") {
			continue
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if testing.Short() {
			step = 17
		}
		for i := 0; i < len(whole); i += step {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << (i % 8)
			corrupt(t, b, path, bad, want, i)
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/40 {
			corrupt(t, b, path, whole[:i], want, i)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func corrupt(t *testing.T, b *box, path string, bad []byte, want []Hit, at int) {
	t.Helper()
	// A new file: the old one may be mapped.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), b.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := scanOf(t, r, Options{Workers: 1})
	if len(s.Gaps) == 0 && !reflect.DeepEqual(s.Hits, want) {
		t.Fatalf("%s, byte %d: no gap is told, and %d hits in place of %d, or others", filepath.Base(path), at, len(s.Hits), len(want))
	}
	for _, g := range s.Gaps {
		if g.Why == "" || g.ID.IsZero() && g.Pack == "" && !strings.Contains(g.Why, "more objects") {
			t.Fatalf("a gap that says nothing: %+v", g)
		}
	}
}

// TestCutOff: a pack that is cut off while it is mapped is a gap or an error.
func TestCutOff(t *testing.T) {
	b := newBox(t)
	b.edits(1, 30)
	b.git("repack", "-adfq")
	packs, err := filepath.Glob(filepath.Join(b.dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	if err := os.Chmod(packs[0], 0o600); err != nil {
		t.Fatal(err)
	}
	r := b.open()
	head := b.id("HEAD")
	if err := os.Truncate(packs[0], 4096); err != nil {
		t.Fatal(err)
	}
	s, err := r.Scan(t.Context(), Options{Matcher: newKeyMatcher})
	if err == nil && len(s.Gaps) == 0 {
		t.Error("nothing is told")
	}
	if _, err := r.Places(t.Context(), []ID{head}); err == nil {
		t.Error("nothing is told of places")
	}
}

// TestLarge: what is too large to be put together is shown in pieces.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 80 MB")
	}
	b := newBox(t)
	filler := strings.Repeat("a line of nothing that matters, over and over\n", 1000)
	var big strings.Builder
	for big.Len() < maxBody+3<<20 {
		big.WriteString(filler)
	}
	big.WriteString("AKIAIOSFODNN7AAAAAAA\n")
	b.write("big", big.String())
	b.write("small", "AKIAIOSFODNN7BBBBBBB\n")
	b.commit("one")
	b.write("big", "AKIAIOSFODNN7CCCCCCC\n"+big.String())
	b.write("long", strings.Repeat("x", maxLine+window)+" AKIAIOSFODNN7DDDDDDD "+strings.Repeat("x", maxBody-maxLine)) // one line
	b.commit("two")
	for _, packed := range []bool{false, true} {
		if packed {
			b.git("-c", "core.bigFileThreshold=512m", "repack", "-adfq", "--window=3")
		}
		s := scanOf(t, b.open(), Options{})
		at := map[ID][]int{}
		for _, h := range s.Hits {
			at[h.ID] = h.At
		}
		for name, want := range map[string][]int{
			"HEAD~1:big": {big.Len() - 21}, "HEAD:big": {0, 21 + big.Len() - 21}, "HEAD:small": {0}, "HEAD:long": {maxLine + window + 1},
		} {
			if got := at[b.id(name)]; !slices.Equal(got, want) {
				t.Errorf("packed %v: %s: hits at %v, want %v", packed, name, got, want)
			}
		}
		if len(s.Gaps) != 1 || s.Gaps[0].ID != b.id("HEAD:long") || !strings.Contains(s.Gaps[0].Why, "in pieces") {
			t.Errorf("packed %v: gaps %v", packed, s.Gaps)
		}
	}
}
