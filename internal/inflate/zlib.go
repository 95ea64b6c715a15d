package inflate

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
)

// ErrSize means that the stream holds more or fewer bytes than was said.
var ErrSize = errors.New("the size is not the one that was said")

// Zlib appends to dst the size bytes that the zlib stream at the beginning of
// src holds, checks their sum, and says how much of src the stream was. What
// follows the stream may be read, and does not matter. A stream of another size
// is ErrSize. What compress/zlib refuses is refused with its error. Memory
// between the length and the capacity of dst is used; slack bytes more than size
// spare an allocation.
func Zlib(dst, src []byte, size int) (out []byte, used int, err error) {
	out, used, err = unzlib(dst, src, max(size, 0))
	if err == nil && len(out)-len(dst) != size {
		err = fmt.Errorf("cannot unpack: %w (%d bytes in place of %d)", ErrSize, len(out)-len(dst), size)
	} else if errors.Is(err, ErrLarge) {
		err = fmt.Errorf("cannot unpack: %w (more than %d bytes)", ErrSize, size)
	}
	return out, used, err
}

// ZlibUpTo is Zlib where only a limit is known: more is ErrLarge, with the first
// limit bytes.
func ZlibUpTo(dst, src []byte, limit int) (out []byte, used int, err error) {
	return unzlib(dst, src, max(limit, 0))
}

// Slack is the room behind the wanted bytes with which Zlib allocates nothing.
const Slack = slack

func unzlib(dst, src []byte, limit int) ([]byte, int, error) {
	d := decoders.Get().(*decoder)
	out, used, state := d.zlib(dst, src, limit)
	d.in, d.out = nil, nil
	decoders.Put(d)
	switch state {
	case done:
		return out, used, nil
	case large:
		return out[:len(dst)+limit], 0, fmt.Errorf("cannot unpack: %w (%d bytes)", ErrLarge, limit)
	}
	return carefulZlib(out[:len(dst)], src, limit)
}

// carefulZlib is compress/zlib's answer.
func carefulZlib(dst, src []byte, limit int) ([]byte, int, error) {
	in := bytes.NewReader(src)
	r, err := zlib.NewReader(in)
	if err != nil {
		return dst, 0, fmt.Errorf("cannot unpack: %w", err)
	}
	out := bytes.NewBuffer(dst)
	n, err := io.Copy(out, io.LimitReader(r, int64(limit)))
	if err != nil {
		return out.Bytes(), 0, fmt.Errorf("cannot unpack: %w", err)
	}
	if n == int64(limit) { // a byte more, or an error in place of the end
		switch _, err := io.ReadFull(r, make([]byte, 1)); err {
		case nil:
			return out.Bytes(), 0, fmt.Errorf("cannot unpack: %w (%d bytes)", ErrLarge, limit)
		case io.EOF:
		default:
			return out.Bytes(), 0, fmt.Errorf("cannot unpack: %w", err)
		}
	}
	return out.Bytes(), len(src) - in.Len(), nil
}

// zlib decodes one stream.
func (d *decoder) zlib(dst, src []byte, limit int) ([]byte, int, state) {
	base := len(dst)
	d.out, d.o, d.end = dst[:cap(dst)], base, base+limit+slack
	if d.end < 0 {
		d.end = int(^uint(0) >> 1)
	}
	d.out = d.out[:min(len(d.out), d.end)]
	d.reserve(int(min(int64(limit), 24*int64(len(src))+1024)) + slack)
	if len(src) < 8 || src[0]&15 != 8 || src[0]>>4 > 7 || src[1]&32 != 0 || binary.BigEndian.Uint16(src)%31 != 0 {
		return d.out[:d.o], 0, doubt
	}
	d.in, d.i, d.bb, d.bn, d.start = src[2:], 0, 0, 0, base
	for final := false; !final; {
		var s state
		if final, s = d.block(); s != done {
			return d.out[:d.o], 0, s
		}
	}
	d.unread()
	rest := d.in[d.i:]
	if d.o-base > limit {
		return d.out[:d.o], 0, large
	}
	if len(rest) < 4 {
		return d.out[:d.o], 0, doubt
	}
	if binary.BigEndian.Uint32(rest) != adler32.Checksum(d.out[base:d.o]) {
		return d.out[:d.o], 0, doubt
	}
	return d.out[:d.o], 2 + d.i + 4, done
}
