package trail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"

	"cordon/internal/event"
	"cordon/internal/inflate"
	"cordon/internal/trail/shape"
)

// Files up to these sizes are read whole, which is fastest; others as a stream.
const (
	wholeStored = 16 << 20
	wholePlain  = 64 << 20
)

// A worker reads files into a part and seals it. Its files and segments become
// part of the store together, when a segment ends where a file does.
type worker struct {
	*rows
	im     *importer
	number int
	most   int // rows of a segment
	full   int // rows with which a part is sealed at the end of a file
	sealer sealer
	view   event.View
	stored []byte // kept for the next file
	room   int64  // that it takes in the feed
	plain  []byte

	file    *source  // that is being read
	start   int      // its first row in the part, or 0 where it began before
	base    int64    // of the span
	poor    bool     // the record comes without its bodies
	done    []source // files that are read and not committed
	pending []segmentRef
}

// read takes one file. An error is the import's, not the file's: what is wrong
// with a file is in its source.
func (w *worker) read(ctx context.Context, f File, load func() ([]byte, error)) error {
	src := source{name: f.Name, version: f.Version, size: f.Size}
	if !f.At.IsZero() {
		src.at = f.At.Unix()
	}
	w.file, w.start, w.base = &src, w.part.rows(), 0
	w.part.begin(len(w.done), 0)
	stored, err := load()
	switch {
	case err == nil:
		err = w.whole(ctx, stored)
	case errors.Is(err, ErrLarge):
		err = w.stream(ctx)
	}
	if errors.Is(err, errLater) {
		w.im.putOff(f)
		return nil
	}
	if err != nil {
		var store *storeError
		if errors.As(err, &store) {
			return store.error
		}
		if ctx.Err() != nil {
			if src.events == 0 {
				return nil
			}
			err = errStopped
		}
		src.unread = true
		src.damaged(0, err.Error())
	}
	w.im.told(&src)
	if src.unread && src.events == 0 && w.im.knows(&src) {
		return nil
	}
	w.done = append(w.done, src)
	if w.part.rows() >= w.full {
		return w.commit(w.part.rows())
	}
	return nil
}

var errStopped = errors.New("the import was stopped while it read this file")

// A storeError ends the import.
type storeError struct{ error }

// damaged counts what is wrong with a file; the same again is counted together.
func (s *source) damaged(offset int64, why string) *Damage {
	for i := range s.damage {
		if d := &s.damage[i]; d.Why == why || i == maxDamages-1 {
			d.Count++
			return d
		}
	}
	s.damage = append(s.damage, Damage{File: s.name, Offset: offset, Count: 1, Why: why})
	return &s.damage[len(s.damage)-1]
}

// maxDamages is how many causes are told apart in one file.
const maxDamages = 16

// whole reads a file that is in memory.
func (w *worker) whole(ctx context.Context, stored []byte) error {
	w.file.sum = sha256.Sum256(stored)
	if !isGzip(stored) {
		return w.buffer(ctx, stored)
	}
	w.file.gz = true
	plain, err := inflate.Gunzip(w.plain[:0], stored, wholePlain)
	if cap(plain) <= wholePlain/4 { // one large file shall not hold its memory for all that follow
		w.plain = plain
	}
	if errors.Is(err, inflate.ErrLarge) {
		in, _, err := shape.Open(bytes.NewReader(stored))
		if err != nil {
			return err
		}
		return w.slow(ctx, in, "", 0)
	}
	if err == nil {
		return w.buffer(ctx, plain)
	}
	// What came before the damage counts, and half a record at its end is the
	// same damage.
	w.file.damaged(int64(len(plain)), "damaged gzip: "+cause(err))
	before := w.file.damage
	err = w.buffer(ctx, plain)
	w.file.damage = dropCut(before, w.file.damage, int64(len(plain)))
	return err
}

// dropCut leaves out that a record or the list had no end, where the file was
// cut.
func dropCut(before, now []Damage, size int64) []Damage {
	kept := now[:len(before)]
	for _, d := range now[len(before):] {
		if d.Count > 1 || size-d.Offset > shape.MaxRecord || !isCut(d.Why) {
			kept = append(kept, d)
		}
	}
	return kept
}

func isCut(why string) bool { return bytes.Contains([]byte(why), []byte(io.ErrUnexpectedEOF.Error())) }

// cause is the innermost error's text: the rest would be told twice.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// buffer reads a file that is in memory and inflated: fast where the records
// lie bare, and with every care from the first place on that is not as expected.
func (w *worker) buffer(ctx context.Context, b []byte) error {
	w.file.plain = int64(len(b))
	s, err := shape.Log, error(nil)
	if !bytes.HasPrefix(b, ownWriting) {
		s, err = shape.Sniff(w.file.name, b[:min(len(b), shape.HeadSize)])
	}
	if err != nil {
		w.file.damaged(0, err.Error())
		return nil
	}
	w.file.shape = string(s)
	next := 0
	if bare(s) {
		var whole bool
		if next, whole, err = w.fast(b, s); err != nil || whole {
			return err
		}
	}
	return w.slow(ctx, bytes.NewReader(b), s, int64(next))
}

// ownWriting is how CloudTrail begins every log file that has records.
var ownWriting = []byte(`{"Records":[{"eventVersion":`)

// fast reads bare records up to the end, or to what is not plainly one.
func (w *worker) fast(b []byte, s shape.Shape) (next int, whole bool, err error) {
	at, ok := 0, true
	switch s {
	case shape.Log:
		at, ok = event.Records(b)
	case shape.Array:
		at = bytes.IndexByte(b, '[') + 1
	}
	if !ok {
		return 0, false, nil
	}
	v := &w.view
	for {
		next, more, err := nextBare(b, at, s)
		if err != nil {
			return at, false, nil
		}
		if !more {
			return next, isEnd(b[next:], s), nil
		}
		n, err := v.Scan(b[next:])
		if err != nil || len(v.Name) == 0 || len(v.Source) == 0 || unusual(v) {
			return next, false, nil
		}
		if err := w.record(v, int64(next)); err != nil {
			return 0, false, err
		}
		at = next + n
	}
}

func nextBare(b []byte, at int, s shape.Shape) (next int, more bool, err error) {
	if s != shape.Lines {
		return event.NextRecord(b, at)
	}
	for at < len(b) && (b[at] == '\n' || b[at] == ' ' || b[at] == '\r' || b[at] == '\t') {
		at++
	}
	if at == len(b) {
		return at, false, nil
	}
	if b[at] != '{' {
		return at, false, errNoRecord
	}
	return at, true, nil
}

var errNoRecord = errors.New("no record")

// unusual is what package shape decides about.
func unusual(v *event.View) bool {
	return string(v.Category) == "Insight" || string(v.Type) == "AwsCloudTrailInsight" || string(v.Source) == "aws:s3"
}

// isEnd says whether nothing but a document's end follows.
func isEnd(b []byte, s shape.Shape) bool {
	b = bytes.TrimSpace(b)
	if s == shape.Log {
		return string(b) == "}"
	}
	return len(b) == 0
}

// record takes one record.
func (w *worker) record(v *event.View, offset int64) error {
	if w.part.rows() >= w.most {
		if err := w.roll(); err != nil {
			return &storeError{err}
		}
	}
	if offset-w.base > math.MaxUint32 || offset < w.base {
		w.base = offset
		w.part.begin(len(w.done), uint64(offset))
	}
	fresh, err := w.add(v, uint32(offset-w.base))
	switch {
	case err != nil:
		return w.refused(offset, err)
	case fresh:
		w.file.events++
		return nil
	}
	w.dropped(v, offset)
	return nil
}

// refused counts a record that cannot be kept.
func (w *worker) refused(offset int64, err error) error {
	var no *refused
	if !errors.As(err, &no) {
		return &storeError{err}
	}
	w.file.damaged(offset, no.why)
	return nil
}

// roll makes room in a part that is full in the midst of a file: what is of
// earlier files is committed; a file that fills a part alone waits with its
// segments for its end.
func (w *worker) roll() error {
	if w.start > 0 {
		n := w.start
		w.start = 0
		return w.commit(n)
	}
	if err := w.seal(w.part.rows(), false); err != nil {
		return err
	}
	w.part.begin(len(w.done), uint64(w.base))
	return nil
}

// seal writes the first n rows of the part as a segment and takes them out.
func (w *worker) seal(n int, keep bool) error {
	if n == 0 {
		return nil
	}
	ref, seg, err := w.im.write(w.sealer.seal(&w.part, n, w.names, w.im.rules))
	if err != nil {
		return err
	}
	w.pending = append(w.pending, ref)
	w.part.shift(n)
	w.claim.sealedBy(w.number, seg, keep)
	w.trim()
	return nil
}

// commit seals the first n rows, which are of files that are done, and makes
// them part of the store.
func (w *worker) commit(n int) error {
	if err := w.seal(n, n < w.part.rows()); err != nil {
		return err
	}
	if len(w.done) == 0 {
		return nil
	}
	if w.part.rows() == 0 { // the spans of files without rows go with them
		w.part.spans = w.part.spans[:0]
	}
	err := w.im.commit(w.pending, w.done)
	w.pending, w.done = nil, w.done[:0]
	return err
}

// stream reads a file that is too large for memory.
func (w *worker) stream(ctx context.Context) (err error) {
	r, err := w.im.from.Open(ctx, w.file.name)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	sum := sha256.New()
	stored := io.TeeReader(r, sum)
	in, gz, err := shape.Open(stored)
	if err != nil {
		return err
	}
	w.file.gz = gz
	if err := w.slow(ctx, in, "", 0); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stored); err != nil {
		return fmt.Errorf("cannot read on: %w", err)
	}
	copy(w.file.sum[:], sum.Sum(nil))
	return nil
}

// slow reads records of any shape from a stream of inflated bytes, those at from
// and behind it. Without a shape it finds out.
func (w *worker) slow(ctx context.Context, in io.Reader, s shape.Shape, from int64) error {
	count := &counter{r: in}
	if s == "" {
		head := bufio.NewReaderSize(count, shape.HeadSize)
		b, err := head.Peek(shape.HeadSize)
		if err != nil && len(b) == 0 && err != io.EOF {
			return err
		}
		if s, err = shape.Sniff(w.file.name, b); err != nil {
			w.file.damaged(0, err.Error())
			return nil
		}
		in = head
	} else {
		in = count
	}
	w.file.shape = string(s)
	r := shape.NewReader(in, s)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		item, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if item.Offset < from {
			continue
		}
		if err := w.item(item); err != nil {
			return err
		}
	}
	for why, n := range r.Lost() {
		d := w.file.damaged(0, why)
		d.Note, d.Count = true, n
	}
	w.file.plain = max(w.file.plain, count.n)
	return nil
}

// item takes one record of a stream, or what is in its place.
func (w *worker) item(item shape.Item) error {
	if item.Damage != nil {
		d := w.file.damaged(item.Offset, item.Damage.Error())
		var skipped *shape.Skipped
		d.Note = errors.As(item.Damage, &skipped)
		return nil
	}
	if _, err := w.view.Scan(item.Record); err != nil {
		w.file.damaged(item.Offset, "record cannot be read: "+cause(err))
		return nil
	}
	if w.later(item) {
		return errLater
	}
	w.poor = item.Lost == shape.LostBodies
	err := w.record(&w.view, item.Offset)
	w.poor = false
	return err
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
