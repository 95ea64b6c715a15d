package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A handmade is an object of a pack that git would not write.
type handmade struct {
	id   ID
	kind Kind
	base ID // byID
	body []byte
}

// byHand writes a pack of such objects, and its index, into the repository.
func (b *box) byHand(list ...handmade) {
	b.t.Helper()
	slices.SortFunc(list, func(a, b handmade) int { return a.id.Compare(b.id) })
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(list)))
	var fan [256]uint32
	var ids, sums, offs []byte
	for _, o := range list {
		at := len(pack)
		size := len(o.body)
		c := byte(o.kind)<<4 | byte(size&15)
		for size >>= 4; size > 0; size >>= 7 {
			pack = append(pack, c|0x80)
			c = byte(size & 0x7f)
		}
		pack = append(pack, c)
		if o.kind == byID {
			pack = append(pack, o.base.b[:20]...)
		}
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		if _, err := w.Write(o.body); err != nil {
			b.t.Fatal(err)
		}
		w.Close()
		pack = append(pack, z.Bytes()...)
		for i := int(o.id.b[0]); i < 256; i++ {
			fan[i]++
		}
		ids = append(ids, o.id.b[:20]...)
		sums = binary.BigEndian.AppendUint32(sums, crc32.ChecksumIEEE(pack[at:]))
		offs = binary.BigEndian.AppendUint32(offs, uint32(at))
	}
	sum := sha1.Sum(pack)
	idx := []byte("\xfftOc\x00\x00\x00\x02")
	for _, n := range fan {
		idx = binary.BigEndian.AppendUint32(idx, n)
	}
	idx = slices.Concat(idx, ids, sums, offs, sum[:])
	end := sha1.Sum(idx)
	name := filepath.Join(b.dir, ".git/objects/pack", fmt.Sprintf("pack-%x", sum))
	for ending, body := range map[string][]byte{".pack": append(pack, sum[:]...), ".idx": append(idx, end[:]...)} {
		if err := os.WriteFile(name+ending, body, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

func handID(n uint32) ID {
	return rawID(slices.Concat(binary.BigEndian.AppendUint32(nil, n*0x9e3779b1), make([]byte, 12), binary.BigEndian.AppendUint32(nil, n)))
}

// TestBasesElsewhere: deltas whose bases lie in other packs are put together, and
// packs that name each other's objects are given up after a few steps.
func TestBasesElsewhere(t *testing.T) {
	b := newBox(t)
	x, y, z := handID(1), handID(2), handID(3)
	insert := func(n byte) []byte { return []byte{4, 1, 1, n} } // of a base of 4 bytes makes 1
	for n := range byte(12) {
		b.byHand(handmade{id: x, kind: byID, base: y, body: insert('a' + n)})
		b.byHand(handmade{id: y, kind: byID, base: x, body: insert('a' + n)})
	}
	r := b.open()
	for _, id := range []ID{x, y} {
		for _, p := range r.packs {
			q := chase{}
			if pos := p.x.find(id.b[:20]); pos >= 0 {
				if _, _, err := r.readAt(p, p.x.offset(pos), &q); err == nil || q.calls == 0 || q.calls > maxChase {
					t.Errorf("%v after %d steps", err, q.calls)
				}
			}
		}
	}
	if s := scanOf(t, r, Options{}); len(s.Gaps) < 2 || !strings.Contains(fmt.Sprint(s.Gaps), errCircle.Error()) {
		t.Errorf("gaps: %v", s.Gaps)
	}
	b.byHand(handmade{id: z, kind: Blob, body: []byte("base")})
	b.byHand(handmade{id: y, kind: byID, base: z, body: []byte{4, 4, 4, 't', 'e', 'x', 't'}})
	if kind, body, err := b.open().objectBut(x, nil); err != nil || kind != Blob || len(body) != 1 {
		t.Errorf("%v %q %v", kind, body, err)
	}
}
