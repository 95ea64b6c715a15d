package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"cordon/internal/event"
	"cordon/internal/inflate"
	"cordon/internal/trail/shape"
)

// A wanted record lay at an offset of a file.
type wanted struct {
	id     [16]byte
	file   int
	offset int64
	index  int // in what was asked for
}

// A reader reads files again. Its memory is used for the next.
type reader struct {
	from          Files
	stored, plain []byte
	view          event.View
}

// load gives a whole file inflated; ErrLarge where it is to be streamed.
func (r *reader) load(ctx context.Context, src *source) ([]byte, error) {
	if src.size > wholeStored || src.plain > wholePlain {
		return nil, ErrLarge
	}
	stored, err := r.from.Load(ctx, src.name, r.stored[:0], wholeStored)
	if err != nil {
		return nil, err
	}
	r.stored = stored
	if !isGzip(stored) {
		return stored, nil
	}
	plain, err := inflate.Gunzip(r.plain[:0], stored, wholePlain)
	r.plain = plain
	if errors.Is(err, inflate.ErrLarge) {
		return nil, ErrLarge
	}
	return plain, nil // of a damaged file, what was there when it was imported
}

func isGzip(b []byte) bool { return len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b }

// bare says whether the bytes at an offset are the record itself.
func bare(s shape.Shape) bool { return s == shape.Log || s == shape.Array || s == shape.Lines }

// A take takes a wanted record. What the view has holds until it returns.
type take func(wanted, *event.View) error

// records calls f with the wanted records of one file, which are in the order
// of their offsets, and answers those that are neither where they were nor
// anywhere else in it. b is its content; a large file has none here.
func (r *reader) records(ctx context.Context, src *source, b []byte, large bool, want []wanted, f take) (missing []wanted, err error) {
	switch {
	case bare(shape.Shape(src.shape)) && !large:
		want, err = r.direct(b, want, f)
	case bare(shape.Shape(src.shape)) && !src.gz:
		want, err = r.leap(ctx, src, want, f)
	default:
		want, err = r.stream(ctx, src, b, want, f)
	}
	if err != nil || len(want) == 0 {
		return want, err
	}
	return r.search(ctx, src, b, want, f)
}

// direct takes bare records from where they were.
func (r *reader) direct(b []byte, want []wanted, f take) (missing []wanted, err error) {
	for _, w := range want {
		if w.offset < 0 || w.offset >= int64(len(b)) || !r.is(w, b[w.offset:]) {
			missing = append(missing, w)
			continue
		}
		if err := f(w, &r.view); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// is says whether the record that b begins with is the wanted one; the view has
// it then.
func (r *reader) is(w wanted, b []byte) bool {
	if _, err := r.view.Scan(b); err != nil {
		return false
	}
	return r.has(w)
}

// has says whether what was scanned is the wanted record.
func (r *reader) has(w wanted) bool {
	return isID(&r.view, w.id)
}

// leap takes bare records from where they were in a file that is too large for
// memory and not packed, where it can be read from any place. With the first that
// is not there it leaves the rest to be searched.
func (r *reader) leap(ctx context.Context, src *source, want []wanted, f take) (missing []wanted, err error) {
	file, err := r.from.Open(ctx, src.name)
	if err != nil {
		return want, err
	}
	at, ok := file.(io.ReaderAt)
	if !ok {
		file.Close()
		return r.stream(ctx, src, nil, want, f)
	}
	defer file.Close()
	p := pane{at: at, b: r.plain[:0]}
	defer func() { r.plain = p.b }()
	for n, w := range want {
		if n%1024 == 0 && ctx.Err() != nil {
			return want[n:], ctx.Err()
		}
		for size := leapBytes; ; size *= 4 {
			b, more, err := p.from(max(w.offset, 0), size)
			if err != nil {
				return want[n:], err
			}
			_, err = r.view.Scan(b)
			if errors.Is(err, io.ErrUnexpectedEOF) && more && size < shape.MaxRecord {
				continue
			}
			if err != nil || !r.has(w) {
				return want[n:], nil
			}
			break
		}
		if err := f(w, &r.view); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// leapBytes is how much is read at a place: mostly that is all of a record.
const leapBytes = 64 << 10

// A pane is the part of a file that was read last.
type pane struct {
	at   io.ReaderAt
	b    []byte
	base int64
}

// from is what lies at an offset: at first what is there already, else size
// bytes. More says that the file has more than that.
func (p *pane) from(offset int64, size int) (b []byte, more bool, err error) {
	if i := offset - p.base; size == leapBytes && i >= 0 && i < int64(len(p.b)) {
		return p.b[i:], true, nil
	}
	p.b = slices.Grow(p.b[:0], size)[:size]
	n, err := p.at.ReadAt(p.b, offset)
	p.b, p.base = p.b[:n], offset
	if err == io.EOF {
		return p.b, false, nil
	}
	return p.b, true, err
}

// stream goes through a file and takes records from where they were. b is its
// content, where that is in memory.
func (r *reader) stream(ctx context.Context, src *source, b []byte, want []wanted, f take) (missing []wanted, err error) {
	err = r.each(ctx, src, b, func(item shape.Item) error {
		for len(want) > 0 && want[0].offset < item.Offset {
			missing, want = append(missing, want[0]), want[1:]
		}
		for len(want) > 0 && want[0].offset == item.Offset {
			if !r.is(want[0], item.Record) {
				missing = append(missing, want[0])
			} else if err := f(want[0], &r.view); err != nil {
				return err
			}
			want = want[1:]
		}
		if len(want) == 0 {
			return io.EOF
		}
		return nil
	})
	return append(missing, want...), err
}

// search looks for records by their id alone: the file changed since.
func (r *reader) search(ctx context.Context, src *source, b []byte, want []wanted, f take) (missing []wanted, err error) {
	left := make(map[[16]byte][]wanted, len(want))
	for _, w := range want {
		left[w.id] = append(left[w.id], w)
	}
	err = r.each(ctx, src, b, func(item shape.Item) error {
		if _, err := r.view.Scan(item.Record); err != nil {
			return nil // damage: not what is looked for
		}
		id, _ := readID(&r.view)
		if former := r.view.FormerID(); left[id] == nil && len(former) > 0 {
			sum := sha256.Sum256(former)
			id = [16]byte(sum[:])
		}
		for _, w := range left[id] {
			if err := f(w, &r.view); err != nil {
				return err
			}
		}
		delete(left, id)
		if len(left) == 0 {
			return io.EOF
		}
		return nil
	})
	for _, w := range want {
		if _, still := left[w.id]; still {
			missing = append(missing, w)
		}
	}
	return missing, err
}

// each calls f with every record of a file until it answers io.EOF.
func (r *reader) each(ctx context.Context, src *source, b []byte, f func(shape.Item) error) (err error) {
	in := io.Reader(bytes.NewReader(b))
	if b == nil {
		file, err := r.from.Open(ctx, src.name)
		if err != nil {
			return err
		}
		defer file.Close()
		if in, _, err = shape.Open(file); err != nil {
			return err
		}
	}
	records := shape.NewReader(in, shape.Shape(src.shape))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		item, err := records.Next()
		if err == nil && item.Damage == nil {
			err = f(item)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
