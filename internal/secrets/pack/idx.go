package pack

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// An index is a pack's .idx file: ids in order, and where each object lies.
// Versions 1 and 2 are read. Positions are those of the ids.
type index struct {
	b       []byte
	hash    int
	version int
	n       int
	ids     int // offset of the first id
	step    int // from one id to the next
	sums    int // version 2: offset of the checksums of the packed bytes
	offs    int // offset of the first offset
	far     int // version 2: offset of the 8-byte offsets
	nfar    int
}

var (
	errIdxShort   = errors.New("its index is cut off")
	errIdxVersion = errors.New("its index is of a version that is not understood")
	errIdxOrder   = errors.New("the counts of its index are not in order")
)

// parseIndex checks as much as makes every later access safe.
func parseIndex(b []byte, hash int) (*index, error) {
	x := &index{b: b, hash: hash, version: 1, step: hash + 4, ids: 1024 + 4}
	fan := 0
	if len(b) >= 8 && binary.BigEndian.Uint32(b) == 0xff744f63 {
		if binary.BigEndian.Uint32(b[4:]) != 2 {
			return nil, errIdxVersion
		}
		x.version, fan, x.step, x.ids = 2, 8, hash, 8+1024
	}
	if len(b) < fan+1024+2*hash {
		return nil, errIdxShort
	}
	last := uint32(0)
	for i := range 256 {
		v := binary.BigEndian.Uint32(b[fan+4*i:])
		if v < last {
			return nil, errIdxOrder
		}
		last = v
	}
	n := int64(last)
	need := n * int64(hash+4)
	if x.version == 2 {
		need = n * int64(hash+8)
	}
	if rest := int64(len(b)) - int64(fan+1024+2*hash); rest < need || last > 1<<31-2 {
		return nil, errIdxShort
	} else if x.version == 2 {
		x.nfar = int((rest - need) / 8)
	}
	x.n = int(n)
	if x.version == 1 {
		x.offs = 1024
		return x, nil
	}
	x.sums = x.ids + x.n*hash
	x.offs = x.sums + 4*x.n
	x.far = x.offs + 4*x.n
	return x, nil
}

// id is the id at a position, as it lies in the file.
func (x *index) id(i int) []byte {
	at := x.ids + i*x.step
	return x.b[at : at+x.hash]
}

// offset is where the object lies; negative where the index does not say.
func (x *index) offset(i int) int64 {
	if x.version == 1 {
		return int64(binary.BigEndian.Uint32(x.b[x.offs+i*x.step:]))
	}
	v := binary.BigEndian.Uint32(x.b[x.offs+4*i:])
	if v>>31 == 0 {
		return int64(v)
	}
	k := int(v & (1<<31 - 1))
	if k >= x.nfar {
		return -1
	}
	return int64(binary.BigEndian.Uint64(x.b[x.far+8*k:]))
}

// sum is the CRC of the object's packed bytes, which version 1 has not.
func (x *index) sum(i int) (crc uint32, ok bool) {
	if x.version == 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(x.b[x.sums+4*i:]), true
}

// find is the position of an id, or -1. Ids are as good as random: where one
// lies between its first byte's neighbours can be reckoned, and the rest is a
// short search from there.
func (x *index) find(id []byte) int {
	if len(id) != x.hash {
		return -1
	}
	fan := x.ids - 1024
	if x.version == 1 {
		fan = 0
	}
	low := 0
	if id[0] > 0 {
		low = int(binary.BigEndian.Uint32(x.b[fan+4*int(id[0])-4:]))
	}
	high := int(binary.BigEndian.Uint32(x.b[fan+4*int(id[0]):]))
	if low >= high {
		return -1
	}
	key := binary.BigEndian.Uint32(id[1:])
	at := low + int(uint64(high-low)*uint64(key)>>32)
	// Make low and high a short stretch around it.
	switch bytes.Compare(x.id(at), id) {
	case 0:
		return at
	case -1:
		low = at + 1
		for step := 8; low+step < high; step *= 2 {
			if bytes.Compare(x.id(low+step), id) > 0 {
				high = low + step
				break
			}
			low += step
		}
	default:
		high = at
		for step := 8; high-step > low; step *= 2 {
			if bytes.Compare(x.id(high-step), id) <= 0 {
				low = high - step
				break
			}
			high -= step
		}
	}
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch bytes.Compare(x.id(mid), id) {
		case 0:
			return mid
		case -1:
			low = mid + 1
		default:
			high = mid
		}
	}
	return -1
}

// pack is the checksum of the pack that the index belongs to.
func (x *index) pack() ID { return rawID(x.b[len(x.b)-2*x.hash : len(x.b)-x.hash]) }

// whole says whether the index is as it was written.
func (x *index) whole() bool {
	end := len(x.b) - x.hash
	h := hasher(x.hash)
	h.Write(x.b[:end])
	return bytes.Equal(h.Sum(nil), x.b[end:])
}

func hasher(n int) hash.Hash {
	if n == 32 {
		return sha256.New()
	}
	return sha1.New()
}
