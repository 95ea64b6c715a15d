package scan

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// gitDir looks at the files of the git directory that are no objects and no index:
// addresses with passwords, hooks, reflogs, half-written messages, what a rebase or
// a tool keeps. Which there are is not for a list to say: people and programs put
// what they like there. The repositories of submodules are found on the way, also
// those that are not checked out.
func (x *repository) gitDir(ctx context.Context) error {
	roots := []string{x.r.CommonDir()}
	if rel, err := filepath.Rel(x.r.CommonDir(), x.r.GitDir()); err != nil || !filepath.IsLocal(rel) {
		roots = append(roots, x.r.GitDir()) // of a linked work tree it usually lies within
	}
	var list []item
	for _, root := range roots {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			rel, relErr := filepath.Rel(root, p)
			rel = filepath.ToSlash(rel)
			switch {
			case relErr != nil || ctx.Err() != nil:
				return errors.Join(relErr, ctx.Err())
			case errors.Is(err, fs.ErrNotExist): // gone meanwhile
			case err != nil:
				x.gap(Gap{Source: x.source, Where: rel, Why: "unreadable", Detail: cause(err).Error()})
			case d.IsDir() && stored(rel):
				return fs.SkipDir
			case d.IsDir() && rel != "." && isRepository(p):
				x.modules = append(x.modules, x.held(p))
				return fs.SkipDir
			case !d.IsDir() && !isIndex(rel):
				list = append(list, item{path: p, at: Place{Source: x.source, Where: InGitDir, Path: rel}})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return x.files(ctx, list, x.allowed)
}

// stored says whether a folder is one that is read in another way: objects, and refs
// with their names.
func stored(rel string) bool {
	if parts := strings.Split(rel, "/"); len(parts) == 3 && parts[0] == "worktrees" {
		rel = parts[2]
	}
	return rel == "objects" || rel == "refs" || rel == "reftable"
}

// isIndex says whether a file is one: ids, and names that trees have.
func isIndex(rel string) bool {
	if dir := path.Dir(rel); dir != "." && path.Dir(dir) != "worktrees" {
		return false
	}
	base := path.Base(rel)
	return base == "index" || strings.HasPrefix(base, "sharedindex.")
}
