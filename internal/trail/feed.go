package trail

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// aheadBytes is how much memory the files take that wait for a worker.
const aheadBytes = 64 << 20

// A feed hands the files to the workers, in order. Where sources answer late,
// it loads some before they are asked for.
type feed struct {
	im     *importer
	ctx    context.Context
	stop   context.CancelFunc
	ready  chan loaded
	room   *semaphore.Weighted
	wg     sync.WaitGroup
	unused sync.Pool
}

type loaded struct {
	file int
	b    []byte
	err  error
	size int64 // of the room it takes
}

func newFeed(ctx context.Context, im *importer, ahead int) *feed {
	f := &feed{im: im}
	f.ctx, f.stop = context.WithCancel(ctx)
	if ahead <= 0 {
		return f
	}
	f.ready = make(chan loaded, ahead)
	f.room = semaphore.NewWeighted(aheadBytes)
	for range ahead {
		f.wg.Go(f.load)
	}
	go func() {
		f.wg.Wait()
		close(f.ready)
	}()
	return f
}

// load fetches files until there are no more.
func (f *feed) load() {
	for f.ctx.Err() == nil {
		k := int(f.im.next.Add(1)) - 1
		if k >= len(f.im.todo) {
			return
		}
		file := f.im.files[f.im.todo[k]]
		l := loaded{file: k, size: min(max(file.Size, 64<<10), wholeStored)}
		if f.room.Acquire(f.ctx, l.size) != nil {
			return
		}
		buf, _ := f.unused.Get().(*[]byte)
		if buf == nil {
			buf = new([]byte)
		}
		l.b, l.err = f.im.from.Load(f.ctx, file.Name, (*buf)[:0], wholeStored)
		select {
		case f.ready <- l:
		case <-f.ctx.Done():
			return
		}
	}
}

// next is the next file and how to get its bytes, which hold until the worker
// asks again.
func (f *feed) next(w *worker) (File, func() ([]byte, error), bool) {
	if f.ready == nil {
		k := int(f.im.next.Add(1)) - 1
		if k >= len(f.im.todo) {
			return File{}, nil, false
		}
		file := f.im.files[f.im.todo[k]]
		return file, func() ([]byte, error) {
			b, err := f.im.from.Load(f.ctx, file.Name, w.stored[:0], wholeStored)
			if err == nil {
				w.stored = b
			}
			return b, err
		}, true
	}
	f.giveBack(w)
	l, ok := <-f.ready
	if !ok {
		return File{}, nil, false
	}
	w.stored, w.room = l.b, l.size
	return f.im.files[f.im.todo[l.file]], func() ([]byte, error) { return l.b, l.err }, true
}

// giveBack makes room for another file.
func (f *feed) giveBack(w *worker) {
	if w.room == 0 {
		return
	}
	if b := w.stored; cap(b) > 0 && cap(b) <= 1<<20 {
		f.unused.Put(&b)
	}
	f.room.Release(w.room)
	w.stored, w.room = nil, 0
}

func (f *feed) close() {
	f.stop()
	f.wg.Wait()
}
