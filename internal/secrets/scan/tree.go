package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"cordon/internal/secrets/pack"
)

// A treeEntry is one line of a tree.
type treeEntry struct {
	mode uint32
	id   pack.ID
}

// entry finds a name in a tree.
func entry(body []byte, name string, idSize int) (treeEntry, bool) {
	var found treeEntry
	ok := false
	entries(body, idSize, func(n []byte, mode uint32, id pack.ID) bool {
		if string(n) == name {
			found, ok = treeEntry{mode, id}, true
		}
		return !ok
	})
	return found, ok
}

// entries calls f for each entry of a tree until it says no. What is no tree
// ends it.
func entries(body []byte, idSize int, f func(name []byte, mode uint32, id pack.ID) bool) {
	for len(body) > 0 {
		nul := bytes.IndexByte(body, 0)
		if nul < 0 || nul+1+idSize > len(body) {
			return
		}
		mode, name, ok := bytes.Cut(body[:nul], []byte(" "))
		if !ok {
			return
		}
		var m uint32
		for _, c := range mode {
			m = m<<3 | uint32(c-'0')&7
		}
		id, err := pack.ParseID(fmt.Sprintf("%x", body[nul+1:nul+1+idSize]))
		if err != nil || !f(name, m, id) {
			return
		}
		body = body[nul+1+idSize:]
	}
}

// Staged looks at what the next commit would add: entries of the index that HEAD
// does not have at their path.
func (s *Scan) Staged(ctx context.Context, dir string) error {
	r, err := pack.OpenEnv(ctx, dir, s.o.Env)
	if err != nil {
		return fmt.Errorf("cannot read the repository: %w", err)
	}
	defer r.Close()
	x := &repository{Scan: s, r: r, source: dir, allowed: s.allowedOf(dir, r.WorkTree())}
	s.res.Sources++
	index, err := r.Index(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the index: %w", err)
	}
	head, err := x.headTree(ctx)
	if err != nil {
		return err
	}
	trees := map[string][]byte{}
	for _, e := range index {
		if e.IntentToAdd || e.Mode == submodule || x.inTree(ctx, trees, head, e) {
			continue
		}
		_, body, err := r.Object(ctx, e.ID)
		content := Place{Source: dir, Where: InIndex, Path: e.Path, Object: e.ID.String(), Reach: pack.ByIndex.String(), InIndex: true}
		if errors.Is(err, pack.ErrLarge) {
			x.incomingLarge(ctx, e.ID, content)
		} else if err != nil {
			x.gap(Gap{Source: dir, Where: e.Path, Why: "missing", Detail: err.Error()})
			continue
		}
		s.res.Files++
		s.res.Bytes += int64(len(body))
		x.body(x.detect, x.match, body, content, x.allowed)
		at := Place{Source: dir, Where: InName, Path: e.Path, Reach: pack.ByIndex.String(), InIndex: true}
		if x.match.Name([]byte(e.Path)) {
			s.note(x.allowed.sightings(x.detect.Text([]byte(e.Path)), []byte(e.Path), at))
		}
	}
	return ctx.Err()
}

// submodule is the mode of a commit in a tree.
const submodule = 0o160000

// headTree is the tree of HEAD, zero before the first commit.
func (x *repository) headTree(ctx context.Context) (pack.ID, error) {
	refs, err := x.r.Refs(ctx)
	if err != nil {
		return pack.ID{}, fmt.Errorf("cannot read HEAD: %w", err)
	}
	for _, ref := range refs {
		if ref.Name == "HEAD" && !ref.Reflog && !ref.ID.IsZero() {
			return x.rootOf(ctx, ref.ID)
		}
	}
	return pack.ID{}, nil
}

// inTree says whether a tree has an entry at its path. What cannot be read does
// not have it: then the entry is looked at.
func (x *repository) inTree(ctx context.Context, trees map[string][]byte, root pack.ID, e pack.Entry) bool {
	if root.IsZero() {
		return false
	}
	parts := strings.Split(e.Path, "/")
	tree, dir := root, ""
	for i, part := range parts {
		body, known := trees[dir]
		if !known {
			_, body, _ = x.r.Object(ctx, tree) // unreadable: empty, and the entry is new
			trees[dir] = body
		}
		found, ok := entry(body, part, len(root.Bytes()))
		if !ok {
			return false
		}
		if i == len(parts)-1 {
			return found.id == e.ID
		}
		tree, dir = found.id, dir+part+"/"
	}
	return false
}
