package trail

import (
	"bytes"
	"context"
	"errors"
	"io"

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

// records calls f with the wanted records of one file, which are in the order
// of their offsets, and answers those that are neither where they were nor
// anywhere else in it.
func (r *reader) records(ctx context.Context, src *source, want []wanted, f func(wanted, []byte) error) (missing []wanted, err error) {
	b, err := r.load(ctx, src)
	if err != nil && !errors.Is(err, ErrLarge) {
		return want, err
	}
	if err != nil {
		b = nil
	}
	if b == nil || !bare(shape.Shape(src.shape)) {
		want, err = r.stream(ctx, src, b, want, f)
	} else {
		want, err = r.direct(b, want, f)
	}
	if err != nil || len(want) == 0 {
		return want, err
	}
	return r.search(ctx, src, b, want, f)
}

// direct takes bare records from where they were.
func (r *reader) direct(b []byte, want []wanted, f func(wanted, []byte) error) (missing []wanted, err error) {
	for _, w := range want {
		if w.offset < 0 || w.offset >= int64(len(b)) || !r.is(w, b[w.offset:]) {
			missing = append(missing, w)
			continue
		}
		if err := f(w, r.view.Raw); err != nil {
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
	id, _ := readID(&r.view)
	return id == w.id
}

// stream goes through a file and takes records from where they were. b is its
// content, where that is in memory.
func (r *reader) stream(ctx context.Context, src *source, b []byte, want []wanted, f func(wanted, []byte) error) (missing []wanted, err error) {
	err = r.each(ctx, src, b, func(item shape.Item) error {
		for len(want) > 0 && want[0].offset < item.Offset {
			missing, want = append(missing, want[0]), want[1:]
		}
		for len(want) > 0 && want[0].offset == item.Offset {
			if !r.is(want[0], item.Record) {
				missing = append(missing, want[0])
			} else if err := f(want[0], item.Record); err != nil {
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
func (r *reader) search(ctx context.Context, src *source, b []byte, want []wanted, f func(wanted, []byte) error) (missing []wanted, err error) {
	left := make(map[[16]byte]wanted, len(want))
	for _, w := range want {
		left[w.id] = w
	}
	err = r.each(ctx, src, b, func(item shape.Item) error {
		if _, err := r.view.Scan(item.Record); err != nil {
			return nil // damage: not what is looked for
		}
		id, _ := readID(&r.view)
		w, ok := left[id]
		if !ok {
			return nil
		}
		delete(left, id)
		if err := f(w, item.Record); err != nil {
			return err
		}
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
