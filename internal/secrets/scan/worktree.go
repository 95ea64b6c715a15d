package scan

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"cordon/internal/secrets/pack"
)

// workTree looks at what of the work tree is in no object yet: files that differ
// from what is staged, files that are not tracked, and where it was asked for
// those that git ignores.
func (x *repository) workTree(ctx context.Context) error {
	if _, err := os.Stat(x.r.WorkTree()); errors.Is(err, fs.ErrNotExist) {
		return nil // the repository was made for another place
	}
	folders := &folders{root: x.r.WorkTree(), real: map[string]bool{".": true}}
	list := x.tracked(ctx, folders)
	untracked, err := x.r.Untracked(ctx, x.o.Ignored)
	if err != nil {
		x.gap(Gap{Source: x.source, Where: "work tree", Why: "unreadable", Detail: err.Error()})
	}
	for _, f := range untracked {
		if dir, is := strings.CutSuffix(f, "/"); is {
			x.holds(filepath.Join(x.r.WorkTree(), filepath.FromSlash(dir)))
			continue
		}
		list = append(list, x.fileAt(f))
	}
	return x.files(ctx, x.repositories(list, folders), x.allowed)
}

func (x *repository) fileAt(f string) item {
	return item{path: filepath.Join(x.r.WorkTree(), filepath.FromSlash(f)), at: Place{Source: x.source, Where: InTree, Path: f}}
}

// tracked lists the files that may differ from what is staged. Which these are is
// not asked of git: to compare files it runs what the repository's configuration
// names. By which marks git is told not to look (assume-unchanged, skip-worktree)
// does not count: they are what people put on files with real credentials.
func (x *repository) tracked(ctx context.Context, folders *folders) (list []item) {
	written := x.r.IndexWritten() // before it is read: a later one only makes more files doubtful
	index, err := x.r.Index(ctx)
	if err != nil {
		x.gap(Gap{Source: x.source, Where: "index", Why: "unreadable", Detail: err.Error()})
		return nil
	}
	for i := 0; i < len(index); {
		e := &index[i]
		f := x.fileAt(e.Path)
		for ; i < len(index) && index[i].Path == e.Path; i++ { // several in a conflict
			f.staged = append(f.staged, index[i].ID)
		}
		if !filepath.IsLocal(filepath.FromSlash(e.Path)) {
			x.gap(Gap{Source: x.source, Where: e.Path, Why: "corrupt", Detail: "the index names a path outside of the work tree"})
			continue
		}
		there := folders.are(path.Dir(e.Path))
		if e.Mode == submodule {
			x.submodule(e.Path, there)
			continue
		}
		if !there {
			continue // deleted, or behind a link: that is read as text
		}
		info, err := os.Lstat(f.path)
		if err == nil && (info.IsDir() || e.Fresh(info, written)) {
			continue // what is in such a folder is not tracked
		}
		list = append(list, f) // also what cannot be looked at: that is a gap
	}
	return list
}

// folders knows which paths of a work tree are folders, with no link on the way.
type folders struct {
	root string
	real map[string]bool
}

func (f *folders) are(dir string) bool {
	is, known := f.real[dir]
	if known {
		return is
	}
	if f.are(path.Dir(dir)) {
		info, err := os.Lstat(filepath.Join(f.root, filepath.FromSlash(dir)))
		is = err == nil && info.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist)
	}
	f.real[dir] = is
	return is
}

// is says whether a body is what is staged.
func (f *item) is(body []byte) bool {
	for _, id := range f.staged {
		if id.Names(pack.Blob, body) {
			return true
		}
	}
	return false
}
