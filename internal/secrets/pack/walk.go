package pack

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// maxBody is the size up to which an object is put together in memory; a larger
	// one is streamed through git.
	maxBody = 32 << 20
	// maxHeld is how much all buffers of a walk may have at once.
	maxHeld = 96 << 20
)

// A built is an object put together, and what was learnt about it that helps
// with those made from it.
type built struct {
	i     int32 // in its forest
	kind  Kind
	body  []byte
	left  int   // of those made from it, how many are still to be
	hits  []int // of the lines, where lined
	whole bool
	lined bool
	large bool    // there is no body: it is too large
	named []named // of a tree
}

// A visitor sees each object once, after the one that it is made from. base is
// nil where there is none to compare with.
type visitor func(w *walker, b, base *built, segments []segment)

// A walker walks trees of a forest. Of an object's deltas the one with the most
// descendants comes last, and then its own buffer is free: so there are never
// more buffers in use than the logarithm of the tree's size.
type walker struct {
	r      *Repository
	f      *forest
	see    visitor
	skip   func(i int32) bool // nothing made from i is wanted, nor i
	check  bool               // the checksums of the packed bytes
	held   *atomic.Int64
	free   []*built
	delta  []byte
	copied []segment
	stack  []step
	gaps   []Gap
	later  []int32 // too large to be put together beside others
	bytes  int64
}

type step struct {
	i    int32
	base *built // nil: a root, or the base could not be read
}

// walk visits the trees at roots with several workers. see is called by each
// worker for its own visitor.
func (f *forest) walk(ctx context.Context, r *Repository, roots []int32, workers int, check bool, skip func(int32) bool, see func(worker int) visitor) (gaps []Gap, bytes int64, err error) {
	var next, held atomic.Int64
	walkers := make([]*walker, workers)
	var all sync.WaitGroup
	for k := range walkers {
		w := &walker{r: r, f: f, see: see(k), skip: skip, check: check, held: &held}
		walkers[k] = w
		all.Go(func() {
			const batch = 16
			for ctx.Err() == nil {
				from := int(next.Add(batch)) - batch
				if from >= len(roots) {
					return
				}
				for _, root := range roots[from:min(from+batch, len(roots))] {
					w.tree(root, nil)
				}
			}
		})
	}
	all.Wait()
	var later []int32
	for _, w := range walkers {
		gaps = append(gaps, w.gaps...)
		bytes += w.bytes
		later = append(later, w.later...)
	}
	if len(later) > 0 && ctx.Err() == nil {
		w := walkers[0]
		w.free, w.delta, w.gaps, w.bytes, w.later = nil, nil, nil, 0, nil
		held.Store(0)
		w.large(ctx, later)
		gaps = append(gaps, w.gaps...)
		bytes += w.bytes
	}
	return gaps, bytes, ctx.Err()
}

// tree visits i and all that is made from it. given is i itself where it is put
// together already. A pack that is cut off meanwhile is a gap.
func (w *walker) tree(i int32, given *built) {
	if err := w.visit(i, given); err != nil {
		w.free, w.stack = nil, nil
		w.gaps = append(w.gaps, Gap{ID: w.f.id(i), Pack: w.f.p.name, Offset: w.f.objects[i].off, Why: "the object and what is made from it cannot be read: " + err.Error()})
	}
}

func (w *walker) visit(i int32, given *built) (err error) {
	defer guard(&err)()
	w.stack = append(w.stack[:0], step{i: i})
	for len(w.stack) > 0 {
		s := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if w.skip != nil && w.skip(s.i) {
			w.done(s.base)
			continue
		}
		b, base, failed := given, (*built)(nil), error(nil)
		if given = nil; b == nil {
			b, base, failed = w.build(s)
		}
		if errors.Is(failed, ErrLarge) {
			w.later = append(w.later, s.i)
			w.done(s.base)
			continue
		}
		kids := w.f.deltas(s.i)
		if failed != nil {
			w.fail(s.i, failed)
			w.done(s.base)
			for _, kid := range kids {
				w.stack = append(w.stack, step{i: kid})
			}
			continue
		}
		w.bytes += int64(len(b.body))
		w.see(w, b, base, w.copied)
		w.done(s.base)
		if b.left = len(kids); b.left == 0 {
			w.release(b)
		}
		for _, kid := range kids {
			w.stack = append(w.stack, step{kid, b})
		}
	}
	return nil
}

func (w *walker) fail(i int32, err error) {
	if w.f.objects[i].base == broken || !w.check {
		return // told by who read the headers, or by the first walk
	}
	w.gaps = append(w.gaps, Gap{ID: w.f.id(i), Pack: w.f.p.name, Offset: w.f.objects[i].off, Why: "the object cannot be read: " + err.Error()})
}

// done says that one of those made from b is.
func (w *walker) done(b *built) {
	if b == nil {
		return
	}
	if b.left--; b.left == 0 {
		w.release(b)
	}
}

// build puts an object together. base is nil where the result came from
// elsewhere, or from nothing.
func (w *walker) build(s step) (b, base *built, err error) {
	b, err = w.assemble(s)
	if err == nil || errors.Is(err, ErrLarge) {
		return b, s.base, err
	}
	// Another store may have it.
	kind, body, other := w.r.objectBut(w.f.id(s.i), w.f.p)
	if other != nil {
		return nil, nil, err
	}
	w.copied = w.copied[:0]
	return &built{i: s.i, kind: kind, body: body}, nil, nil
}

func (w *walker) assemble(s step) (*built, error) {
	o, p := &w.f.objects[s.i], w.f.p
	w.copied = w.copied[:0]
	if o.base == broken {
		return nil, errHeader
	}
	if o.size > maxBody {
		return nil, ErrLarge
	}
	stream, end := o.off+int64(o.head), w.f.end(s.i)
	if stream >= end {
		return nil, errHeader
	}
	if w.check {
		if sum, ok := p.x.sum(int(o.pos)); ok && crc32.ChecksumIEEE(p.data.b[o.off:end]) != sum {
			return nil, errStream
		}
	}
	if o.base == noBase {
		b, err := w.buffer(int(o.size))
		if err == nil {
			b.i, b.kind = s.i, o.kind
			b.body, err = p.unpack(b.body[:0], stream, end, int(o.size))
		}
		return b, err
	}
	base := s.base
	if base == nil {
		if o.base != elsewhere {
			return nil, fmt.Errorf("its delta base %s cannot be read", w.f.id(o.base))
		}
		h, err := p.header(o.off)
		if err != nil {
			return nil, err
		}
		kind, body, err := w.r.objectBut(rawID(h.id), p)
		if err != nil {
			return nil, fmt.Errorf("its delta base %s cannot be read: %w", rawID(h.id), err)
		}
		base = &built{kind: kind, body: body}
	}
	var err error
	if cap(w.delta) < int(o.size)+slackBytes {
		if err := w.room(int(o.size) + int(o.size)/4 + slackBytes + 4096); err != nil {
			return nil, err
		}
	}
	delta, err := p.unpack(w.delta[:0], stream, end, int(o.size))
	if err != nil {
		return nil, err
	}
	from, size, rest, err := deltaSizes(delta)
	if err != nil {
		return nil, err
	}
	if from != uint64(len(base.body)) {
		return nil, errTarget
	}
	if size > maxBody {
		return nil, ErrLarge
	}
	b, err := w.buffer(int(size))
	if err != nil {
		return nil, err
	}
	b.i, b.kind, b.body = s.i, base.kind, b.body[:size]
	if w.copied, err = patch(b.body, base.body, rest, w.copied); err != nil {
		w.release(b)
		return nil, err
	}
	return b, nil
}

// buffer returns one with room for n bytes, or ErrLarge where the others hold too
// much.
func (w *walker) buffer(n int) (*built, error) {
	need := n + slackBytes
	best := -1
	for k, b := range w.free {
		if cap(b.body) >= need && (best < 0 || cap(b.body) < cap(w.free[best].body)) {
			best = k
		}
	}
	if best >= 0 {
		b := w.free[best]
		w.free = slices.Delete(w.free, best, best+1)
		b.reset()
		return b, nil
	}
	size := need + n/4 + 4096
	if err := w.hold(size); err != nil {
		return nil, err
	}
	b := &built{}
	if k := len(w.free); k > 4 { // one of the small ones makes room, its lists are kept
		b = w.free[0]
		w.free = slices.Delete(w.free, 0, 1)
		w.held.Add(-int64(cap(b.body)))
	}
	b.reset()
	b.body = make([]byte, 0, size)
	return b, nil
}

// hold counts bytes that are about to be used, or answers ErrLarge.
func (w *walker) hold(size int) error {
	if w.held.Add(int64(size)) > maxHeld {
		w.drop()
		if w.held.Load() > maxHeld {
			w.held.Add(-int64(size))
			return ErrLarge
		}
	}
	return nil
}

// room makes the buffer of deltas larger.
func (w *walker) room(size int) error {
	old := cap(w.delta)
	w.delta = nil
	w.held.Add(-int64(old))
	err := w.hold(size)
	if err == nil {
		w.delta = make([]byte, 0, size)
	}
	return err
}

func (b *built) reset() {
	b.hits, b.named, b.body = b.hits[:0], b.named[:0], b.body[:0]
	b.whole, b.lined, b.left = false, false, 0
}

// drop gives free buffers back.
func (w *walker) drop() {
	size := 0
	for _, b := range w.free {
		size += cap(b.body)
	}
	w.free = nil
	w.held.Add(-int64(size))
	if size > maxHeld/4 {
		runtime.GC() // otherwise they would count twice
	}
}

func (w *walker) release(b *built) {
	if cap(b.body) > 0 {
		w.free = append(w.free, b)
	}
}

// slackBytes is the room behind an object that spares the inflater a copy.
const slackBytes = 320

// large visits what could not be put together beside others, one after the
// other. What is too large alone is left to the caller's stream.
func (w *walker) large(ctx context.Context, queue []int32) {
	for len(queue) > 0 && ctx.Err() == nil {
		i := queue[0]
		queue = queue[1:]
		w.drop()
		kind, body, err := w.r.readAt(w.f.p, w.f.objects[i].off, &chase{})
		switch {
		case errors.Is(err, ErrLarge):
			w.see(w, &built{i: i, kind: w.f.objects[i].kind, large: true}, nil, nil)
			queue = append(queue, w.f.deltas(i)...)
		case err != nil:
			w.fail(i, err)
			queue = append(queue, w.f.deltas(i)...)
		default:
			w.copied = w.copied[:0]
			w.tree(i, &built{i: i, kind: kind, body: body})
		}
		queue = append(queue, w.later...)
		w.later = w.later[:0]
	}
}
