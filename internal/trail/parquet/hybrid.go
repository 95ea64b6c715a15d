package parquet

import (
	"encoding/binary"
	"math/bits"
)

// hybrid appends values of width bits in Parquet's mix of runs and bit-packed
// groups of eight.
func hybrid[T uint8 | uint32](out []byte, values []T, width int) []byte {
	for at := 0; at < len(values); {
		if n := run(values[at:], len(values)); n >= 8 {
			out = binary.AppendUvarint(out, uint64(n)<<1)
			for shift := 0; shift < width; shift += 8 {
				out = append(out, byte(uint32(values[at])>>shift))
			}
			at += n
			continue
		}
		begin := at
		for at < len(values) && (at == begin || run(values[at:], 8) < 8) {
			at = min(at+8, len(values))
		}
		out = pack(out, values[begin:at], width)
	}
	return out
}

// run is how many equal values there are at the beginning, at most limit.
func run[T comparable](values []T, limit int) int {
	n := 0
	for n < len(values) && n < limit && values[n] == values[0] {
		n++
	}
	return n
}

// pack appends one bit-packed run; the last group of eight is filled up with
// zeros, which a reader that knows the number of values never sees.
func pack[T uint8 | uint32](out []byte, values []T, width int) []byte {
	groups := (len(values) + 7) / 8
	out = binary.AppendUvarint(out, uint64(groups)<<1|1)
	var buffer uint64
	filled := 0
	for i := range groups * 8 {
		if i < len(values) {
			buffer |= uint64(values[i]) << filled
		}
		for filled += width; filled >= 8; filled -= 8 {
			out = append(out, byte(buffer))
			buffer >>= 8
		}
	}
	return out // eight values of any width end at a byte
}

// width is how many bits the values 0 … top need.
func width(top int) int { return bits.Len(uint(top)) }
