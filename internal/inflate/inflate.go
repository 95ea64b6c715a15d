// Package inflate reads whole gzip files that lie in memory, about twice as
// fast as compress/gzip, with exactly its results: what this package does not
// understand, or finds wrong, is given to compress/gzip, and its answer counts.
//
// Speed comes from knowing the whole input: a 64-bit bit buffer that is filled
// by one load, tables whose entries carry the bits to consume together with the
// base value, and matches copied by words into a buffer with room to spare.
package inflate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// ErrLarge means that more bytes would come out than the caller allows.
var ErrLarge = errors.New("more comes out than is allowed")

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// Gunzip appends to dst what the gzip file src holds, all its members, as
// compress/gzip would, and at most limit bytes. On an error it returns with it
// what was read until then, so that a truncated file still gives its beginning.
// Memory between the length and the capacity of dst is used. The sizes that src
// claims are not believed: memory grows with what really comes out.
func Gunzip(dst, src []byte, limit int) ([]byte, error) {
	limit = max(limit, 0)
	d := decoders.Get().(*decoder)
	out, state := d.members(dst, src, limit)
	d.in, d.out = nil, nil
	decoders.Put(d)
	switch state {
	case done:
		return out, nil
	case large:
		return out[:len(dst)+limit], fmt.Errorf("cannot unpack: %w (%d bytes)", ErrLarge, limit)
	}
	return careful(out[:len(dst)], src, limit)
}

// careful is compress/gzip's answer.
func careful(dst, src []byte, limit int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return dst, fmt.Errorf("cannot unpack: %w", err)
	}
	out := bytes.NewBuffer(dst)
	n, err := io.Copy(out, io.LimitReader(r, int64(limit)))
	if err != nil {
		return out.Bytes(), fmt.Errorf("cannot unpack: %w", err)
	}
	if n < int64(limit) {
		return out.Bytes(), nil
	}
	// Everything allowed is here; a byte more, or an error in place of the end.
	switch _, err := io.ReadFull(r, make([]byte, 1)); err {
	case nil:
		return out.Bytes(), fmt.Errorf("cannot unpack: %w (%d bytes)", ErrLarge, limit)
	case io.EOF:
		return out.Bytes(), nil
	default:
		return out.Bytes(), fmt.Errorf("cannot unpack: %w", err)
	}
}

// A state is how far decoding got.
type state int

const (
	done  state = iota
	large       // more than the limit came out
	doubt       // something is wrong, or not understood here
)

// members decodes one member after the other.
func (d *decoder) members(dst, src []byte, limit int) ([]byte, state) {
	base := len(dst)
	d.out, d.o, d.end = dst[:cap(dst)], base, base+limit+slack
	if d.end < 0 { // limit is about the largest int
		d.end = int(^uint(0) >> 1)
	}
	d.out = d.out[:min(len(d.out), d.end)]
	if len(src) >= 4 {
		d.reserve(guess(src))
	}
	for first := true; first || len(src) > 0; first = false {
		n, ok := header(src)
		if !ok {
			return d.out[:d.o], doubt
		}
		d.in, d.i, d.bb, d.bn, d.start = src[n:], 0, 0, 0, d.o
		for final := false; !final; {
			var s state
			if final, s = d.block(); s != done {
				return d.out[:d.o], s
			}
		}
		d.unread()
		rest := d.in[d.i:]
		if len(rest) < 8 {
			return d.out[:d.o], doubt
		}
		member := d.out[d.start:d.o]
		if binary.LittleEndian.Uint32(rest) != crc32.ChecksumIEEE(member) || binary.LittleEndian.Uint32(rest[4:]) != uint32(len(member)) {
			return d.out[:d.o], doubt
		}
		src = rest[8:]
	}
	if d.o-base > limit {
		return d.out[:d.o], large
	}
	return d.out[:d.o], done
}

// guess is how much memory to begin with: what the last four bytes claim, as
// long as that is a usual ratio.
func guess(src []byte) int {
	claimed := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	return int(min(claimed, 24*int64(len(src))+1024)) + slack
}

// reserve makes room for n more bytes as far as the limit allows.
func (d *decoder) reserve(n int) {
	n = min(n, d.end-d.o)
	if len(d.out)-d.o >= n {
		return
	}
	grown := make([]byte, min(d.end, max(d.o+n, 2*len(d.out))))
	copy(grown, d.out[:d.o])
	d.out = grown
}

const (
	flagText = 1 << iota
	flagHeaderCRC
	flagExtra
	flagName
	flagComment
)

// header returns the length of a member's header. A header checksum is left to
// compress/gzip: nobody writes them.
func header(src []byte) (n int, ok bool) {
	if len(src) < 18 || src[0] != 0x1f || src[1] != 0x8b || src[2] != 8 {
		return 0, false
	}
	flags := src[3]
	if flags&^(flagText|flagExtra|flagName|flagComment) != 0 {
		return 0, false
	}
	n = 10
	if flags&flagExtra != 0 {
		n += 2 + int(binary.LittleEndian.Uint16(src[n:]))
		if n > len(src) {
			return 0, false
		}
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag == 0 {
			continue
		}
		end := bytes.IndexByte(src[n:], 0)
		if end < 0 || end > 500 { // compress/gzip has a limit of about that
			return 0, false
		}
		n += end + 1
	}
	return n, true
}
