package trail

import (
	"bytes"
	"errors"
	"hash/maphash"
	"math"
	"unsafe"
)

// seed makes the tables of one process unlike those of any other: whoever
// writes the log cannot choose values that collide.
var seed = maphash.MakeSeed()

var errDictFull = errors.New("more than 4 GB of distinct values")

// A dict gives dense codes to byte strings; code 0 is the empty one. Reading is
// safe for many at once; put is for one, and builds the table when first used,
// so that a dictionary that is only read costs no more than its bytes.
type dict struct {
	arena  []byte
	ends   []uint32 // of every value, in arena
	hashes []uint32 // of every value, once there is a table
	table  []uint32 // code + 1; 0: free
	last   uint32
}

func newDict() *dict { return &dict{ends: []uint32{0}} }

func (d *dict) len() int { return len(d.ends) }

// get is the value of a code; an unknown code, which only a damaged store has,
// is empty.
func (d *dict) get(c uint32) []byte {
	if c == 0 || int64(c) >= int64(len(d.ends)) {
		return nil
	}
	from, to := d.ends[c-1], d.ends[c]
	return d.arena[from:to:to]
}

// text is get as a string. It shares the dictionary's bytes, which are only
// ever added to: an answer of a million events has each name once.
func (d *dict) text(c uint32) string {
	v := d.get(c)
	return unsafe.String(unsafe.SliceData(v), len(v))
}

// put gives the code of v, a new one where it has none.
func (d *dict) put(v []byte) uint32 {
	if bytes.Equal(d.get(d.last), v) {
		return d.last
	}
	if len(v) == 0 {
		d.last = 0
		return 0
	}
	if d.table == nil {
		d.index(1024)
	}
	h := maphash.Bytes(seed, v)
	mask := uint32(len(d.table) - 1)
	at := uint32(h) & mask
	for ; d.table[at] != 0; at = (at + 1) & mask {
		if c := d.table[at] - 1; d.hashes[c] == uint32(h>>32) && bytes.Equal(d.get(c), v) {
			d.last = c
			return c
		}
	}
	c := uint32(len(d.ends))
	d.add(v)
	d.hashes = append(d.hashes, uint32(h>>32))
	d.table[at] = c + 1
	d.last = c
	if 2*len(d.ends) > len(d.table) {
		d.index(4 * len(d.table))
	}
	return c
}

// add appends a value that is known to be new.
func (d *dict) add(v []byte) {
	d.arena = append(d.arena, v...)
	d.ends = append(d.ends, uint32(len(d.arena)))
}

// full says whether one more value could overflow the arena.
func (d *dict) full() bool { return len(d.arena) > math.MaxUint32-2*maxText }

// index makes the table anew, with room for all values.
func (d *dict) index(size int) {
	for size < 2*len(d.ends)+2 {
		size *= 2
	}
	d.table = make([]uint32, size)
	d.hashes = append(d.hashes[:0], 0)
	for c := 1; c < len(d.ends); c++ {
		h := maphash.Bytes(seed, d.get(uint32(c)))
		d.hashes = append(d.hashes, uint32(h>>32))
		at := uint32(h) & uint32(size-1)
		for d.table[at] != 0 {
			at = (at + 1) & uint32(size-1)
		}
		d.table[at] = uint32(c) + 1
	}
}

// size is what it takes in memory, about.
func (d *dict) size() int { return cap(d.arena) + 4*(cap(d.ends)+cap(d.hashes)+cap(d.table)) }

// A cache remembers the codes that runs of raw bytes lead to, for one worker.
// It is emptied when it grows beyond its bound.
type cache struct {
	runs  *dict
	codes []uint32
}

func newCache() *cache { return &cache{runs: newDict(), codes: []uint32{0}} }

// look gives the code of a run, and the place to put it where it is new: then
// known is false and code must be set.
func (c *cache) look(run []byte) (code *uint32, known bool) {
	at := c.runs.put(run)
	if int(at) < len(c.codes) {
		return &c.codes[at], true
	}
	c.codes = append(c.codes, 0)
	return &c.codes[at], false
}

// trim empties a cache that outgrew its bound.
func (c *cache) trim() {
	if c.runs.size() > maxCache {
		*c = *newCache()
	}
}

const (
	maxCache = 8 << 20
	// maxText is what is kept of one value. AWS cuts user agents at 1 KB, and
	// nothing else that is kept comes near; the record has the whole.
	maxText = 4096
)
