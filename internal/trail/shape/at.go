package shape

import (
	"errors"
	"fmt"
	"io"
)

// At reads one record again: r is the decompressed stream from its beginning,
// the offset an Item's. It gives the bytes that Next gave. A stream that can
// seek is not read up to there.
func At(r io.Reader, s Shape, offset int64) ([]byte, error) {
	if offset < 0 {
		return nil, errors.New("cannot read the record again: there is nothing before the file's beginning")
	}
	record, err := at(r, s, offset)
	if err != nil {
		return nil, fmt.Errorf("cannot read the record at %d again: %w", offset, err)
	}
	return record, nil
}

func at(r io.Reader, s Shape, offset int64) ([]byte, error) {
	switch s {
	case AthenaJSON:
		return atItem(NewReader(r, s), offset)
	case CSV:
		return atRow(NewReader(r, s), offset)
	}
	if seeker, ok := r.(io.Seeker); ok {
		if _, err := seeker.Seek(offset, io.SeekStart); err != nil {
			return nil, err
		}
	} else if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		return nil, cutShort(err)
	}
	in := stream{r: r, idle: MaxIdle}
	if !in.want(1) {
		return nil, in.cut()
	}
	row := in.rest()[0] == '['
	raw, err := in.take(true)
	if err != nil {
		return nil, err
	}
	var m made
	switch {
	case row:
		m, err = cells(raw)
	case raw[0] == '"':
		m, err = normalise(quoted(raw))
	default:
		m, err = normalise(raw)
	}
	return m.record, err
}

func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// atItem goes through everything before: rows mean nothing without the first.
func atItem(r *Reader, offset int64) ([]byte, error) {
	for {
		item, err := r.Next()
		switch {
		case err != nil:
			return nil, cutShort(err)
		case item.Offset == offset && item.Damage == nil:
			return item.Record, nil
		case item.Offset > offset:
			return nil, errors.New("there is no row there")
		}
	}
}

func atRow(r *Reader, offset int64) ([]byte, error) {
	for r.header == nil && r.end == nil {
		r.row()
	}
	if r.s.offset() > offset {
		return nil, errors.New("there is no row there")
	}
	for r.s.offset() < offset {
		if !r.s.want(1) {
			return nil, r.s.cut()
		}
		r.s.pos += int(min(offset-r.s.offset(), int64(len(r.s.rest()))))
		r.s.mark = r.s.offset()
	}
	item, ok := r.row()
	switch {
	case item.Damage != nil:
		return nil, item.Damage
	case !ok:
		return nil, io.ErrUnexpectedEOF
	}
	return item.Record, nil
}
