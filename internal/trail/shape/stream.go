package shape

import (
	"bytes"
	"errors"
	"io"
)

// A stream is the input with a window that can be looked into before it is
// taken. It stops by itself when too much went by without a record.
type stream struct {
	r        io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0]
	mark     int64 // offset behind the last record
	idle     int64 // how far from there it may go
	err      error // why there is no more; io.EOF: the end
}

const chunk = 64 << 10

func (s *stream) offset() int64 { return s.base + int64(s.pos) }

// rest is what is in memory.
func (s *stream) rest() []byte { return s.buf[s.pos:s.end] }

// want makes n bytes ready; false: the stream has fewer.
func (s *stream) want(n int) bool {
	for s.end-s.pos < n {
		if s.err != nil {
			return false
		}
		if s.offset()-s.mark > s.idle {
			s.err = errIdle
			return false
		}
		s.read(n)
	}
	return true
}

func (s *stream) read(n int) {
	if s.pos > 0 && s.end+chunk > len(s.buf) {
		copy(s.buf, s.buf[s.pos:s.end])
		s.base += int64(s.pos)
		s.end -= s.pos
		s.pos = 0
	}
	if s.end+chunk > len(s.buf) {
		grown := make([]byte, max(2*len(s.buf), n+chunk, 2*chunk))
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for range 100 {
		got, err := s.r.Read(s.buf[s.end : s.end+chunk])
		s.end += got
		if err != nil {
			s.err = err
		}
		if got > 0 || err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

// next looks at the first byte that is no space, and takes what is before it.
func (s *stream) next(also string) (byte, bool) {
	for s.want(1) {
		b := s.rest()
		for i, c := range b {
			if !isSpace(c) && (also == "" || bytes.IndexByte([]byte(also), c) < 0) {
				s.pos += i
				return c, true
			}
		}
		s.pos = s.end
	}
	return 0, false
}

// take follows one JSON value from here and takes it. The bytes hold until the
// stream is touched again; keep=false returns none and needs no memory. A value
// that is no JSON is taken up to the place where that shows, and returned so far.
func (s *stream) take(keep bool) ([]byte, error) {
	var m machine
	large := false
	i := 0
	for {
		n, done, err := m.run(s.buf[s.pos+i : s.end])
		i += n
		if !done && err == nil && i < s.end-s.pos {
			panic("shape: the machine stopped early") // run takes all it is given
		}
		if done || err != nil {
			raw := s.buf[s.pos : s.pos+i]
			s.pos += i
			return raw, verdict(err, large || keep && i > MaxRecord, m.tooDeep)
		}
		if !keep || large || i > MaxRecord {
			large = large || keep
			s.pos, i = s.pos+i, 0
		}
		if !s.want(i + 1) {
			raw := s.buf[s.pos : s.pos+i]
			s.pos += i
			if m.state == inScalar && m.depth == 0 {
				return raw, nil
			}
			return nil, s.cut()
		}
	}
}

func verdict(err error, large, deep bool) error {
	switch {
	case err != nil:
		return err
	case large:
		return errLarge
	case deep:
		return errDeep
	}
	return nil
}

// cut is why a value has no end.
func (s *stream) cut() error {
	if s.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// failure tells a stream that could not be read from one that is damaged.
func (s *stream) failure() error {
	var b *brokenStream
	if s.err == nil || s.err == io.EOF || s.err == errIdle || errors.As(s.err, &b) || errors.Is(s.err, io.ErrUnexpectedEOF) {
		return nil
	}
	return s.err
}
