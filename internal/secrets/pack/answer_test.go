package pack

import (
	"bytes"
	"path/filepath"
	"testing"
)

// someAnswer is one that was kept, without what stands around it.
func someAnswer(t testing.TB) []byte {
	b := newBox(t)
	b.write("dir/a", "some text with AKIAIOSFODNN7BBBBBBB\n")
	b.write("AKIAIOSFODNN7CCCCCCC", "other text with AKIAIOSFODNN7BBBBBBB\n")
	b.commit("one AKIAIOSFODNN7DDDDDDD")
	b.write("b", "some text with AKIAIOSFODNN7BBBBBBB\n")
	b.commit("two")
	r := b.open()
	o := Options{Cache: filepath.Join(t.TempDir(), "cache"), Rules: "1"}
	var ids []ID
	for _, h := range scanOf(t, r, o).Hits {
		ids = append(ids, h.ID)
	}
	if _, err := r.Places(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	k := (&question{r: r}).memory()
	d := k.load(k.places)
	if d == nil || len(ids) < 3 {
		t.Fatalf("nothing was kept of %d hits", len(ids))
	}
	return d.b
}

// FuzzAnswer: whatever was kept, nothing panics.
func FuzzAnswer(f *testing.F) {
	whole := someAnswer(f)
	if readAnswer(&decoder{b: whole}, 20) == nil {
		f.Fatal("it cannot be read")
	}
	f.Add(whole)
	for i := range whole {
		for _, by := range []byte{1, 0xff} {
			bad := bytes.Clone(whole)
			bad[i] ^= by
			f.Add(bad)
		}
		if i%16 == 0 {
			f.Add(whole[:i])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, hash := range []int{20, 32} {
			a := readAnswer(&decoder{b: b}, hash)
			if a == nil {
				continue
			}
			x := a.brief()
			x.fresh = func(ID) bool { return true }
			for i := range a.named {
				a.who(i)
				x.find(x.id(int32(i)))
				x.date(int32(i))
			}
			x.add(ID{n: uint8(hash)}, 0, []int32{int32(a.named) - 1}[:min(1, a.named)], false)
			for i := range len(a.answers) / (hash + answerWidth) {
				first, n, _ := a.at(i)
				for k := first; k < first+n; k++ {
					a.introduction(k)
				}
				a.find(rawID(a.answers[i*(hash+answerWidth):][:hash]))
			}
			var some []int32
			for i := range x.rows {
				some = append(some, int32(i))
			}
			x.held(some, func(_ int32, by func(int32) bool) {
				for i := range x.rows {
					by(int32(i))
				}
			})
		}
	})
}
