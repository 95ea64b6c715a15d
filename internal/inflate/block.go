package inflate

import (
	"encoding/binary"
	"sync"
)

const (
	// slack is the room behind the last byte that is still wanted: one turn of the
	// fast loop writes eight literals or six and a match of 258, and copies by words.
	slack = 320
	// pairsPay is for how much input making pairs of literals takes less time than
	// it saves. Where the room for output is known, four times that must be left.
	pairsPay = 1000
)

// A decoder decodes one file.
type decoder struct {
	in    []byte // of the current member, behind its header
	i     int
	bb    uint64 // bits read and not consumed, the next one lowest
	bn    uint   // how many; above them may stand more that are right
	out   []byte
	o     int
	start int // of the current member in out
	end   int // out never grows beyond

	short [256]literal // the literals that have short codes
	// The codes of the block: its own, or the fixed ones.
	lit     *[litSize]entry
	dist    *[distSize]entry
	ownLit  [litSize]entry
	ownDist [distSize]entry
}

// fill reads until 56 bits are there, or the input is at its end.
func (d *decoder) fill() {
	for d.bn < 56 && d.i < len(d.in) {
		d.bb = d.bb&(1<<d.bn-1) | uint64(d.in[d.i])<<d.bn
		d.i++
		d.bn += 8
	}
}

// take consumes n bits, at most 16.
func (d *decoder) take(n uint) (v uint, ok bool) {
	if d.bn < n {
		if d.fill(); d.bn < n {
			return 0, false
		}
	}
	v = uint(d.bb) & (1<<n - 1)
	d.bb >>= n
	d.bn -= n
	return v, true
}

// unread gives back whole bytes, and drops the rest of the byte begun.
func (d *decoder) unread() {
	d.i -= int(d.bn >> 3)
	d.bb, d.bn = 0, 0
}

func (d *decoder) block() (final bool, s state) {
	head, ok := d.take(3)
	if !ok {
		return false, doubt
	}
	final = head&1 != 0
	switch head >> 1 {
	case 0:
		return final, d.stored()
	case 1:
		fixed := fixedCodes()
		d.lit, d.dist = &fixed.lit, &fixed.dist
	case 2:
		d.lit, d.dist = &d.ownLit, &d.ownDist
		if !d.codes() {
			return false, doubt
		}
	default:
		return false, doubt
	}
	return final, d.symbols()
}

func (d *decoder) stored() state {
	d.unread()
	if len(d.in)-d.i < 4 {
		return doubt
	}
	n := int(binary.LittleEndian.Uint16(d.in[d.i:]))
	if binary.LittleEndian.Uint16(d.in[d.i+2:]) != ^uint16(n) {
		return doubt
	}
	d.i += 4
	if len(d.in)-d.i < n {
		return doubt
	}
	d.reserve(n + slack)
	if n > copy(d.out[d.o:], d.in[d.i:d.i+n]) {
		d.o = len(d.out)
		return large
	}
	d.i += n
	d.o += n
	return done
}

type codeTables struct {
	lit  [litSize]entry
	dist [distSize]entry
}

// fixedCodes are the codes of blocks that bring none, made once.
var fixedCodes = sync.OnceValue(func() *codeTables {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	t := new(codeTables)
	build(t.lit[:], litBits, lengths[:], litSymbols, nil)
	for i := range 32 {
		lengths[i] = 5
	}
	build(t.dist[:], distBits, lengths[:32], distSymbols, nil)
	return t
})

// codes reads the codes that a block brings with it.
func (d *decoder) codes() bool {
	head, ok := d.take(14)
	nlit, ndist, npre := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if !ok || nlit > 286 || ndist > 30 {
		return false
	}
	var pre [19]uint8
	for _, symbol := range codeOrder[:npre] {
		n, ok := d.take(3)
		if !ok {
			return false
		}
		pre[symbol] = uint8(n)
	}
	var table [1 << preBits]entry
	if !build(table[:], preBits, pre[:], preSymbols, nil) {
		return false
	}
	var lengths [286 + 30]uint8
	for i := 0; i < nlit+ndist; {
		if d.bn < 14 {
			d.fill()
		}
		e := table[d.bb&(1<<preBits-1)]
		if n := uint(e & 63); e&isOther != 0 || d.bn < n {
			return false
		} else {
			d.bb >>= n
			d.bn -= n
		}
		symbol := uint8(e >> 16)
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		n, value, ok := d.repeat(symbol, lengths[:i])
		if !ok || n > nlit+ndist-i {
			return false
		}
		for range n {
			lengths[i] = value
			i++
		}
	}
	if lengths[256] == 0 {
		return false
	}
	short := d.short[:0]
	if !build(d.lit[:], litBits, lengths[:nlit], litSymbols, &short) {
		return false
	}
	if len(d.in)-d.i >= pairsPay && d.end-d.o >= 4*pairsPay {
		pairs(d.lit, short)
	}
	return build(d.dist[:], distBits, lengths[nlit:nlit+ndist], distSymbols, nil)
}

// repeat reads how often which length stands next.
func (d *decoder) repeat(symbol uint8, before []uint8) (n int, value uint8, ok bool) {
	least, width := 3, uint(2)
	switch symbol {
	case 16:
		if len(before) == 0 {
			return 0, 0, false
		}
		value = before[len(before)-1]
	case 17:
		width = 3
	default:
		least, width = 11, 7
	}
	more, ok := d.take(width)
	return least + int(more), value, ok
}

// symbols decodes up to the end of the block: fast as long as input is there to
// be read by words, then with every step checked.
func (d *decoder) symbols() state {
	for {
		if len(d.out)-d.o < slack {
			d.reserve(max(slack, 1<<12))
			if len(d.out)-d.o < slack {
				return large
			}
		}
		ended, s := d.fast()
		if ended || s != done {
			return s
		}
		if len(d.out)-d.o < slack {
			continue
		}
		if ended, s = d.slow(); ended || s != done {
			return s
		}
	}
}

// slow decodes one symbol. The room for it is there.
func (d *decoder) slow() (ended bool, s state) {
	d.fill()
	e, ok := d.lookup(d.lit[:], litBits)
	switch {
	case !ok:
		return false, doubt
	case e&isLiteral != 0:
		d.out[d.o] = byte(e >> 16)
		d.o++
		return false, done
	case e&isEnd != 0:
		return true, done
	}
	length, ok := d.value(e)
	if !ok {
		return false, doubt
	}
	d.fill()
	if e, ok = d.lookup(d.dist[:], distBits); !ok {
		return false, doubt
	}
	distance, ok := d.value(e)
	if !ok || distance > d.o-d.start {
		return false, doubt
	}
	for range length {
		d.out[d.o] = d.out[d.o-distance]
		d.o++
	}
	return false, done
}

// lookup consumes a code.
func (d *decoder) lookup(table []entry, width uint) (e entry, ok bool) {
	e = table[d.bb&(1<<width-1)]
	n := uint(0)
	if e&isLonger != 0 {
		n = width
		e = table[e>>16+entry(d.bb>>width)&(1<<(e>>8&15)-1)]
	}
	n += uint(e >> 8 & 15)
	if e&isOther != 0 && e&isEnd == 0 || d.bn < n {
		return 0, false
	}
	d.bb >>= n
	d.bn -= n
	return e, true
}

// value is a length or distance: its base, and the bits that follow the code.
func (d *decoder) value(e entry) (v int, ok bool) {
	extra, ok := d.take(uint(e&63 - e>>8&15))
	return int(e>>16) + int(extra), ok
}
