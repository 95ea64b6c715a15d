package inflate

import "encoding/binary"

// fast decodes while there are 16 bytes of input to be read by words and slack
// bytes of room. Sixteen, because one turn reads twice, and a read that moves on
// by at most seven bytes takes eight.
//
// The bit buffer is filled by or-ing in a whole word: the bits that were above
// its count already are the same ones. What comes next is looked up before a
// match is copied, so that the processor does both at once.
func (d *decoder) fast() (ended bool, s state) {
	in, out := d.in, d.out
	lit, dist := &d.lit, &d.dist
	i, o, bb, bn := d.i, d.o, d.bb, d.bn
	start, inEnd, outEnd := d.start, len(in)-16, len(out)-slack
	if i > inEnd || o > outEnd {
		return false, done
	}
	bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
	i += int(7 - bn>>3&7)
	bn |= 56
	e := lit[bb&(1<<litBits-1)]
loop:
	for i <= inEnd && o <= outEnd { // 56 bits are there, and e says what they begin with
		if e&isLiteral != 0 {
			four := (*[4]byte)(out[o:])
			four[0] = byte(e >> 16)
			bb >>= e & 63
			bn -= uint(e)
			o++
			if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
				four[1] = byte(e >> 16)
				bb >>= e & 63
				bn -= uint(e)
				o++
				if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
					four[2] = byte(e >> 16)
					bb >>= e & 63
					bn -= uint(e)
					o++
					if e = lit[bb&(1<<litBits-1)]; e&isLiteral != 0 {
						four[3] = byte(e >> 16)
						bb >>= e & 63
						bn -= uint(e)
						o++
						bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
						i += int(7 - bn>>3&7)
						bn |= 56
						e = lit[bb&(1<<litBits-1)]
						continue
					}
				}
			}
			bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
			i += int(7 - bn>>3&7)
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
					bn -= uint(e)
					out[o] = byte(e >> 16)
					o++
					e = lit[bb&(1<<litBits-1)]
					bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
					i += int(7 - bn>>3&7)
					bn |= 56
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
		distance := int(e>>16) + int(bb&(1<<(e&63)-1)>>(e>>8&15))
		bb >>= e & 63
		bn -= uint(e)
		if distance > o-start {
			s = doubt
			break loop
		}
		bb |= binary.LittleEndian.Uint64(in[i:]) << (bn & 63)
		i += int(7 - bn>>3&7)
		bn |= 56
		e = lit[bb&(1<<litBits-1)]
		from, to := o-distance, o
		o += length
		if distance < 16 {
			for ; to < o; to++ {
				out[to] = out[from]
				from++
			}
			continue
		}
		for {
			*(*[16]byte)(out[to:]) = *(*[16]byte)(out[from:])
			*(*[16]byte)(out[to+16:]) = *(*[16]byte)(out[from+16:])
			if to += 32; to >= o {
				break
			}
			from += 32
		}
	}
	d.i, d.o, d.bb, d.bn = i, o, bb, bn&63
	return ended, s
}
