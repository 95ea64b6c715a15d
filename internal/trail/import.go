package trail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cordon/internal/durable"
)

// Options of an import.
type Options struct {
	Workers  int                                  // 0: one for each processor
	Ahead    int                                  // files that are loaded before a worker asks; 0: none. For sources that answer late
	Progress func(done, total int, events uint64) // called now and then, by one at a time
	// Match makes a matcher for each worker, and Rules names the rules behind
	// their numbers, for whoever reads Hits later.
	Match func() Matcher
	Rules string

	rows int // of a segment; 0: maxRows. Tests make many small ones
	ids  int // bytes for ids; 0: seenLimit
}

// A Receipt says what an import did.
type Receipt struct {
	Files   int // that were offered
	New     int // read for the first time, or anew because they changed
	Skipped int // that the store had

	Events      int // new in the store
	Duplicates  int // events that were left out since the store had them
	Stored      int64
	Plain       int64    // bytes, inflated
	Damaged     []Damage // also Notes
	ByShape     map[string]int
	First, Last time.Time // of the new events
}

// An importer is one run of Import.
type importer struct {
	store  *Store
	from   Files
	opt    Options
	rules  string
	files  []File
	todo   []uint32           // their numbers, oldest first
	before map[string]*source // that could not be read when last tried
	next   atomic.Int64
	segs   atomic.Uint32 // number of the last segment
	names  *names
	tables *tables
	last   bool // what was put off is being read

	mu       sync.Mutex
	late     []File // put off
	manifest *os.File
	log      *os.File
	at       int64 // end of the manifest
	logAt    int64
	receipt  Receipt
	events   uint64
	read     int
	total    int // files
}

// Import reads the files that the store does not have yet, oldest first. What
// is wrong with a file is in the Receipt and in Status; an error means that the
// import could not go on, and what it had done until then is kept. A file
// counts as imported when all its events are on the disk: stopped or killed at
// any point and run again, it leads to the same events.
func (s *Store) Import(ctx context.Context, files []File, from Files, opt Options) (Receipt, error) {
	unlock, err := s.lock()
	if err != nil {
		return Receipt{}, err
	}
	defer unlock()
	im := &importer{store: s, from: from, opt: opt, rules: opt.Rules, files: files, receipt: Receipt{Files: len(files), ByShape: map[string]int{}}}
	if st := s.state(); s.fresh(st) { // nobody imported since: what is nothing new is told at once
		if im.todo, err = st.unknown(files); err != nil || len(im.todo) == 0 {
			im.receipt.Skipped = len(files)
			return im.receipt, err
		}
	}
	st, err := s.load() // with names of its own, that grow
	if err != nil {
		return Receipt{}, err
	}
	im.names = st.names
	if im.before, err = st.unread(); err != nil {
		return Receipt{}, err
	}
	if im.todo, err = st.unknown(files); err != nil {
		return Receipt{}, err
	}
	im.receipt.Skipped = len(files) - len(im.todo)
	err = im.all(ctx, st)
	im.names, im.before, im.files, im.todo, im.tables, st = nil, nil, nil, nil, nil, nil // memory for what follows
	after, lerr := s.load()
	if lerr == nil {
		s.mu.Lock()
		s.now = after
		s.mu.Unlock()
	}
	sortDamage(im.receipt.Damaged)
	return im.receipt, cmp.Or(err, lerr, ctx.Err())
}

// all reads what is to do.
func (im *importer) all(ctx context.Context, st *state) error {
	if len(im.todo) == 0 {
		return nil
	}
	if err := im.open(st); err != nil {
		return err
	}
	defer spare()()
	err := im.run(ctx, st)
	return cmp.Or(err, im.close())
}

// importGC is the collector's percentage while an import runs, which holds much
// and drops little: at the usual one it would take up to twice what it holds.
const importGC = 40

var spared struct {
	sync.Mutex
	imports, before int
}

// spare has the collector come earlier until done is called, unless it does.
func spare() (done func()) {
	spared.Lock()
	defer spared.Unlock()
	if spared.imports++; spared.imports == 1 {
		spared.before = debug.SetGCPercent(importGC)
		if spared.before >= 0 && spared.before < importGC {
			debug.SetGCPercent(spared.before)
		}
	}
	return func() {
		spared.Lock()
		defer spared.Unlock()
		if spared.imports--; spared.imports == 0 {
			debug.SetGCPercent(spared.before)
		}
	}
}

// unknown are the numbers of the files that the store does not have as they are
// now, oldest first, so that what lies close in time comes to lie close in the
// store.
func (st *state) unknown(files []File) ([]uint32, error) {
	has := make([]bool, len(files))
	at := newFinder(files)
	err := st.eachFile(func(name, version []byte, size int64, unread bool) {
		at.each(name, func(i int) {
			has[i] = !unread && files[i].Size == size && files[i].Version == string(version)
		})
	})
	if err != nil {
		return nil, err
	}
	todo := make([]uint32, 0, 64)
	for i := range files {
		if !has[i] {
			todo = append(todo, uint32(i))
		}
	}
	slices.SortFunc(todo, func(a, b uint32) int {
		return cmp.Or(files[a].At.Compare(files[b].At), strings.Compare(files[a].Name, files[b].Name))
	})
	return slices.CompactFunc(todo, func(a, b uint32) bool { return files[a].Name == files[b].Name }), nil
}

// open prepares the disk: what a killed import left behind is removed.
func (im *importer) open(st *state) error {
	dir := im.store.dir
	used := map[string]bool{}
	last := uint32(0)
	for _, seg := range st.segments {
		used[filepath.Base(segmentName(dir, seg.number))] = true
		last = max(last, seg.number)
	}
	im.store.mu.Lock()
	for n := range im.store.mapped {
		last = max(last, n)
	}
	im.store.mu.Unlock()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot import: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "segment-") && !used[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cannot import: %w", err)
			}
		}
	}
	im.segs.Store(last)
	im.at, im.logAt = st.whole, int64(st.namesLen())
	if im.log, err = openLog(dir, namesName, im.logAt); err != nil {
		return fmt.Errorf("cannot import: %w", err)
	}
	if im.manifest, err = openLog(dir, manifestName, im.at); err != nil {
		im.log.Close()
		return fmt.Errorf("cannot import: %w", err)
	}
	if im.at == 0 {
		head := headRecord()
		if err := appendSynced(im.manifest, 0, head); err != nil {
			im.close()
			return fmt.Errorf("cannot import: %w", err)
		}
		im.at = int64(len(head))
	}
	return nil
}

func (im *importer) close() error {
	err := im.manifest.Close()
	if lerr := im.log.Close(); err == nil {
		err = lerr
	}
	if err != nil {
		return fmt.Errorf("cannot import: %w", err)
	}
	return nil
}

// run lets the workers read all files, those that are put off behind all others.
func (im *importer) run(ctx context.Context, st *state) error {
	workers := im.opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers, im.total, im.tables = min(workers, len(im.todo)), len(im.todo), &tables{st: st}
	ids := newSeen(st.segments, workers, cmp.Or(im.opt.ids, seenLimit))
	err := im.pass(ctx, ids, workers)
	if err == nil && ctx.Err() == nil && len(im.late) > 0 {
		im.files, im.todo, im.last = im.late, nil, true
		slices.SortFunc(im.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
		for i := range im.files {
			im.todo = append(im.todo, uint32(i))
		}
		im.next.Store(0)
		err = im.pass(ctx, ids, min(workers, len(im.todo)))
	}
	if err != nil {
		return err
	}
	im.mu.Lock()
	im.tell()
	im.mu.Unlock()
	return nil
}

// pass lets the workers read what is to do.
func (im *importer) pass(ctx context.Context, ids *seen, workers int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	most := cmp.Or(im.opt.rows, maxRows)
	feed := newFeed(ctx, im, im.opt.Ahead)
	var wg sync.WaitGroup
	for n := range workers {
		var m Matcher
		if im.opt.Match != nil {
			m = im.opt.Match()
		}
		w := &worker{rows: newRows(im.names, claimer{seen: ids, worker: n}, m), im: im, number: n, most: most, full: most - most/16}
		wg.Go(func() {
			if err := w.run(ctx, feed); err != nil {
				cancel(fmt.Errorf("cannot import: %w", err))
			}
		})
	}
	wg.Wait()
	feed.close()
	if err := context.Cause(ctx); err != nil && ctx.Err() != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// run reads files until there are no more, and commits what it has.
func (w *worker) run(ctx context.Context, feed *feed) error {
	for ctx.Err() == nil {
		f, load, ok := feed.next(w)
		if !ok {
			break
		}
		if err := w.read(ctx, f, load); err != nil {
			return err
		}
	}
	if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() {
		return nil // the store itself failed, for another worker
	}
	return w.commit(w.part.rows())
}

// write puts one segment on the disk, not yet part of the store.
func (im *importer) write(data []byte) (segmentRef, *segment, error) {
	number := im.segs.Add(1)
	if err := writeSegment(im.store.dir, number, data); err != nil {
		return segmentRef{}, nil, err
	}
	head, _ := headSum(data)
	ref := segmentRef{number, uint64(len(data)), head}
	seg, err := im.store.segment(ref)
	if err != nil {
		return ref, nil, err
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	r := &im.receipt
	if first := time.Unix(int64(seg.first), 0).UTC(); r.First.IsZero() || first.Before(r.First) {
		r.First = first
	}
	if last := time.Unix(int64(seg.last), 0).UTC(); last.After(r.Last) {
		r.Last = last
	}
	return ref, seg, nil
}

// commit makes segments and files part of the store, in the order that leaves
// it whole whenever the machine stops: segments, names, manifest.
func (im *importer) commit(segments []segmentRef, files []source) error {
	im.mu.Lock()
	defer im.mu.Unlock()
	if len(segments) > 0 {
		if err := durable.SyncDir(im.store.dir); err != nil {
			return fmt.Errorf("cannot write a segment: %w", err)
		}
	}
	block, saved := im.names.block()
	if len(block) > 0 {
		if err := appendSynced(im.log, im.logAt, block); err != nil {
			return fmt.Errorf("cannot write the names: %w", err)
		}
		im.logAt += int64(len(block))
		im.names.mu.Lock()
		im.names.saved = saved
		im.names.mu.Unlock()
	}
	c := commit{names: uint64(im.logAt), segments: segments}
	record := c.record(files)
	if err := appendSynced(im.manifest, im.at, record); err != nil {
		return fmt.Errorf("cannot write the manifest: %w", err)
	}
	im.at += int64(len(record))
	return nil
}

// knows says whether the manifest has just this of a file that cannot be read:
// it is tried at every import, and need not be written down each time.
func (im *importer) knows(s *source) bool {
	was := im.before[s.name]
	return was != nil && was.version == s.version && slices.Equal(was.damage, s.damage)
}

// told adds one file to the receipt.
func (im *importer) told(s *source) {
	im.mu.Lock()
	defer im.mu.Unlock()
	r := &im.receipt
	r.New++
	r.Events += s.events
	r.Duplicates += s.dups
	r.Stored += s.size
	r.Plain += s.plain
	if s.shape != "" {
		r.ByShape[s.shape]++
	}
	r.Damaged = append(r.Damaged, s.damage...)
	im.events += uint64(s.events)
	im.read++
	if im.read%64 == 0 {
		im.tell()
	}
}

func (im *importer) tell() {
	if im.opt.Progress != nil {
		im.opt.Progress(im.read, im.total, im.events)
	}
}
