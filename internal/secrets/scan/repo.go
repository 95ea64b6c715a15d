package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// Repository looks at a git repository and those that lie in it: every object,
// the names of refs, the files of .git that hold addresses and commands, what is
// staged, and what of the work tree is in no object yet.
func (s *Scan) Repository(ctx context.Context, dir string) error {
	r, err := pack.OpenEnv(ctx, dir, s.o.Env)
	if err != nil {
		return fmt.Errorf("cannot read the repository: %w", err)
	}
	return s.whole(ctx, r, dir, dir)
}

// A repository is one that is being looked at.
type repository struct {
	*Scan
	r       *pack.Repository
	source  string
	allowed *allowed
	modes   map[string]uint32
	inner   []nested
	modules []nested // submodules as they are stored; where they are checked out comes first
}

// history looks at every object.
func (x *repository) history(ctx context.Context) error {
	o := x.o.leak()
	found, err := x.r.Scan(ctx, pack.Options{
		Matcher: func() pack.Matcher { return o.Matcher() }, Rules: o.RulesHash(), Cache: x.o.Cache,
	})
	if err != nil {
		return fmt.Errorf("cannot read the objects of the repository: %w", err)
	}
	x.res.Objects += found.Objects
	x.res.Cached += found.Cached
	x.res.Bytes += found.Bytes
	for _, g := range found.Gaps {
		x.gap(Gap{Source: x.source, Where: cmp.Or(g.Pack, named(g.ID)), Offset: g.Offset, Why: whyOf(g.Why), Detail: g.Why})
	}
	if x.r.Shallow() {
		x.gap(Gap{Source: x.source, Why: "shallow"})
	}
	objects, err := x.hits(ctx, found.Hits)
	if err != nil {
		return err
	}
	names := x.names(found.Names)
	if err := x.refs(ctx); err != nil {
		return err
	}
	return x.placed(ctx, objects, names)
}

func named(id pack.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// whyOf is the word for a reason of pack's.
func whyOf(why string) string {
	for _, w := range []struct{ part, word string }{
		{"missing", "missing"}, {"promis", "missing"}, {"not here", "missing"}, {"large", "too-large"}, {"big", "too-large"}, {"permission", "unreadable"}, {"folder of", "unreadable"},
	} {
		if strings.Contains(why, w.part) {
			return w.word
		}
	}
	return "corrupt"
}

// An object is one with something in it.
type object struct {
	id    pack.ID
	kind  pack.Kind
	found []leak.Found
	body  []byte // nil: it was not read again
	head  int    // lines before a message
	short bool   // may be the target of a symbolic link
}

// hits reads the candidates in full, or remembers what they hold.
func (x *repository) hits(ctx context.Context, hits []pack.Hit) ([]object, error) {
	var out []object
	known := x.memory()
	values := x.o.Values || len(x.allowed.patterns) > 0
	for _, h := range hits {
		o := object{id: h.ID}
		if r, ok := known.recall(h.ID, values); ok {
			o.kind, o.head, o.short, o.found = r.kind, r.head, r.short, r.found
		} else {
			whole, err := x.judge(ctx, &o)
			if err != nil {
				return nil, err
			}
			if whole {
				known.keep(o)
			}
		}
		if len(o.found) > 0 {
			out = append(out, o)
		}
	}
	known.save()
	return out, nil
}

// judge reads one candidate. whole says that all of it could be read.
func (x *repository) judge(ctx context.Context, o *object) (whole bool, err error) {
	if o.kind, o.body, err = x.r.Object(ctx, o.id); errors.Is(err, pack.ErrLarge) {
		return x.large(ctx, o)
	} else if err != nil {
		why := "corrupt"
		if errors.Is(err, pack.ErrMissing) {
			why = "missing"
		}
		x.gap(Gap{Source: x.source, Where: o.id.String(), Why: why, Detail: err.Error()})
		return false, ctx.Err()
	}
	if o.kind != pack.Blob {
		if n := bytes.Index(o.body, []byte("\n\n")); n >= 0 {
			o.head = bytes.Count(o.body[:n+2], []byte("\n"))
		}
		o.found = x.detect.Text(o.body)
		return true, nil
	}
	const longestPath = 4096
	o.short = len(o.body) <= longestPath && bytes.IndexByte(o.body, '\n') < 0
	found, gaps := x.detect.File(o.body)
	for _, g := range gaps {
		x.gap(Gap{Source: x.source, Where: strings.Join(append([]string{o.id.String()}, g.Through...), " › "), Why: g.Why, Detail: g.Detail})
	}
	o.found = found
	return len(gaps) == 0, nil
}

// A name is one that holds something.
type name struct {
	pack.NameHit
	found []leak.Found
}

func (x *repository) names(hits []pack.NameHit) (out []name) {
	for _, h := range hits {
		if found := x.detect.Text([]byte(h.Name)); len(found) > 0 {
			out = append(out, name{h, found})
		}
	}
	return out
}

// refs looks at the names of refs: a branch can be called after a token.
func (x *repository) refs(ctx context.Context) error {
	refs, err := x.r.Refs(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the refs of the repository: %w", err)
	}
	for _, ref := range refs {
		if ref.Reflog || len(x.match.Lines([]byte(ref.Name), nil)) == 0 {
			continue
		}
		at := Place{Source: x.source, Where: InRef, Path: ref.Name, Commit: ref.Peeled.String(), Reach: pack.ByRef.String(), Refs: []string{ref.Name}, RefCount: 1}
		x.note(x.allowed.sightings(x.detect.Text([]byte(ref.Name)), []byte(ref.Name), at))
	}
	return nil
}

// placed says of everything found where it came in.
func (x *repository) placed(ctx context.Context, objects []object, names []name) error {
	if len(objects)+len(names) == 0 {
		return nil
	}
	var ids []pack.ID
	for _, o := range objects {
		ids = append(ids, o.id)
	}
	for _, n := range names {
		ids = append(ids, n.ID)
	}
	places, err := x.r.Places(ctx, ids)
	if err != nil {
		return fmt.Errorf("cannot tell where in the history it came in: %w", err)
	}
	for _, o := range objects {
		at := places[o.id]
		if len(at) == 0 {
			at = []pack.Place{{Reach: pack.ByNothing}}
		}
		found, id := o.found, o.id.String()
		if o.head > 0 {
			found = slices.Clone(found)
			for i := range found {
				if found[i].Line > o.head {
					found[i].Line -= o.head
				}
			}
		}
		for i := range at {
			place := x.place(&at[i])
			place.Object, place.Where = id, x.where(ctx, o, &at[i])
			x.note(x.allowed.sightings(found, o.body, place))
		}
	}
	for _, n := range names {
		told, more := false, n.Mode == submodule // what it stands for is in another repository
		for i := range places[n.ID] {
			p := &places[n.ID][i]
			more = more || p.More > 0
			if p.Path != "" && !slices.Contains(strings.Split(p.Path, "/"), n.Name) {
				continue // the same content under another name
			}
			place := x.place(p)
			place.Object, place.Where, place.Path = n.ID.String(), InName, cmp.Or(p.Path, n.Name)
			x.note(x.allowed.sightings(n.found, []byte(n.Name), place))
			told = true
		}
		if !told { // all that is known is the tree that has it
			place := Place{Source: x.source, Where: InName, Path: n.Name, Object: n.Tree.String()}
			if !more {
				place.Reach = pack.ByNothing.String()
			}
			x.note(x.allowed.sightings(n.found, []byte(n.Name), place))
		}
	}
	return nil
}

func (x *repository) place(p *pack.Place) Place {
	return Place{
		Source: x.source, Path: p.Path, Commit: named(p.Commit), Author: p.Author, Email: p.Email, Date: p.Authored.UTC(),
		InHead: p.InHead, InIndex: p.InIndex, Reach: p.Reach.String(), Refs: p.Refs, RefCount: p.RefCount,
	}
}

// where says in words of ours what an object at a place is.
func (x *repository) where(ctx context.Context, o object, p *pack.Place) string {
	switch {
	case o.kind == pack.Commit:
		return InCommit
	case o.kind == pack.Tag:
		return InTag
	case p.Reach == pack.ByNotes:
		return InNote
	case p.Reach == pack.ByIndex:
		return InIndex
	case o.short && x.mode(ctx, p.Commit, p.Path) == link:
		return InLink
	}
	return InBlob
}

// link is the mode of symbolic links.
const link = 0o120000

// mode is the mode of a path in a commit, 0 where it is not known.
func (x *repository) mode(ctx context.Context, commit pack.ID, path string) uint32 {
	if commit.IsZero() || path == "" {
		return 0
	}
	key := commit.String() + ":" + path
	if m, known := x.modes[key]; known {
		return m
	}
	if x.modes == nil {
		x.modes = map[string]uint32{}
	}
	m := x.lookUp(ctx, commit, path)
	x.modes[key] = m
	return m
}

func (x *repository) lookUp(ctx context.Context, commit pack.ID, path string) uint32 {
	tree, err := x.rootOf(ctx, commit)
	if err != nil {
		return 0
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		_, body, err := x.r.Object(ctx, tree)
		if err != nil {
			return 0
		}
		e, ok := entry(body, part, len(commit.Bytes()))
		if !ok {
			return 0
		}
		if i == len(parts)-1 {
			return e.mode
		}
		tree = e.id
	}
	return 0
}

// rootOf is the tree of a commit.
func (x *repository) rootOf(ctx context.Context, commit pack.ID) (pack.ID, error) {
	kind, body, err := x.r.Object(ctx, commit)
	if err != nil {
		return pack.ID{}, err
	}
	first, _, _ := bytes.Cut(body, []byte("\n"))
	hex, ok := bytes.CutPrefix(first, []byte("tree "))
	if kind != pack.Commit || !ok {
		return pack.ID{}, fmt.Errorf("%s is no commit", commit)
	}
	return pack.ParseID(string(hex))
}
