package trail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"cordon/internal/event"
)

// Late is Files some of which answer late, as what lies in S3 does: of these
// many are read again at once.
type Late interface {
	Late(name string) bool
}

// lateAhead is how many files are read again at once where they answer late.
const lateAhead = 32

// A taker is what is done with records that are read again. One of atOnce and
// inTurn is there.
type taker struct {
	// atOnce takes records in no order, by several at once. Its error means that
	// this row cannot be read.
	atOnce func(i int, v *event.View) error
	// inTurn takes them file by file, in the order of their offsets. Its error
	// ends all.
	inTurn func(i int, raw []byte) error
	// bad is called, one at a time, with every row that cannot be read and why,
	// which begins with the file's name. Its error ends all.
	bad func(i int, err error) error
}

// A pile is the wanted records of one file.
type pile struct {
	want  []wanted
	src   *source
	alone bool  // it is not for memory: whoever takes the records goes through it
	room  int64 // that it takes meanwhile

	done chan struct{} // closed when what follows is there
	grew bool          // it is to be read as if it were alone
	kept []byte        // records, where they are taken in turn
	ends []int         // of them in kept
	took []int         // which they are
	left []unread
}

// unread is a row and why it cannot be read.
type unread struct {
	index int
	err   error
}

// reread gives the taker the record of every row. Files are read several at a
// time: on every processor, and more of them where they answer late.
func (st *state) reread(ctx context.Context, rows []Row, from Files, to taker) error {
	all, err := st.wanted(rows, to.bad)
	if err != nil || len(all) == 0 {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	h := &haul{st: st, ctx: inner, from: from, to: to, room: semaphore.NewWeighted(aheadBytes)}
	h.begin(all)
	defer h.wg.Wait()
	defer stop()
	own := &reader{from: from}
	for p := range h.order {
		if !p.alone {
			select {
			case <-p.done:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if p.alone || p.grew {
			h.through(own, p, to.inTurn)
		}
		if h.ended != nil {
			return h.ended
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := h.tell(p); err != nil {
			return err
		}
		h.room.Release(p.room)
		if cap(p.kept) <= spareBytes {
			h.spare.Put(p)
		}
	}
	return ctx.Err()
}

// wanted are the rows by the file's name and offset: which number a file has is
// of how the workers of an import came along.
func (st *state) wanted(rows []Row, bad func(int, error) error) ([]wanted, error) {
	all := make([]wanted, 0, len(rows))
	for i, r := range rows {
		seg, err := st.row(r)
		if err == nil {
			file, offset, ok := seg.place(r.Row)
			if ok {
				all = append(all, wanted{[16]byte(seg.id(r.Row)), file, offset, i})
				continue
			}
			err = errSegment
		}
		if err := bad(i, err); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	return st.byName(all), nil
}

// byName puts the files of what is wanted, which lie one after another, in the
// order of their names.
func (st *state) byName(all []wanted) []wanted {
	type file struct {
		name string
		want []wanted
	}
	var files []file
	sorted := true
	for rest := all; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].file == rest[0].file {
			n++
		}
		f := file{want: rest[:n]}
		if src, err := st.source(rest[0].file); err == nil && src != nil { // else give tells it
			f.name = src.name
		}
		sorted = sorted && (len(files) == 0 || files[len(files)-1].name <= f.name)
		files, rest = append(files, f), rest[n:]
	}
	if sorted {
		return all
	}
	slices.SortStableFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	out := make([]wanted, 0, len(all))
	for _, f := range files {
		out = append(out, f.want...)
	}
	return out
}

// A haul is one run of reread. Piles get their room in the order that they are
// taken in, so that the one that is waited for never waits for room itself.
type haul struct {
	st    *state
	ctx   context.Context
	from  Files
	to    taker
	room  *semaphore.Weighted
	wg    sync.WaitGroup
	order chan *pile // all, as they are to be taken
	work  chan *pile // those that workers read
	ended error      // what the taker said
	spare sync.Pool  // of piles that were taken
}

// spareBytes is the most that a pile keeps for the next.
const spareBytes = 1 << 20

func (h *haul) begin(all []wanted) {
	workers := runtime.GOMAXPROCS(0)
	if late, ok := h.from.(Late); ok && h.anyLate(late, all) {
		workers = max(workers, lateAhead)
	}
	h.order, h.work = make(chan *pile, 2*workers), make(chan *pile)
	for range workers {
		h.wg.Go(func() { h.read(aheadBytes / workers) })
	}
	h.wg.Go(func() {
		defer close(h.order)
		defer close(h.work)
		for len(all) > 0 {
			n := 1
			for n < len(all) && all[n].file == all[0].file {
				n++
			}
			if !h.give(all[:n]) {
				return
			}
			all = all[n:]
		}
	})
}

func (h *haul) anyLate(late Late, all []wanted) bool {
	for i := range all {
		if i == 0 || all[i].file != all[i-1].file {
			if src, err := h.st.source(all[i].file); err == nil && src != nil && late.Late(src.name) {
				return true
			}
		}
	}
	return false
}

// give hands a file on, once there is room for it.
func (h *haul) give(want []wanted) bool {
	p, _ := h.spare.Get().(*pile)
	if p == nil {
		p = &pile{}
	}
	*p = pile{want: want, done: make(chan struct{}), kept: p.kept[:0], ends: p.ends[:0], took: p.took[:0], left: p.left[:0]}
	src, err := h.st.source(want[0].file)
	if src == nil || err != nil {
		p.fail(want, cmp.Or(err, errSegment))
		close(p.done)
		return h.send(h.order, p)
	}
	p.src = src
	if p.alone = src.size > wholeStored || src.plain > wholePlain; p.alone {
		return h.send(h.order, p)
	}
	p.room = src.size + src.plain
	if h.to.inTurn != nil {
		p.room += src.plain // the records are copied
	}
	p.room = min(max(p.room, 64<<10), aheadBytes)
	return h.room.Acquire(h.ctx, p.room) == nil && h.send(h.order, p) && h.send(h.work, p)
}

func (h *haul) send(to chan *pile, p *pile) bool {
	select {
	case to <- p:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// read is a worker: it reads files until there are no more. Of its memory it
// keeps no more than its share for the next.
func (h *haul) read(share int) {
	again := &reader{from: h.from}
	for p := range h.work {
		var in func(int, []byte) error
		if h.to.inTurn != nil {
			in = p.keep
		}
		b, err := again.load(h.ctx, p.src)
		switch {
		case errors.Is(err, ErrLarge):
			p.grew = true
		case err != nil:
			p.fail(p.want, fmt.Errorf("%s: %w", p.src.name, err))
		default:
			h.find(again, p, b, false, in)
		}
		close(p.done)
		if cap(again.stored)+cap(again.plain) > share {
			again.stored, again.plain = nil, nil
		}
	}
}

// through reads a file on the taker's own time.
func (h *haul) through(again *reader, p *pile, in func(int, []byte) error) {
	h.find(again, p, nil, true, func(i int, raw []byte) error {
		h.ended = in(i, raw)
		return h.ended
	})
}

// find takes the records out of a file.
func (h *haul) find(again *reader, p *pile, b []byte, large bool, in func(int, []byte) error) {
	missing, err := again.records(h.ctx, p.src, b, large, p.want, func(w wanted, v *event.View) error {
		if h.to.atOnce == nil {
			return in(w.index, v.Raw)
		}
		if err := h.to.atOnce(w.index, v); err != nil {
			p.left = append(p.left, unread{w.index, fmt.Errorf("%s: %w", p.src.name, err)})
		}
		return nil
	})
	if len(missing) > 0 {
		p.fail(missing, fmt.Errorf("%s: %w", p.src.name, cmp.Or(err, errChanged)))
	}
}

func (p *pile) fail(rows []wanted, why error) {
	for _, w := range rows {
		p.left = append(p.left, unread{w.index, why})
	}
}

// keep copies a record until its turn comes.
func (p *pile) keep(i int, raw []byte) error {
	p.kept = append(p.kept, raw...)
	p.ends, p.took = append(p.ends, len(p.kept)), append(p.took, i)
	return nil
}

// tell gives the taker what a worker kept, and what cannot be read.
func (h *haul) tell(p *pile) error {
	from := 0
	for n, i := range p.took {
		if err := h.to.inTurn(i, p.kept[from:p.ends[n]:p.ends[n]]); err != nil {
			return err
		}
		from = p.ends[n]
	}
	for _, u := range p.left {
		if err := h.to.bad(u.index, u.err); err != nil {
			return err
		}
	}
	return nil
}
