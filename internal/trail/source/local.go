package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/trail"
)

// Local lists the files at these paths, folders with all that is in them. Names
// are absolute. What cannot be read below a path is told and the rest listed; a
// path that is not there at all is an error. Links are followed, no folder twice.
func Local(paths []string, only Only) ([]trail.File, []Damage, error) {
	w := walk{sift: newSift(only), seen: map[string]bool{}}
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
		w.given = true
		w.folder(name, real, folderOf(name))
	}
	w.follow()
	for kind, n := range w.left {
		w.notes = append(w.notes, Damage{File: kind, Note: true, Why: leftOut(n)})
	}
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
	*sift
	seen  map[string]bool // folders, by their real path
	links []link
	given bool // the next folder was named by the user
}

func (w *walk) tell(name string, err error) {
	w.notes = append(w.notes, Damage{File: name, Why: "cannot read: " + reason(err)})
}

// reason leaves out the path, which stands beside it.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func (w *walk) folder(name, real string, p place) {
	given := w.given
	w.given = false
	if !w.only.admits(p) {
		return
	}
	if w.seen[real] {
		if !given { // naming a folder within another one is no mistake
			w.notes = append(w.notes, Damage{File: name, Note: true, Why: "a link to a folder that is listed already"})
		}
		return
	}
	w.seen[real] = true
	dir, err := os.Open(name)
	if err != nil {
		w.tell(name, err)
		return
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		w.tell(name, err)
	}
	if name[len(name)-1] != filepath.Separator {
		name += string(filepath.Separator)
	}
	var below []string
	for _, e := range entries {
		if e.IsDir() {
			below = append(below, e.Name())
		} else {
			w.entry(dir, name, e, p)
		}
	}
	_ = dir.Close() // only read, and not kept open while going deeper
	for _, base := range below {
		w.folder(name+base, filepath.Join(real, base), p.below(base))
	}
}

func (w *walk) entry(dir *os.File, above string, e fs.DirEntry, p place) {
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
	w.folder(l.name, real, l.above.below(l.base))
}

func (w *walk) file(name string, info fs.FileInfo, p place) {
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
