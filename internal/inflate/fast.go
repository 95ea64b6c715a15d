package inflate

import "encoding/binary"

// fast decodes while there are 16 bytes of input to be read by words and slack
// bytes of room. Sixteen, because one turn reads twice, and a read that moves on
// by at most seven bytes takes eight.
//
// What comes next is looked up before a match is copied, so that the processor
// does both at once. Comparisons that can only turn out one way are for the
// compiler, which then leaves out its own at every read and write behind them.
func (d *decoder) fast() (ended bool, s state) {
	in, out := d.in, d.out
	lit, dist := d.lit, d.dist
	i, o, bb, bn := d.i, d.o, d.bb, d.bn
	start, inEnd, outEnd := d.start, len(in)-16, len(out)-slack
	if i < 0 || i > inEnd || o < 0 || o > outEnd {
		return false, done
	}
	bb, bn, i = refill(in, i, bb, bn)
	e := lit[bb&(1<<litBits-1)]
loop:
	for i >= 0 && i <= inEnd && o >= 0 && o <= outEnd { // 56 bits are there, and e says what they begin with
		if e&isLiteral != 0 {
			to := (*[16]byte)(out[o:])
			binary.LittleEndian.PutUint16(to[:], uint16(e>>16))
			n := uint(e >> 6 & 3)
			bb >>= e & 63
			bn -= uint(e)
			if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
				binary.LittleEndian.PutUint16(to[n:], uint16(e>>16))
				n += uint(e >> 6 & 3)
				bb >>= e & 63
				bn -= uint(e)
				if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
					binary.LittleEndian.PutUint16(to[n:], uint16(e>>16))
					n += uint(e >> 6 & 3)
					bb >>= e & 63
					bn -= uint(e)
					if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
						binary.LittleEndian.PutUint16(to[n:], uint16(e>>16))
						o += int(n + uint(e>>6&3))
						bb >>= e & 63
						bn -= uint(e)
						bb, bn, i = refill(in, i, bb, bn)
						e = lit[bb&(1<<litBits-1)]
						continue
					}
				}
			}
			o += int(n)
			bb, bn, i = refill(in, i, bb, bn)
		}
		// There are 56 bits: enough for the longest length and distance, 48.
		if e&isOther != 0 {
			if e&isLonger != 0 {
				bb >>= litBits
				bn -= litBits
				e = lit[(e>>16+entry(bb)&(1<<(e>>8&15)-1))&(litSize-1)]
				if e&isLiteral != 0 {
					bb >>= e & 63
					bn -= uint(e)
					out[o] = byte(e >> 16)
					o++
					bb, bn, i = refill(in, i, bb, bn)
					e = lit[bb&(1<<litBits-1)]
					continue
				}
			}
			if e&isOther != 0 {
				if ended = e&isEnd != 0; !ended {
					s = doubt
				}
				bb >>= e & 63
				bn -= uint(e)
				break loop
			}
		}
		length := int(e>>16) + int(bb&(1<<(e&63)-1)>>(e>>8&15))
		bb >>= e & 63
		bn -= uint(e)
		e = dist[bb&(1<<distBits-1)]
		if e&isOther != 0 {
			if e&isLonger == 0 {
				s = doubt
				break loop
			}
			bb >>= distBits
			bn -= distBits
			e = dist[(e>>16+entry(bb)&(1<<(e>>8&15)-1))&(distSize-1)]
			if e&isOther != 0 {
				s = doubt
				break loop
			}
		}
		from := o - int(e>>16) - int(bb&(1<<(e&63)-1)>>(e>>8&15))
		bb >>= e & 63
		bn -= uint(e)
		if from < start || from < 0 || from > len(out)-32 || o < 0 || o > len(out)-300 || i < 0 || i > len(in)-8 {
			s = doubt
			break loop
		}
		bb, bn, i = refill(in, i, bb, bn)
		e = lit[bb&(1<<litBits-1)]
		to := o
		o += length
		if to-from >= 16 {
			*(*[16]byte)(out[to:]) = *(*[16]byte)(out[from:])
			*(*[16]byte)(out[to+16:]) = *(*[16]byte)(out[from+16:])
			if length > 32 {
				further(out, from, to, length)
			}
			continue
		}
		for ; to < o; to++ {
			out[to] = out[from]
			from++
		}
	}
	d.i, d.o, d.bb, d.bn = i, o, bb, bn&63
	return ended, s
}

// refill makes 56 bits of what is left, by or-ing in a whole word: the bits that
// were above their count already are the same ones.
func refill(in []byte, i int, bb uint64, bn uint) (uint64, uint, int) {
	return bb | binary.LittleEndian.Uint64(in[i:])<<(bn&63), bn | 56, i + int(7-bn>>3&7)
}

// further copies what a match has beyond 32 bytes, from 16 bytes before or more.
func further(out []byte, from, to, length int) {
	end := to + length
	if to-from >= length {
		copy(out[to+32:end], out[from+32:])
		return
	}
	for to += 32; to < end; to += 32 {
		from += 32
		*(*[16]byte)(out[to:]) = *(*[16]byte)(out[from:])
		*(*[16]byte)(out[to+16:]) = *(*[16]byte)(out[from+16:])
	}
}
