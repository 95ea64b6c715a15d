package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	given bool            // the next folder was named by the user
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
	entries, err := os.ReadDir(name)
	for _, e := range entries {
		w.entry(filepath.Join(name, e.Name()), filepath.Join(real, e.Name()), e, p)
	}
	if err != nil {
		w.tell(name, err)
	}
}

func (w *walk) entry(name, real string, e fs.DirEntry, p place) {
	switch {
	case e.IsDir():
		w.folder(name, real, p.below(e.Name()))
	case e.Type()&fs.ModeSymlink != 0:
		w.link(name, e.Name(), p)
	default:
		at := p.file(e.Name())
		if !w.only.admits(at) {
			return
		}
		info, err := e.Info()
		if err != nil {
			w.tell(name, err)
			return
		}
		w.file(name, info, at)
	}
}

func (w *walk) link(name, base string, p place) {
	info, err := os.Stat(name)
	if err != nil {
		w.tell(name, err)
		return
	}
	if !info.IsDir() {
		w.file(name, info, p.file(base))
		return
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		w.tell(name, err)
		return
	}
	w.folder(name, real, p.below(base))
}

func (w *walk) file(name string, info fs.FileInfo, p place) {
	if !info.Mode().IsRegular() {
		w.notes = append(w.notes, Damage{File: name, Why: "no regular file"})
		return
	}
	w.add(trail.File{Name: name, Size: info.Size(), Version: version(info)}, p)
}

// version changes when a file does, as far as size and time tell.
func version(info fs.FileInfo) string {
	return strconv.FormatInt(info.Size(), 36) + "-" + strconv.FormatInt(info.ModTime().UnixNano(), 36)
}
