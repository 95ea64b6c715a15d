package scan

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cordon/internal/secrets/pack"
)

// A nested repository lies in a folder or another repository: a submodule, a
// clone in a clone, a linked work tree.
type nested struct {
	path, source string
	outer, where string // as its gap is told
	plain        bool   // nobody has looked at its files
}

// isRepository says whether a folder has a repository, or is a bare one.
func isRepository(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
		return true
	}
	for _, f := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || !info.IsDir() {
			return false
		}
	}
	_, err := os.Lstat(filepath.Join(dir, "HEAD"))
	return err == nil
}

// whole looks at a repository, closes it, and looks at those in it.
func (s *Scan) whole(ctx context.Context, r *pack.Repository, dir, source string) error {
	x := &repository{Scan: s, r: r, source: source, allowed: s.allowedOf(source, r.WorkTree())}
	bare, err := x.own(ctx, dir)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if err := s.nested(ctx, append(x.inner, x.modules...)); err != nil || !bare {
		return err
	}
	return s.folder(ctx, dir, source)
}

// own looks at what is of a repository itself. bare says that the folder's .git
// has no work tree: what lies there are files, and linked work trees.
func (x *repository) own(ctx context.Context, dir string) (bare bool, err error) {
	if !x.o.NoHistory && x.first("objects", x.r.CommonDir()) {
		if err := x.history(ctx); err != nil {
			return false, err
		}
		if err := x.gitDir(ctx); err != nil {
			return false, err
		}
	}
	root := x.r.WorkTree()
	switch {
	case x.o.NoWorkTree:
	case root != "" && x.first("files", root):
		x.linked()
		return false, x.workTree(ctx)
	case root == "":
		_, err := os.Lstat(filepath.Join(dir, ".git"))
		return err == nil && x.first("files", dir), nil
	}
	return false, nil
}

// first says whether a folder is looked at for the first time.
func (s *Scan) first(what, dir string) bool {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	is := !s.been[what+" "+dir]
	s.been[what+" "+dir] = true
	return is
}

// held is a repository that was found in this one.
func (x *repository) held(dir string) nested {
	n := nested{path: dir, source: dir, outer: x.source, where: dir}
	for _, base := range []string{x.r.WorkTree(), x.r.CommonDir()} {
		if rel, err := filepath.Rel(base, dir); base != "" && err == nil && filepath.IsLocal(rel) {
			n.source, n.where = filepath.Join(x.source, rel), filepath.ToSlash(rel)
			break
		}
	}
	return n
}

func (x *repository) holds(dir string) { x.inner = append(x.inner, x.held(dir)) }

// stores are the folders of submodules' repositories.
func (x *repository) stores() []string {
	return slices.Compact([]string{filepath.Join(x.r.CommonDir(), "modules"), filepath.Join(x.r.GitDir(), "modules")})
}

// linked are the work trees of the same repository that lie in this one, where
// git may be told to ignore them.
func (x *repository) linked() {
	root, err := filepath.EvalSymlinks(x.r.WorkTree())
	if err != nil {
		return
	}
	list, _ := filepath.Glob(filepath.Join(x.r.CommonDir(), "worktrees", "*", "gitdir")) // the pattern is ours
	for _, f := range list {
		to, err := small(f)
		if err != nil {
			continue // git itself would not find it
		}
		dir := filepath.Dir(strings.TrimSpace(string(to)))
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(f), dir)
		}
		dir, err = filepath.EvalSymlinks(dir)
		if rel, relErr := filepath.Rel(root, dir); err == nil && relErr == nil && rel != "." && filepath.IsLocal(rel) {
			x.holds(filepath.Join(x.r.WorkTree(), rel))
		}
	}
}

// submodule adds the repository of an entry of the index, or the gap that it is.
func (x *repository) submodule(at string, there bool) {
	full := filepath.FromSlash(at)
	switch {
	case there && isRepository(filepath.Join(x.r.WorkTree(), full)):
		x.holds(filepath.Join(x.r.WorkTree(), full))
	case !x.o.NoHistory && !slices.ContainsFunc(x.stores(), func(dir string) bool { return isRepository(filepath.Join(dir, full)) }):
		x.gap(Gap{Source: x.source, Where: at, Why: "missing", Detail: "a submodule that is not here"})
	}
}

// repositories adds those that lie among the files of the work tree, and leaves
// out of the files what is the inside of one.
func (x *repository) repositories(list []item, folders *folders) []item {
	for i := range list {
		folders.are(path.Dir(list[i].at.Path))
	}
	var bare []string
	for dir, is := range folders.real {
		full := filepath.Join(x.r.WorkTree(), filepath.FromSlash(dir))
		if !is || dir == "." || !isRepository(full) {
			continue
		}
		x.holds(full)
		if _, err := os.Lstat(filepath.Join(full, ".git")); err != nil {
			bare = append(bare, dir+"/")
		}
	}
	slices.SortFunc(x.inner, func(a, b nested) int { return strings.Compare(a.path, b.path) })
	x.inner = slices.CompactFunc(x.inner, func(a, b nested) bool { return a.path == b.path })
	return slices.DeleteFunc(list, func(f item) bool {
		return slices.ContainsFunc(bare, func(b string) bool { return strings.HasPrefix(f.at.Path, b) })
	})
}

// nested looks at repositories that were found on the way. One that cannot be
// read is a gap.
func (s *Scan) nested(ctx context.Context, list []nested) error {
	for _, n := range list {
		r, err := pack.Open(ctx, n.path)
		if err == nil && !liesIn(r, n.path) {
			err = errors.Join(errors.New("what is there is no repository"), r.Close())
		}
		plain := err != nil && n.plain
		if err == nil {
			s.res.Sources++
			err = s.whole(ctx, r, n.path, n.source)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.gap(Gap{Source: n.outer, Where: n.where, Why: "unreadable", Detail: err.Error()})
		}
		if plain {
			if err := s.folder(ctx, n.path, n.source); err != nil {
				return err
			}
		}
	}
	return nil
}

// liesIn says whether a repository is the folder's own, and not one around it.
func liesIn(r *pack.Repository, dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	dot := filepath.Join(dir, ".git")
	info, err := os.Stat(dot)
	return r.GitDir() == dir || r.GitDir() == dot || err == nil && info.Mode().IsRegular()
}
