package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"cordon/internal/durable"
)

// A cache keeps verdicts. A pack never changes, so what was found in it holds for
// as long as the rules do; so does what was found in a loose object. Kept are ids
// and offsets, never a byte of content. What is damaged, or of another version, is
// as if it were not there.
type cache struct {
	dir   string
	rules [32]byte
}

func openCache(dir, rules string) *cache {
	if dir == "" {
		return nil
	}
	return &cache{dir: dir, rules: sha256.Sum256([]byte(rules))}
}

const cacheMagic = "cordon verdicts 2\n"

func (c *cache) path(what string) string {
	return filepath.Join(c.dir, what+"-"+hex.EncodeToString(c.rules[:10])+".verdicts")
}

// load returns what was kept under a name, nil where nothing usable was.
func (c *cache) load(what string) *decoder {
	if c == nil {
		return nil
	}
	b, err := readSmall(c.path(what))
	if err != nil || len(b) < len(cacheMagic)+64 || string(b[:len(cacheMagic)]) != cacheMagic {
		return nil
	}
	end := len(b) - 32
	sum := sha256.Sum256(b[:end])
	if !bytes.Equal(sum[:], b[end:]) {
		return nil
	}
	body := b[len(cacheMagic):end]
	if !bytes.Equal(body[:32], c.rules[:]) {
		return nil
	}
	d := &decoder{b: body[32:]}
	if string(d.bytes()) != what {
		return nil
	}
	return d
}

// keep writes it. A cache that cannot be written costs time, and nothing else.
func (c *cache) keep(what string, e *encoder) {
	if c == nil {
		return
	}
	head := &encoder{b: append([]byte(cacheMagic), c.rules[:]...)}
	head.bytes([]byte(what))
	b := append(head.b, e.b...)
	sum := sha256.Sum256(b)
	if _, err := os.Lstat(c.dir); errors.Is(err, os.ErrNotExist) {
		if durable.MkdirAll(c.dir) != nil {
			return
		}
	}
	_ = durable.Write(c.path(what), append(b, sum[:]...))
}

// sums names packs.
func sums(packs []*packFile) (list []ID) {
	for _, p := range packs {
		list = append(list, p.x.pack())
	}
	return list
}

// pack is what was found in a pack before. Objects that lie in one of the packs
// before it may have been left to that one's verdict: it must be there still.
func (c *cache) pack(p *packFile, before []*packFile) *found {
	d := c.load("pack-" + p.x.pack().String())
	if d == nil || d.number(1<<31) != p.x.n {
		return nil
	}
	now := sums(before)
	for range d.number(1 << 20) {
		if !slices.Contains(now, rawID(d.bytes())) {
			return nil
		}
	}
	v := &found{}
	id := func() ID {
		i := d.number(p.x.n)
		if i < 0 || i >= p.x.n {
			d.bad = true
			return ID{}
		}
		return rawID(p.x.id(i))
	}
	d.found(v, id, p.x.hash)
	if d.bad || len(d.b) > 0 {
		return nil
	}
	return v
}

// keepPack keeps what was found in a pack, unless part of it could not be read:
// that is told again the next time.
func (c *cache) keepPack(p *packFile, before []*packFile, shared bool, v *found) {
	if c == nil || len(v.gaps) > 0 || v.full {
		return
	}
	e := &encoder{}
	e.number(p.x.n)
	if !shared {
		before = nil
	}
	e.number(len(before))
	for _, sum := range sums(before) {
		e.bytes(sum.Bytes())
	}
	e.found(v, func(id ID) { e.number(p.x.find(id.b[:id.n])) })
	c.keep("pack-"+p.x.pack().String(), e)
}

// A looseVerdict is what was found in loose objects before.
type looseVerdict struct {
	known []bool // by place in numbers.loose
	by    map[int]*found
	n     int
}

func (v *looseVerdict) count() int     { return v.n }
func (v *looseVerdict) has(i int) bool { return i < len(v.known) && v.known[i] }

func (c *cache) loose(n *numbers) *looseVerdict {
	v := &looseVerdict{known: make([]bool, len(n.loose)), by: map[int]*found{}}
	d := c.load(looseName(n.r))
	if d == nil {
		return v
	}
	known, count := make([]bool, len(n.loose)), 0
	by := map[int]*found{}
	for range d.number(1 << 30) {
		id := rawID(d.bytes())
		f := &found{}
		if d.number(1) == 1 {
			d.found(f, func() ID { return id }, n.r.hash)
		}
		if d.bad {
			return v
		}
		if i, ok := n.where[id]; ok && !known[i-n.packs] {
			known[i-n.packs] = true
			count++
			if !f.empty() {
				by[int(i-n.packs)] = f
			}
		}
	}
	if d.bad || len(d.b) > 0 {
		return v
	}
	return &looseVerdict{known, by, count}
}

// looseName tells repositories apart that share a folder.
func looseName(r *Repository) string {
	sum := sha256.Sum256([]byte(r.commonDir))
	return "loose-" + hex.EncodeToString(sum[:10])
}

// keepLoose keeps what is known of those that are loose now.
func (c *cache) keepLoose(n *numbers, v *looseVerdict, changed bool) {
	if c == nil || !changed {
		return
	}
	e := &encoder{}
	e.number(v.n)
	for i, is := range v.known {
		if !is {
			continue
		}
		e.bytes(n.loose[i].Bytes())
		f := v.by[i]
		if f == nil {
			e.number(0)
			continue
		}
		e.number(1)
		e.found(f, func(ID) {})
	}
	c.keep(looseName(n.r), e)
}

func (f *found) empty() bool { return len(f.hits)+len(f.names)+len(f.outside)+len(f.gaps) == 0 }

// An encoder writes numbers and bytes.
type encoder struct{ b []byte }

func (e *encoder) number(v int) { e.b = binary.AppendUvarint(e.b, uint64(v)) }
func (e *encoder) bytes(v []byte) {
	e.number(len(v))
	e.b = append(e.b, v...)
}

func (e *encoder) found(v *found, id func(ID)) {
	e.number(len(v.hits))
	for _, h := range v.hits {
		id(h.ID)
		e.number(int(h.Kind))
		e.number(len(h.At))
		last := 0
		for _, at := range h.At {
			e.number(at - last)
			last = at
		}
	}
	e.number(len(v.names))
	for _, n := range v.names {
		id(n.tree)
		e.number(n.at)
	}
	e.number(len(v.outside))
	for _, o := range v.outside {
		e.b = append(e.b, o.b[:o.n]...)
	}
}

// A decoder reads what an encoder wrote; bad says that it was something else.
type decoder struct {
	b   []byte
	bad bool
}

// number reads one of at most most.
func (d *decoder) number(most int) int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > uint64(most) {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte { return d.take(d.number(1 << 20)) }

func (d *decoder) found(v *found, id func() ID, hash int) {
	for range d.number(1 << 28) {
		h := Hit{ID: id(), Kind: Kind(d.number(int(Tag)))}
		last := 0
		for range d.number(1 << 28) {
			last += d.number(1 << 40)
			h.At = append(h.At, last)
			if d.bad {
				return
			}
		}
		v.hits = append(v.hits, h)
		if d.bad {
			return
		}
	}
	for range d.number(1 << 28) {
		v.names = append(v.names, nameAt{id(), d.number(1 << 31)})
		if d.bad {
			return
		}
	}
	for range d.number(1 << 28) {
		if v.outside = append(v.outside, rawID(d.take(hash))); d.bad {
			return
		}
	}
}
