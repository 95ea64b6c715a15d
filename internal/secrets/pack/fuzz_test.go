package pack

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plainPatch carries out a delta byte by byte.
func plainPatch(base, delta []byte, size int) ([]byte, bool) {
	var out []byte
	for len(delta) > 0 {
		c := delta[0]
		delta = delta[1:]
		if c == 0 {
			return nil, false
		}
		if c < 0x80 {
			if int(c) > len(delta) {
				return nil, false
			}
			out = append(out, delta[:c]...)
			delta = delta[c:]
		} else {
			var v [7]uint64
			for bit := range 7 {
				if c>>bit&1 != 0 {
					if len(delta) == 0 {
						return nil, false
					}
					v[bit] = uint64(delta[0])
					delta = delta[1:]
				}
			}
			off, n := v[0]|v[1]<<8|v[2]<<16|v[3]<<24, v[4]|v[5]<<8|v[6]<<16
			if n == 0 {
				n = 0x10000
			}
			if off+n > uint64(len(base)) {
				return nil, false
			}
			out = append(out, base[off:off+n]...)
		}
		if len(out) > size {
			return nil, false
		}
	}
	return out, len(out) == size
}

// FuzzDelta: a delta does what its instructions say or is refused, and the lines
// that are not shown again are lines of the base.
func FuzzDelta(f *testing.F) {
	base := []byte("one line\nanother AKIAIOSFODNN7AAAAAAA line\nlast")
	f.Add(base, []byte("\x90\x09\x05added\x91\x09\x20"), uint16(46))
	f.Add(base, []byte("\xb0\x2e\x00"), uint16(46))
	f.Add(base, []byte{0x91, 9, 37, 3, 'A', 'K', '\n', 0x90, 9}, uint16(49))
	f.Fuzz(func(t *testing.T, base, delta []byte, size uint16) {
		want, ok := plainPatch(base, delta, int(size))
		got := make([]byte, size)
		segments, err := patch(got, base, delta, nil)
		if (err == nil) != ok || ok && !bytes.Equal(got, want) {
			t.Fatalf("%v, %q, want %v, %q", err, got, ok, want)
		}
		if !ok {
			return
		}
		for _, s := range segments {
			if !bytes.Equal(got[s.from:s.to], base[s.base:s.base+s.to-s.from]) {
				t.Fatalf("segment %+v is not a copy", s)
			}
		}
		m := anyA{}
		whole := look(m, got, 0, len(got), nil)
		if memo, _ := lines(m, got, base, segments, look(m, base, 0, len(base), nil), nil); len(memo) != len(whole) || !equal(memo, whole) {
			t.Fatalf("%v of %q from %q, want %v", memo, got, base, whole)
		}
		deltaSizes(delta)
	})
}

func equal(a, b []int) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// anyA hits each line that has an A and ends as it began: whatever cuts a line
// changes that.
type anyA struct{ *keyMatcher }

func (anyA) Lines(text []byte, hits []int) []int {
	at := 0
	for l := range bytes.SplitAfterSeq(text, []byte("\n")) {
		if k := bytes.IndexByte(l, 'A'); k >= 0 && len(bytes.TrimSuffix(l, []byte("\n")))%2 == 1 {
			hits = append(hits, at+k)
		}
		at += len(l)
	}
	return hits
}

// seedPack is a small pack with deltas, and its index.
func seedPack(f *testing.F) (pack, idx []byte) {
	f.Helper()
	b := newBox(f)
	b.edits(9, 3)
	b.git("repack", "-adfq")
	packs, err := filepath.Glob(filepath.Join(b.dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		f.Fatal(packs, err)
	}
	if pack, err = os.ReadFile(packs[0]); err == nil {
		idx, err = os.ReadFile(strings.TrimSuffix(packs[0], "pack") + "idx")
	}
	if err != nil {
		f.Fatal(err)
	}
	return pack, idx
}

// FuzzPack: any pack with any index is scanned without a panic.
func FuzzPack(f *testing.F) {
	pack, idx := seedPack(f)
	f.Add(pack, idx)
	f.Add(pack[:len(pack)/2], idx)
	f.Add(pack, idx[:1200])
	f.Fuzz(func(t *testing.T, pack, idx []byte) {
		if len(pack) > 1<<20 || len(idx) > 1<<20 {
			return
		}
		dir := t.TempDir()
		for name, body := range map[string]string{"HEAD": "ref: refs/heads/main\n", "refs/heads/main": "1111111111111111111111111111111111111111\n", "objects/pack/pack-1.pack": string(pack), "objects/pack/pack-1.idx": string(idx)} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		s := scanOf(t, r, Options{Workers: 1})
		var ids []ID
		for _, h := range s.Hits {
			ids = append(ids, h.ID)
		}
		for _, n := range s.Names {
			ids = append(ids, n.ID)
		}
		if _, err := r.Places(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzIdx: whatever an index says, its accessors stay within it, and what find
// finds is there.
func FuzzIdx(f *testing.F) {
	_, idx := seedPack(f)
	f.Add(idx, 20)
	f.Add(idx[8:], 20)
	f.Add(idx, 32)
	f.Fuzz(func(t *testing.T, b []byte, hash int) {
		if hash != 32 {
			hash = 20
		}
		x, err := parseIndex(b, hash)
		if err != nil {
			return
		}
		x.whole()
		x.pack()
		for i := range min(x.n, 5000) {
			x.offset(i)
			x.sum(i)
			id := x.id(i)
			if k := x.find(id); k >= 0 && !bytes.Equal(x.id(k), id) {
				t.Fatalf("%x is not at %d", id, k)
			}
		}
	})
}

// FuzzIndex: any staging index is read or refused.
func FuzzIndex(f *testing.F) {
	b := newBox(f)
	b.write("a file", "text\n")
	b.write("dir/another", "text\n")
	b.git("add", "-A")
	for _, version := range []string{"2", "3", "4"} {
		b.git("update-index", "--index-version", version)
		raw, err := os.ReadFile(filepath.Join(b.dir, ".git/index"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(append(raw[:len(raw)-20:len(raw)-20], make([]byte, 20)...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, hash := range []int{20, 32} {
			list, err := parseStage(b, hash)
			if err == nil && len(list)*40 > len(b) {
				t.Fatalf("%d entries in %d bytes", len(list), len(b))
			}
			// Without a checksum, so that a wrong one does not hide the rest.
			if len(b) > hash {
				parseStage(append(bytes.Clone(b[:len(b)-hash]), make([]byte, hash)...), hash)
			}
		}
	})
}

// FuzzTree: a tree made from another has the entries that reading it alone gives.
func FuzzTree(f *testing.F) {
	tree := []byte("100644 a\x00aaaaaaaaaaaaaaaaaaaa40000 dir\x00bbbbbbbbbbbbbbbbbbbb100755 z\x00cccccccccccccccccccc")
	f.Add(tree, []byte{0x90, byte(len(tree))}, uint16(len(tree)))
	f.Add(tree, []byte{0x90, 29, 0x91, 29, byte(len(tree) - 29)}, uint16(len(tree)))
	f.Add(tree, []byte{0x91, 29, byte(len(tree) - 29)}, uint16(len(tree)-29))
	f.Fuzz(func(t *testing.T, base, delta []byte, size uint16) {
		text := make([]byte, size)
		segments, err := patch(text, base, delta, nil)
		if err != nil {
			return
		}
		number := func(_ int, e leaf) int32 { return int32(e.id[0]) }
		from := &built{body: base}
		ok := false
		if from.named, _, ok = entries(base, 20, nil, nil, nil, nil, number); !ok {
			from = nil
		}
		want, _, wantOK := entries(text, 20, nil, nil, nil, nil, number)
		got, kept, ok := entries(text, 20, from, segments, nil, nil, number)
		if ok != wantOK || len(got) != len(want) {
			t.Fatalf("%v %v, want %v %v", ok, got, wantOK, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		if from != nil {
			gone := map[int32]bool{}
			dropped(from.named, got, kept, func(child int32) { gone[child] = true })
			there := map[int32]bool{}
			for _, n := range got {
				there[n.child] = true
			}
			for _, n := range from.named {
				if gone[n.child] == there[n.child] {
					t.Fatalf("%d: dropped %v, there %v", n.child, gone[n.child], there[n.child])
				}
			}
		}
	})
}
