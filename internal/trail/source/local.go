package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cordon/internal/trail"
)

// Local lists the files at these paths, folders with all that is in them. Names
// are absolute. What cannot be read below a path is told and the rest listed; a
// path that is not there at all is an error. Links are followed, no folder twice.
func Local(paths []string, only Only) ([]trail.File, []Damage, error) {
	w := walk{found: found{sift: newSift(only)}, seen: map[string]bool{}, room: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))}
	for _, p := range paths {
		name, err := filepath.Abs(p)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot find %s: %w", p, err)
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot find %s: %w", p, err)
		}
		if !info.IsDir() {
			w.file(name, info, placeOf(filepath.ToSlash(name)))
			continue
		}
		real, err := filepath.EvalSymlinks(name)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot find %s: %w", p, err)
		}
		w.tree(folder{name, real, folderOf(name)}, true)
	}
	w.follow()
	for kind, n := range w.left {
		w.notes = append(w.notes, Damage{File: kind, Note: true, Why: leftOut(n)})
	}
	w.files = slices.Concat(append(w.lists, w.files)...)
	files, notes := w.done()
	return files, notes, nil
}

func leftOut(n int) string {
	return fmt.Sprintf("%d files of this kind hold no calls and were left out", n)
}

// folderOf is the place of a folder by its whole path.
func folderOf(name string) (p place) {
	for part := range strings.SplitSeq(filepath.ToSlash(name), "/") {
		if part != "" {
			p = p.below(part)
		}
	}
	return p
}

// A walk goes through folders.
type walk struct {
	found
	mu    sync.Mutex      // for what was found and seen
	seen  map[string]bool // folders, by their real path
	lists [][]trail.File  // of the folders
	room  chan struct{}   // for those that go through folders besides the caller
	wg    sync.WaitGroup
}

// Found is what lies in folders.
type found struct {
	*sift
	links []link
}

// A folder is one to go through.
type folder struct {
	name, real string
	place      place
}

func (w *found) tell(name string, err error) {
	w.notes = append(w.notes, Damage{File: name, Why: "cannot read: " + reason(err)})
}

// reason leaves out the path, which stands beside it.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// tree goes through a folder, which the user named or did not, and all below it.
func (w *walk) tree(f folder, given bool) {
	w.folder(f, given)
	w.wg.Wait()
}

func (w *walk) folder(f folder, given bool) {
	if !w.only.admits(f.place) || !w.first(f, given) {
		return
	}
	here := found{sift: newSift(w.only)}
	below := here.read(&f)
	w.mu.Lock()
	w.lists, w.notes, w.links = append(w.lists, here.files), append(w.notes, here.notes...), append(w.links, here.links...)
	for kind, n := range here.left {
		w.left[kind] += n
	}
	w.mu.Unlock()
	for _, base := range below {
		next := folder{f.name + base, filepath.Join(f.real, base), f.place.below(base)}
		select {
		case w.room <- struct{}{}:
			w.wg.Go(func() {
				w.folder(next, false)
				<-w.room
			})
		default:
			w.folder(next, false)
		}
	}
}

// first says whether nobody went through the folder before.
func (w *walk) first(f folder, given bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[f.real] {
		if !given { // naming a folder within another one is no mistake
			w.notes = append(w.notes, Damage{File: f.name, Note: true, Why: "a link to a folder that is listed already"})
		}
		return false
	}
	w.seen[f.real] = true
	return true
}

// read finds what lies in one folder, and answers which folders are below it. The
// folder's name ends in a separator then.
func (w *found) read(f *folder) (below []string) {
	dir, err := os.Open(f.name)
	if err != nil {
		w.tell(f.name, err)
		return nil
	}
	defer dir.Close() //nolint:errcheck // only read
	entries, err := dir.ReadDir(-1)
	if err != nil {
		w.tell(f.name, err)
	}
	if f.name[len(f.name)-1] != filepath.Separator {
		f.name += string(filepath.Separator)
	}
	w.files = make([]trail.File, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() {
			below = append(below, e.Name())
		} else {
			w.entry(dir, f.name, e, f.place)
		}
	}
	return below
}

func (w *found) entry(dir *os.File, above string, e fs.DirEntry, p place) {
	base := e.Name()
	at := p.file(base)
	switch {
	case e.Type()&fs.ModeSymlink != 0:
		w.links = append(w.links, link{above + base, base, p})
	case !w.only.admits(at):
	case !e.Type().IsRegular():
		w.notes = append(w.notes, Damage{File: above + base, Why: "no regular file"})
	default:
		size, modified, err := sizeAndTime(dir, base)
		if err != nil {
			w.tell(above+base, err)
			return
		}
		w.add(trail.File{Name: above + base, Size: size, Version: version(size, modified)}, at)
	}
}

// A link waits until all is walked that is no link, so that what is there twice
// goes by its own name.
type link struct {
	name, base string
	above      place
}

func (w *walk) follow() {
	for len(w.links) > 0 {
		now := w.links
		w.links = nil
		slices.SortFunc(now, func(a, b link) int { return strings.Compare(a.name, b.name) })
		for _, l := range now {
			w.link(l)
		}
	}
}

func (w *walk) link(l link) {
	info, err := os.Stat(l.name)
	if err != nil {
		w.tell(l.name, err)
		return
	}
	if !info.IsDir() {
		w.file(l.name, info, l.above.file(l.base))
		return
	}
	real, err := filepath.EvalSymlinks(l.name)
	if err != nil {
		w.tell(l.name, err)
		return
	}
	w.tree(folder{l.name, real, l.above.below(l.base)}, false)
}

func (w *found) file(name string, info fs.FileInfo, p place) {
	if !info.Mode().IsRegular() {
		w.notes = append(w.notes, Damage{File: name, Why: "no regular file"})
		return
	}
	w.add(trail.File{Name: name, Size: info.Size(), Version: version(info.Size(), info.ModTime().UnixNano())}, p)
}

// version changes when a file does, as far as size and time tell.
func version(size, modified int64) string {
	var b [32]byte
	return string(strconv.AppendInt(append(strconv.AppendInt(b[:0], size, 36), '-'), modified, 36))
}
