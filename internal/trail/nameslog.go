package trail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The names log is a row of blocks, each with its length and checksum before
// it. A block has what was new at one commit: of every dictionary, then the
// origins, then the identities.
const blockHead = 8

var errNames = errors.New("the names log is damaged")

// block is what the log does not hold yet; nil where it holds everything. The
// names are counted as saved when the caller says so.
func (n *names) block() (block []byte, now savedNames) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now = n.counts()
	if now == n.saved {
		return nil, now
	}
	e := encoder{make([]byte, blockHead, 64<<10)}
	for i, d := range n.dicts {
		from := n.saved.dicts[i]
		e.uint(uint64(d.len() - from))
		for c := from; c < d.len(); c++ {
			e.uint(uint64(len(d.get(uint32(c)))))
		}
		e.raw(d.arena[d.ends[from-1]:])
	}
	e.uint(uint64(now.origins - n.saved.origins))
	for _, o := range n.origins[n.saved.origins:] {
		e.uint(uint64(o.region))
		e.uint(uint64(o.address))
		e.uint(uint64(o.agent))
	}
	e.uint(uint64(now.ids - n.saved.ids))
	for c := n.saved.ids; c < now.ids; c++ {
		n.ids.at(uint32(c)).encode(&e)
	}
	binary.LittleEndian.PutUint32(e.b, uint32(len(e.b)-blockHead))
	binary.LittleEndian.PutUint32(e.b[4:], checksum(e.b[blockHead:]))
	return e.b, now
}

func (id *identity) encode(e *encoder) {
	e.raw(id.hash[:])
	e.uint(uint64(id.principal))
	e.uint(uint64(id.credential))
	for _, c := range id.text {
		e.uint(uint64(c))
	}
	created := id.created << 1
	if id.mfa {
		created |= 1
	}
	e.int(created)
}

// readNames reads a names log of which the manifest says that every byte counts.
func readNames(log []byte) (*names, error) {
	n := newNames()
	for at := 0; at < len(log); {
		block := log[at:]
		if len(block) < blockHead {
			return nil, fmt.Errorf("%w at byte %d", errNames, at)
		}
		size, sum := binary.LittleEndian.Uint32(block), binary.LittleEndian.Uint32(block[4:])
		if uint64(size) > uint64(len(block)-blockHead) || checksum(block[blockHead:blockHead+int(size)]) != sum {
			return nil, fmt.Errorf("%w at byte %d", errNames, at)
		}
		if !n.load(block[blockHead : blockHead+int(size)]) {
			return nil, fmt.Errorf("%w at byte %d", errNames, at)
		}
		at += blockHead + int(size)
	}
	n.saved = n.counts()
	return n, nil
}

// load adds one block.
func (n *names) load(block []byte) bool {
	d := decoder{b: block}
	for _, dict := range n.dicts {
		if !dict.load(&d) {
			return false
		}
	}
	for range d.count() {
		o := origin{d.uint32(), d.uint32(), d.uint32()}
		if d.bad {
			return false
		}
		n.origins = append(n.origins, o)
	}
	for range d.count() {
		var id identity
		copy(id.hash[:], d.take(16))
		id.principal, id.credential = d.uint32(), d.uint32()
		for i := range id.text {
			id.text[i] = d.uint32()
		}
		created := d.int()
		id.created, id.mfa = created>>1, created&1 != 0
		if d.bad {
			return false
		}
		n.ids.add(id)
	}
	return !d.bad && len(d.b) == 0
}

// load adds the values that a block has for one dictionary: their lengths, then
// their bytes.
func (d *dict) load(from *decoder) bool {
	count := from.count()
	if d.full() {
		return false
	}
	d.ends = slices.Grow(d.ends, count)
	total := uint64(len(d.arena))
	for range count {
		total += uint64(from.uint32())
		if from.bad || total > 1<<32-1 {
			return false
		}
		d.ends = append(d.ends, uint32(total))
	}
	v := from.take(total - uint64(len(d.arena)))
	if from.bad {
		return false
	}
	d.arena = append(d.arena, v...)
	return true
}
