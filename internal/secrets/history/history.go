// Package history finds, for git-secrets, the commits of a repository that may
// have changed a line with a secret: by reading every object once, and not the
// difference of every commit.
package history

import (
	"context"
	"slices"
	"strings"

	"cordon/internal/secrets/ere"
	"cordon/internal/secrets/gitsecrets"
	"cordon/internal/secrets/pack"
)

// Find reads the repository. It answers false when that did not show all there
// is; then git is asked.
func Find(q gitsecrets.Question) (gitsecrets.Found, bool) {
	found, err := find(context.Background(), q)
	return found, err == nil && found.Blobs != nil
}

func find(ctx context.Context, q gitsecrets.Question) (found gitsecrets.Found, err error) {
	re, err := ere.Compile(q.Patterns, ere.Options{Dialect: q.Dialect})
	if err != nil {
		return found, err
	}
	repo, err := pack.OpenEnv(ctx, q.Dir, func(name string) string { return value(q.Env, name) })
	if err != nil {
		return found, err
	}
	defer func() { _ = repo.Close() }()
	refs, err := repo.Refs(ctx)
	if err != nil || slices.ContainsFunc(refs, replaced) {
		return found, err // git shows other objects than there are
	}
	if repo.Grafted() {
		return found, nil // and other parents
	}
	seen, err := repo.Scan(ctx, pack.Options{Matcher: func() pack.Matcher { return matcher{re.Clone()} }})
	if err != nil || len(seen.Gaps) > 0 {
		return found, err
	}
	blobs := map[string]bool{}
	var ids []pack.ID
	for _, h := range seen.Hits {
		if h.Kind == pack.Blob {
			ids = append(ids, h.ID)
			blobs[h.ID.String()] = true
		}
	}
	if len(ids) > 0 {
		if found.Commits, found.Merges, err = commits(ctx, repo, ids, q.Merges); err != nil {
			return found, err
		}
	}
	found.Blobs = blobs
	return found, nil
}

// commits lists those that add or drop such a blob, and apart from them, when
// they are wanted, merges that have one that none of their parents has.
func commits(ctx context.Context, repo *pack.Repository, ids []pack.ID, merges bool) (all, own []string, err error) {
	touching, err := repo.Touching(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	known := map[string]bool{}
	for _, id := range touching {
		all = append(all, id.String())
		known[id.String()] = true
	}
	if !merges {
		return all, nil, nil
	}
	places, err := repo.Places(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, list := range places {
		for _, p := range list {
			if id := p.Commit.String(); !p.Commit.IsZero() && p.Reach <= pack.ByStash && !known[id] {
				known[id] = true
				own = append(own, id)
			}
		}
	}
	slices.Sort(own)
	return all, own, nil
}

func replaced(r pack.Ref) bool { return strings.HasPrefix(r.Name, "refs/replace/") }

func value(env []string, name string) (v string) {
	for _, e := range env {
		if found, ok := strings.CutPrefix(e, name+"="); ok {
			v = found
		}
	}
	return v
}

// matcher shows lines to expressions.
type matcher struct{ re *ere.Regexp }

func (m matcher) Lines(text []byte, hits []int) []int { return m.re.Lines(text, hits) }
func (matcher) Whole([]byte) bool                     { return false }
func (matcher) Blob([]byte) bool                      { return false }
func (matcher) Name([]byte) bool                      { return false }
