package trail

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A cell counts the events that have three codes in common.
type cell struct {
	a, b, c       uint32
	count, failed uint32
	first, last   uint32 // seconds since 1970
}

const cellSize = 28

// A rollup adds up cells by their codes.
type rollup struct {
	cells []cell
	table []uint32 // index + 1
	last  int      // most rows have the codes of the row before
}

func (r *rollup) reset() {
	r.cells, r.last = r.cells[:0], 0
	clear(r.table)
}

// add counts; first and last of n events, of which failed did.
func (r *rollup) add(x cell) {
	if r.last < len(r.cells) {
		if c := &r.cells[r.last]; c.a == x.a && c.b == x.b && c.c == x.c {
			c.join(x)
			return
		}
	}
	if 2*len(r.cells) >= len(r.table) {
		r.grow()
	}
	mask := uint32(len(r.table) - 1)
	at := x.hash() & mask
	for ; r.table[at] != 0; at = (at + 1) & mask {
		if c := &r.cells[r.table[at]-1]; c.a == x.a && c.b == x.b && c.c == x.c {
			c.join(x)
			r.last = int(r.table[at] - 1)
			return
		}
	}
	r.last = len(r.cells)
	r.cells = append(r.cells, x)
	r.table[at] = uint32(len(r.cells))
}

func (c *cell) join(x cell) {
	c.count += x.count
	c.failed += x.failed
	c.first, c.last = min(c.first, x.first), max(c.last, x.last)
}

func (c *cell) hash() uint32 {
	h := uint64(c.a)*0x9E3779B97F4A7C15 ^ uint64(c.b)*0xC2B2AE3D27D4EB4F ^ uint64(c.c)*0x165667B19E3779F9
	return uint32((h ^ h>>31) * 0x9E3779B97F4A7C15 >> 32)
}

func (r *rollup) grow() {
	r.table = make([]uint32, max(256, 4*len(r.table)))
	mask := uint32(len(r.table) - 1)
	for i := range r.cells {
		at := r.cells[i].hash() & mask
		for r.table[at] != 0 {
			at = (at + 1) & mask
		}
		r.table[at] = uint32(i + 1)
	}
}

// sorted puts the cells in the order of their codes.
func (r *rollup) sorted() []cell {
	slices.SortFunc(r.cells, func(x, y cell) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.c, y.c))
	})
	return r.cells
}

func appendCells(b []byte, cells []cell) []byte {
	for _, c := range cells {
		for _, v := range [...]uint32{c.a, c.b, c.c, c.count, c.failed, c.first, c.last} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return b
}

// cellsAt reads the cells of a section.
type cellsAt []byte

func (s cellsAt) len() int { return len(s) / cellSize }

func (s cellsAt) at(i int) cell {
	b := s[i*cellSize : i*cellSize+cellSize]
	le := binary.LittleEndian
	return cell{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:]), le.Uint32(b[16:]), le.Uint32(b[20:]), le.Uint32(b[24:])}
}

// An hour counts the events of one hour.
const hourSize = 12
