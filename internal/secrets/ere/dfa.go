package ere

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A dfa is the automaton of a prog, made state by state as texts ask for them. A
// state knows what stood before it; whether a match ends at a place is known only
// when the next byte is seen, so a step says whether one ended before it.
type dfa struct {
	p          *prog
	unanchored bool // a match may begin at any place
	stride     int32
	trans      []int32 // per state and class, the last one is the line's end
	states     []state
	known      map[string]int32
	starts     [3]int32 // by side
	limit      int

	mark, stack []int32 // of the search for what a state leads to
	gen         int32
	found       []int32
}

type state struct {
	pcs    []int32
	before side
}

const (
	unknown    = int32(-1)
	maxEntries = 4 << 20 // of trans: 16 MB
)

func newDFA(p *prog, unanchored bool) *dfa {
	d := &dfa{p: p, unanchored: unanchored, stride: int32(len(p.bytes)) + 1, mark: make([]int32, len(p.insts)), limit: maxEntries}
	d.reset()
	return d
}

func (d *dfa) clone() *dfa {
	c := newDFA(d.p, d.unanchored)
	c.limit = d.limit
	return c
}

// reset forgets every state: so memory is bounded.
func (d *dfa) reset() {
	d.trans, d.states, d.known = d.trans[:0], d.states[:0], map[string]int32{}
	for i := range d.starts {
		d.starts[i] = unknown
	}
}

// begin is the state at a place that has before beside it.
func (d *dfa) begin(before side) int32 {
	if d.starts[before] == unknown {
		var pcs []int32
		if !d.unanchored {
			pcs = []int32{d.p.start}
		}
		d.starts[before] = d.intern(pcs, before)
	}
	return d.starts[before]
}

// intern answers the row of a state in trans.
func (d *dfa) intern(pcs []int32, before side) int32 {
	key := make([]byte, 0, 4*len(pcs)+1)
	key = append(key, byte(before))
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint32(key, uint32(pc))
	}
	if row, ok := d.known[string(key)]; ok {
		return row
	}
	row := int32(len(d.trans))
	d.states = append(d.states, state{pcs: slices.Clone(pcs), before: before})
	for range d.stride {
		d.trans = append(d.trans, unknown)
	}
	d.known[string(key)] = row
	return row
}

// A step is a row to go on with, and whether a match ended before it: then it is
// below -1.
func matched(t int32) (int32, bool) {
	if t < unknown {
		return -2 - t, true
	}
	return t, false
}

// step finds where a state goes by a class of bytes, or by the line's end.
func (d *dfa) step(row, class int32) int32 {
	from := d.states[row/d.stride]
	after, c := edge, byte('\n')
	if class < d.stride-1 {
		if c = d.p.bytes[class]; c != '\n' {
			after = sideOf(c)
		}
	}
	ended := d.reach(from, after)
	var next []int32
	if after != edge {
		for _, pc := range d.found {
			if i := &d.p.insts[pc]; d.p.sets[i.set].has(c) {
				next = append(next, i.x)
			}
		}
		slices.Sort(next)
		next = slices.Compact(next)
	}
	if len(d.trans) > d.limit || len(d.states) > 20000 {
		d.reset()
		row = unknown
	}
	to := d.intern(next, after)
	if ended {
		to = -2 - to
	}
	if row != unknown {
		d.trans[row+class] = to
	}
	return to
}

// reach collects in found what takes a byte, from a state and with after beside
// it, and says whether a match ends here.
func (d *dfa) reach(from state, after side) (ended bool) {
	d.gen++
	d.found, d.stack = d.found[:0], append(d.stack[:0], from.pcs...)
	if d.unanchored {
		d.stack = append(d.stack, d.p.start)
	}
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[pc] == d.gen {
			continue
		}
		d.mark[pc] = d.gen
		switch i := &d.p.insts[pc]; i.op {
		case iMatch:
			ended = true
		case iSet:
			d.found = append(d.found, pc)
		case iSplit:
			d.stack = append(d.stack, i.y, i.x)
		case iAssert:
			if i.assert.holds(from.before, after) {
				d.stack = append(d.stack, i.x)
			}
		}
	}
	return ended
}

// exists says whether a match stands anywhere in a line.
func (d *dfa) exists(line []byte) bool {
	row := d.begin(edge)
	for _, b := range line {
		t := d.trans[row+int32(d.p.class[b])]
		if t < 0 {
			if t == unknown {
				t = d.step(row, int32(d.p.class[b]))
			}
			if t < unknown {
				return true
			}
		}
		row = t
	}
	return d.ends(row)
}

// ends says whether a match ends at the line's end.
func (d *dfa) ends(row int32) bool {
	t := d.trans[row+d.stride-1]
	if t == unknown {
		t = d.step(row, d.stride-1)
	}
	return t < unknown
}

// longest is where the longest match that begins at a place ends, -1 for none.
func (d *dfa) longest(line []byte, at int) int {
	before, _ := around(line, at)
	row, end := d.begin(before), -1
	for i := at; i < len(line); i++ {
		t := d.trans[row+int32(d.p.class[line[i]])]
		if t == unknown {
			t = d.step(row, int32(d.p.class[line[i]]))
		}
		var ok bool
		if row, ok = matched(t); ok {
			end = i
		}
		if len(d.states[row/d.stride].pcs) == 0 {
			return end
		}
	}
	if d.ends(row) {
		end = len(line)
	}
	return end
}

// begins sets a bit for every place of the line at which a match begins: the
// automaton of the reversed expression, read backwards.
func (d *dfa) begins(line []byte, bits []uint64) {
	row := d.begin(edge)
	for i := len(line) - 1; i >= 0; i-- {
		t := d.trans[row+int32(d.p.class[line[i]])]
		if t == unknown {
			t = d.step(row, int32(d.p.class[line[i]]))
		}
		var ok bool
		if row, ok = matched(t); ok {
			bits[(i+1)>>6] |= 1 << ((i + 1) & 63)
		}
	}
	if d.ends(row) {
		bits[0] |= 1
	}
}

// next finds the first line at or after from, which is a line's beginning, that
// passes the automaton. end is its newline or the text's end.
func (re *Regexp) next(text []byte, from int) (begin, end int, ok bool) {
	d := re.fwd
	row := d.begin(edge)
	for i := from; i < len(text); i++ {
		b := text[i]
		t := d.trans[row+int32(d.p.class[b])]
		if t < 0 {
			if t == unknown {
				t = d.step(row, int32(d.p.class[b]))
			}
			if t < unknown {
				return lineAround(text, from, i)
			}
		}
		row = t
		if b == '\n' {
			row = d.begin(edge)
		}
	}
	if len(text) > from && text[len(text)-1] != '\n' && d.ends(row) {
		return lineAround(text, from, len(text))
	}
	return 0, 0, false
}

// lineAround is the line that a match ended in, before the byte at i.
func lineAround(text []byte, from, i int) (begin, end int, ok bool) {
	begin = bytes.LastIndexByte(text[from:i], '\n') + 1 + from
	if end = bytes.IndexByte(text[i:], '\n'); end < 0 {
		return begin, len(text), true
	}
	return begin, i + end, true
}
