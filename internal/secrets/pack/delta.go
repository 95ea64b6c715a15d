package pack

// A segment is a stretch of an object that was copied from its delta base.
type segment struct {
	from, to int // in the object
	base     int // where it begins in the base
}

// deltaSizes reads the two sizes at the head of a delta: of the base that it is
// for, and of what it makes.
func deltaSizes(delta []byte) (base, target uint64, rest []byte, err error) {
	if base, delta, err = varint(delta); err == nil {
		target, delta, err = varint(delta)
	}
	return base, target, delta, err
}

func varint(b []byte) (v uint64, rest []byte, err error) {
	for i, shift := 0, 0; i < len(b) && shift < 63; i, shift = i+1, shift+7 {
		v |= uint64(b[i]&0x7f) << shift
		if b[i]&0x80 == 0 {
			return v, b[i+1:], nil
		}
	}
	return 0, nil, errTarget
}

// patch carries out a delta's instructions, behind its sizes, on dst, which has
// the size that the delta makes, and appends what was copied to segments:
// stretches that follow each other in both are one.
func patch(dst, base, delta []byte, segments []segment) ([]segment, error) {
	o := 0
	for i := 0; i < len(delta); {
		c := delta[i]
		i++
		if c&0x80 == 0 {
			n := int(c)
			if n == 0 || n > len(delta)-i || n > len(dst)-o {
				return segments, errTarget
			}
			copy(dst[o:o+n], delta[i:i+n])
			i += n
			o += n
			continue
		}
		var off, n uint32
		if i+7 <= len(delta) {
			at := delta[i : i+7 : i+7]
			k := 0
			for bit := range 4 {
				if c>>bit&1 != 0 {
					off |= uint32(at[k]) << (8 * bit)
					k++
				}
			}
			for bit := range 3 {
				if c>>(4+bit)&1 != 0 {
					n |= uint32(at[k]) << (8 * bit)
					k++
				}
			}
			i += k
		} else {
			for bit := range 7 {
				if c>>bit&1 == 0 {
					continue
				}
				if i >= len(delta) {
					return segments, errTarget
				}
				if bit < 4 {
					off |= uint32(delta[i]) << (8 * bit)
				} else {
					n |= uint32(delta[i]) << (8 * (bit - 4))
				}
				i++
			}
		}
		if n == 0 {
			n = 0x10000
		}
		from, size := int64(off), int64(n)
		if from+size > int64(len(base)) || size > int64(len(dst)-o) {
			return segments, errTarget
		}
		copy(dst[o:o+int(size)], base[from:from+size])
		if k := len(segments) - 1; k >= 0 && segments[k].to == o && segments[k].base+segments[k].to-segments[k].from == int(from) {
			segments[k].to += int(size)
		} else {
			segments = append(segments, segment{o, o + int(size), int(from)})
		}
		o += int(size)
	}
	if o != len(dst) {
		return segments, errTarget
	}
	return segments, nil
}
