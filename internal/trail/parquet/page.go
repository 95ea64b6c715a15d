package parquet

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// What a data page holds at most.
const (
	pageEntries = 20000
	pageBytes   = 1 << 20
)

// Numbers of the format.
const (
	encodingPlain      = 0
	encodingRLE        = 3
	encodingDictionary = 8
	codecZstd          = 6
	pageData           = 0
	pageDictionary     = 2
)

// A chunk is one column as it stands in the file.
type chunk struct {
	entries              int64
	begin, data          int64 // of the chunk, and of its first data page
	dictionary           bool
	compressed, unpacked int64 // headers of pages included
	least, most          []byte
	nulls                int64
}

// A pager appends the pages of columns to out, which begins at offset 0 of the
// file.
type pager struct {
	out  []byte
	zstd *zstd.Encoder

	defs, reps []uint8
	codes      []uint32
	bools      []uint8
	page, body []byte
}

// column writes all of c, its rows in the given order.
func (p *pager) column(c *column, order []uint32) chunk {
	k := chunk{entries: int64(len(c.defs)), begin: int64(len(p.out))}
	k.least, k.most, k.nulls = c.bounds()
	if k.dictionary = c.known != nil && len(c.ends) > 0; k.dictionary {
		p.page = p.page[:0]
		for code := range c.ends {
			v := c.value(uint32(code))
			p.page = append(binary.LittleEndian.AppendUint32(p.page, uint32(len(v))), v...)
		}
		p.put(&k, pageDictionary, len(c.ends), encodingPlain)
	}
	k.data = int64(len(p.out))
	p.clear()
	for _, row := range order {
		from, to := c.entries(row)
		for e := from; e < to; e++ {
			p.entry(c, e, k.dictionary)
		}
		if len(p.defs) >= pageEntries || len(p.body) >= pageBytes {
			p.flush(&k, c)
		}
	}
	if len(p.defs) > 0 {
		p.flush(&k, c)
	}
	return k
}

func (p *pager) clear() {
	p.defs, p.reps, p.codes, p.bools, p.body = p.defs[:0], p.reps[:0], p.codes[:0], p.bools[:0], p.body[:0]
}

func (p *pager) entry(c *column, e uint32, coded bool) {
	p.defs = append(p.defs, c.defs[e])
	if c.leaf.list >= 0 {
		p.reps = append(p.reps, c.reps[e])
	}
	switch {
	case int(c.defs[e]) < c.leaf.def:
	case coded:
		p.codes = append(p.codes, c.codes[e])
	case c.leaf.kind == kindBool:
		p.bools = append(p.bools, uint8(c.numbers[e]))
	default:
		p.body = c.plain(p.body, e)
	}
}

// flush writes the collected entries as one data page: repetition levels,
// definition levels, values.
func (p *pager) flush(k *chunk, c *column) {
	p.page = p.page[:0]
	if c.leaf.rep > 0 {
		p.levels(p.reps, c.leaf.rep)
	}
	if c.leaf.def > 0 {
		p.levels(p.defs, c.leaf.def)
	}
	encoding := encodingPlain
	switch {
	case k.dictionary:
		encoding = encodingDictionary
		bits := max(1, width(len(c.ends)-1))
		p.page = hybrid(append(p.page, byte(bits)), p.codes, bits)
	case c.leaf.kind == kindBool:
		p.page = bitmap(p.page, p.bools)
	default:
		p.page = append(p.page, p.body...)
	}
	p.put(k, pageData, len(p.defs), encoding)
	p.clear()
}

// levels appends levels with their length before them.
func (p *pager) levels(levels []uint8, top int) {
	at := len(p.page)
	p.page = hybrid(append(p.page, 0, 0, 0, 0), levels, width(top))
	binary.LittleEndian.PutUint32(p.page[at:], uint32(len(p.page)-at-4))
}

func bitmap(out []byte, bools []uint8) []byte {
	for i, b := range bools {
		if i%8 == 0 {
			out = append(out, 0)
		}
		out[len(out)-1] |= b << (i % 8)
	}
	return out
}

// put writes p.page, compressed, with its header.
func (p *pager) put(k *chunk, kind, entries, encoding int) {
	packed := p.zstd.EncodeAll(p.page, nil)
	var t thrift
	t.item(func() {
		t.i32(1, kind)
		t.i32(2, len(p.page))
		t.i32(3, len(packed))
		t.i32(4, int(int32(crc32.ChecksumIEEE(packed))))
		if kind == pageDictionary {
			t.record(7, func() {
				t.i32(1, entries)
				t.i32(2, encoding)
			})
			return
		}
		t.record(5, func() {
			t.i32(1, entries)
			t.i32(2, encoding)
			t.i32(3, encodingRLE)
			t.i32(4, encodingRLE)
		})
	})
	p.out = append(append(p.out, t.out...), packed...)
	k.compressed += int64(len(t.out) + len(packed))
	k.unpacked += int64(len(t.out) + len(p.page))
}
