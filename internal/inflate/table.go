package inflate

import "math/bits"

// An entry of a decoding table says what a prefix of the bit buffer means:
//
//	bits 0–5    how many bits to consume: of the code and of what follows it
//	bits 6–7    how many literals it is, one or two; else 0
//	bits 8–11   how many of the bits are the code's, or the first literal's
//	bits 12–15  flags
//	bits 16–31  the literals, the first one lowest; or the base of a length or
//	            distance; or where the table for longer codes begins
type entry = uint32

const (
	isLiteral entry = 3 << 6
	oneMore   entry = 1 << 6  // literal
	isOther   entry = 1 << 15 // neither literal, length nor distance
	isLonger  entry = 1 << 14 // a table for longer codes
	isEnd     entry = 1 << 13 // the end of the block
	invalid         = isOther // a code that means nothing

	litBits  = 11
	distBits = 8
	preBits  = 7
	// The most entries that complete codes of 286 and 30 symbols and 15 bits can
	// need (2342 and 402, zlib's "enough"), rounded up to allow a mask for an
	// index check.
	litSize  = 4096
	distSize = 512
)

var (
	litSymbols  = literals()
	distSymbols = distances()
	preSymbols  = plain(19)
	// codeOrder is the order in which a block lists the lengths of the codes
	// that its other lengths are written in.
	codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

func plain(n int) []entry {
	all := make([]entry, n)
	for i := range all {
		all[i] = entry(i) << 16
	}
	return all
}

func literals() []entry {
	all := plain(256)
	for i := range all {
		all[i] |= oneMore
	}
	all = append(all, isOther|isEnd)
	base := 3
	for i := range 28 {
		extra := max(0, i/4-1)
		all = append(all, entry(base)<<16|entry(extra))
		base += 1 << extra
	}
	return append(all, 258<<16, invalid, invalid)
}

func distances() (all []entry) {
	base := 1
	for i := range 30 {
		extra := max(0, i/2-1)
		all = append(all, entry(base)<<16|entry(extra))
		base += 1 << extra
	}
	return append(all, invalid, invalid)
}

// build fills a table of 1<<width entries, and tables for longer codes behind
// it, for the canonical code whose lengths are given. It refuses what is not a
// complete code, other than the two that encoders write for want of symbols:
// none at all, and one of a single bit. Literals of at most width bits are added
// to short, where it is wanted, the shortest codes first.
func build(table []entry, width int, lengths []uint8, symbols []entry, short *[]literal) bool {
	var count, offset [17]int
	for _, n := range lengths {
		count[n&15]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	left := 1
	for n := 1; n <= 15; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		offset[n+1] = offset[n] + count[n]
	}
	if left > 0 && used > 0 && (used != 1 || count[1] != 1) {
		return false
	}
	var sorted [288]uint16
	for symbol, n := range lengths {
		if n != 0 {
			sorted[offset[n]] = uint16(symbol)
			offset[n]++
		}
	}
	// The table for one bit more is twice the table before, as bits are read
	// from the low end, with the codes of that length put in.
	table[0] = invalid
	code, next := 0, 0
	for n := 1; n <= width; n++ {
		size := 1 << (n - 1)
		copy(table[size:2*size], table[:size])
		code <<= 1
		for range count[n] {
			e := symbols[sorted[next]]
			at := reversed(code, n)
			table[at] = e + entry(n) | entry(n)<<8
			if e&isLiteral != 0 && short != nil {
				*short = append(*short, literal{entry(at), entry(n), byte(e >> 16)})
			}
			code++
			next++
		}
	}
	return longer(table, width, lengths, symbols, sorted[next:used], code)
}

// pairs makes one entry of two literals wherever both codes lie within the bits
// that are looked up: identifiers, of which most literals are, then take half the
// steps. The literals are sorted by their lengths.
func pairs(table *[litSize]entry, sorted []literal) {
	for i := range sorted {
		a := &sorted[i]
		for k := range sorted {
			b := &sorted[k]
			n := a.bits + b.bits
			if n > litBits {
				if k == 0 {
					return
				}
				break
			}
			e := entry(b.is)<<24 | entry(a.is)<<16 | a.bits<<8 | 2*oneMore | n
			for at := a.code | b.code<<(a.bits&15); at < 1<<litBits; at += 1 << (n & 15) {
				table[at] = e
			}
		}
	}
}

// A literal is one that has a code, as it is read.
type literal struct {
	code, bits entry
	is         uint8
}

// longer builds the tables for codes of more than width bits; code is the first
// of width bits that is not taken.
func longer(table []entry, width int, lengths []uint8, symbols []entry, sorted []uint16, code int) bool {
	free, at, depth := 1<<width, 0, 0
	first, n := -1, width
	for k, symbol := range sorted {
		for ; n < int(lengths[symbol]); n++ {
			code <<= 1
		}
		if code>>(n-width) != first {
			first = code >> (n - width)
			at, depth = free, deepest(lengths, sorted[k:], code, n, width)
			free += 1 << depth
			if free > len(table) {
				return false
			}
			table[reversed(first, width)] = isOther | isLonger | entry(at)<<16 | entry(depth)<<8 | entry(width)
		}
		e := symbols[symbol] + entry(n-width) | entry(n-width)<<8
		for i := reversed(code, n) >> width; i < 1<<depth; i += 1 << (n - width) {
			table[at+i] = e
		}
		code++
	}
	return true
}

// deepest is by how many bits the longest code with the same first width bits
// is longer than that; sorted begins with code, of n bits.
func deepest(lengths []uint8, sorted []uint16, code, n, width int) int {
	first := code >> (n - width)
	for _, symbol := range sorted {
		length := int(lengths[symbol])
		next := code << (length - n)
		if next>>(length-width) != first {
			break
		}
		code, n = next+1, length
	}
	return n - width
}

func reversed(code, n int) int { return int(bits.Reverse16(uint16(code)) >> (16 - n)) }
