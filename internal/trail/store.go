package trail

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"sync"
)

// ErrBusy says that another process imports into the store.
var ErrBusy = errors.New("another import into this trail is running")

// A Store is a trail on the disk. Questions may be asked by many at once, and
// while an import runs: they see what was there when it began.
type Store struct {
	dir string

	mu     sync.Mutex
	now    *state
	mapped map[uint32]*segment // all that were opened, until Close
	busy   bool
}

// A state is what the store held at one time. It never changes.
type state struct {
	commits  []commit
	whole    int64 // bytes of the manifest that count
	size     int64 // all of its bytes
	names    *names
	segments []*segment

	lists  sync.Once
	files  []source
	broken error
	parts  []fileList // of every commit, for who needs few

	past   sync.Once
	firsts map[deed]uint32
	begins uint32
}

// Open opens the store in dir. One that is not there is empty; import makes it.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir, mapped: map[uint32]*segment{}}
	now, err := s.load()
	if err != nil {
		s.Close()
		return nil, err
	}
	s.now = now
	return s, nil
}

// Close gives the memory back. Nothing may be asked after it, nor while it runs.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for n, seg := range s.mapped {
		if err := unmapFile(seg.data); err != nil && first == nil {
			first = fmt.Errorf("cannot close the trail: %w", err)
		}
		delete(s.mapped, n)
	}
	s.now = &state{names: newNames()}
	return first
}

// state is what questions are asked of.
func (s *Store) state() *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// load reads what the disk has.
func (s *Store) load() (*state, error) {
	st := &state{names: newNames()}
	b, err := os.ReadFile(filepath.Join(s.dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the trail: %w", err)
	}
	var whole int
	if st.commits, whole, err = readManifest(b); err != nil {
		return nil, fmt.Errorf("cannot open the trail in %s: %w", s.dir, err)
	}
	st.whole, st.size, st.parts = int64(whole), int64(len(b)), make([]fileList, len(st.commits))
	if st.names, err = s.loadNames(st.namesLen()); err != nil {
		return nil, fmt.Errorf("cannot open the trail in %s: %w", s.dir, err)
	}
	for _, c := range st.commits {
		for _, ref := range c.segments {
			seg, err := s.segment(ref)
			if err != nil {
				return nil, err
			}
			seg.file = c.first
			st.segments = append(st.segments, seg)
		}
	}
	return st, nil
}

// fresh says whether the disk still has what a state was read from: a manifest
// only grows.
func (s *Store) fresh(st *state) bool {
	info, err := os.Stat(filepath.Join(s.dir, manifestName))
	return err == nil && info.Size() == st.size
}

// namesLen is how much of the names log counts.
func (st *state) namesLen() uint64 {
	if len(st.commits) == 0 {
		return 0
	}
	return st.commits[len(st.commits)-1].names
}

func (s *Store) loadNames(size uint64) (*names, error) {
	if size == 0 {
		return newNames(), nil
	}
	b, err := os.ReadFile(filepath.Join(s.dir, namesName))
	if err != nil {
		return nil, err
	}
	if uint64(len(b)) < size {
		return nil, fmt.Errorf("%w: it ends at byte %d of %d", errNames, len(b), size)
	}
	return readNames(b[:size])
}

// segment opens what a commit names, once.
func (s *Store) segment(ref segmentRef) (*segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seg := s.mapped[ref.number]; seg != nil {
		return seg, nil
	}
	seg, err := openSegment(s.dir, ref.number)
	if err != nil {
		return nil, err
	}
	if has, _ := headSum(seg.data); has != ref.head || uint64(len(seg.data)) != ref.size {
		unmapFile(seg.data)
		return nil, fmt.Errorf("cannot open the trail: %s: %w: it is not the one that the manifest names", filepath.Base(segmentName(s.dir, ref.number)), errSegment)
	}
	seg.rest()
	s.mapped[ref.number] = seg
	return seg, nil
}

// sources are all files, by number.
func (st *state) sources() ([]source, error) {
	st.lists.Do(func() {
		for i := range st.commits {
			files, err := st.commits[i].sources()
			if err != nil {
				st.broken = err
				return
			}
			st.files = append(st.files, files...)
		}
	})
	return st.files, st.broken
}

// latest are the files by name, as last read.
func (st *state) latest() (map[string]*source, error) {
	all, err := st.sources()
	if err != nil {
		return nil, err
	}
	have := make(map[string]*source, len(all))
	for i := range all {
		have[all[i].name] = &all[i]
	}
	return have, nil
}

// unread are those of the latest that could not be read; nil where there are none.
func (st *state) unread() (map[string]*source, error) {
	some := false
	err := st.eachFile(func(_, _ []byte, _ int64, unread bool) { some = some || unread })
	if err != nil || !some {
		return nil, err
	}
	all, err := st.latest()
	maps.DeleteFunc(all, func(_ string, s *source) bool { return !s.unread })
	return all, err
}

// eachFile calls f with what tells whether a file changed, of all files in the
// order of their import. The bytes hold until it returns.
func (st *state) eachFile(f func(name, version []byte, size int64, unread bool)) error {
	for i := range st.commits {
		if err := st.commits[i].eachFile(f); err != nil {
			return err
		}
	}
	return nil
}

// A fileList is the files of one commit.
type fileList struct {
	once  sync.Once
	files []source
	err   error
}

// source is the file with a number; nil where there is none. Only the commit that
// it is of is decoded.
func (st *state) source(file int) (*source, error) {
	i := sort.Search(len(st.commits), func(i int) bool { return st.commits[i].first > file }) - 1
	if i < 0 || file-st.commits[i].first >= st.commits[i].files {
		return nil, nil
	}
	list := &st.parts[i]
	list.once.Do(func() { list.files, list.err = st.commits[i].sources() })
	if list.err != nil {
		return nil, list.err
	}
	return &list.files[file-st.commits[i].first], nil
}

// Len is how many events the store holds.
func (s *Store) Len() int {
	n := 0
	for _, seg := range s.state().segments {
		n += seg.rows
	}
	return n
}

// lock takes the store for one import.
func (s *Store) lock() (unlock func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return nil, fmt.Errorf("cannot import: %w", ErrBusy)
	}
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return nil, fmt.Errorf("cannot import: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, fmt.Errorf("cannot import: %w", err)
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot import: %w", err)
	}
	s.busy = true
	return func() {
		s.mu.Lock()
		s.busy = false
		s.mu.Unlock()
		f.Close()
	}, nil
}
