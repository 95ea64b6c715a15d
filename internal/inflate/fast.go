package inflate

import "encoding/binary"

// fast decodes while there are 16 bytes of input to be read by words and slack
// bytes of room. Sixteen, because one turn reads twice, and a read that moves on
// by at most seven bytes takes eight.
//
// The bit buffer is filled by or-ing in a whole word: the bits that were above
// its count already are the same ones.
func (d *decoder) fast() (ended bool, s state) {
	in, out := d.in, d.out
	lit, dist := &d.lit, &d.dist
	i, o, bb, bn := d.i, d.o, d.bb, d.bn
	start, inEnd, outEnd := d.start, len(in)-16, len(out)-slack
loop:
	for i <= inEnd && o <= outEnd {
		bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
		i += int((63 - bn) & 63 >> 3)
		bn |= 56
		e := lit[bb&(1<<litBits-1)]
		if e&isLiteral != 0 {
			bb >>= e & 63
			bn -= uint(e & 63)
			out[o] = byte(e >> 16)
			o++
			e = lit[bb&(1<<litBits-1)]
			if e&isLiteral != 0 {
				bb >>= e & 63
				bn -= uint(e & 63)
				out[o] = byte(e >> 16)
				o++
				e = lit[bb&(1<<litBits-1)]
				if e&isLiteral != 0 {
					bb >>= e & 63
					bn -= uint(e & 63)
					out[o] = byte(e >> 16)
					o++
					continue
				}
			}
			bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
			i += int((63 - bn) & 63 >> 3)
			bn |= 56
		}
		// There are 56 bits: enough for the longest length and distance, 48.
		if e&isOther != 0 {
			if e&isLonger != 0 {
				bb >>= litBits
				bn -= litBits
				e = lit[(e>>16+entry(bb)&(1<<(e>>8&15)-1))&(litSize-1)]
				if e&isLiteral != 0 {
					bb >>= e & 63
					bn -= uint(e & 63)
					out[o] = byte(e >> 16)
					o++
					continue
				}
			}
			if e&isOther != 0 {
				if ended = e&isEnd != 0; !ended {
					s = doubt
				}
				bb >>= e & 63
				bn -= uint(e & 63)
				break loop
			}
		}
		length := int(e>>16) + int(bb&(1<<(e&63)-1)>>(e>>8&15))
		bb >>= e & 63
		bn -= uint(e & 63)
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
		distance := int(e>>16) + int(bb&(1<<(e&63)-1)>>(e>>8&15))
		bb >>= e & 63
		bn -= uint(e & 63)
		if distance > o-start {
			s = doubt
			break loop
		}
		from, to := o-distance, o
		o += length
		if distance < 8 {
			for ; to < o; to++ {
				out[to] = out[from]
				from++
			}
			continue
		}
		for {
			a, b := out[from:from+16], out[to:to+16]
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(a))
			binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(a[8:]))
			if to += 16; to >= o {
				break
			}
			from += 16
		}
	}
	d.i, d.o, d.bb, d.bn = i, o, bb, bn
	return ended, s
}
