package pack

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// A judge is one worker's visitor: it shows objects to its matcher, and notes of
// trees and commits what attribution needs.
type judge struct {
	ctx    context.Context
	r      *Repository
	n      *numbers
	g      *gather
	m      Matcher   // nil: only trees and commits matter
	p      *packFile // nil for loose objects
	first  int32     // of p, where not nil
	noMemo bool
	found
	looked int64
	kept   []span
	scrap  []int
	noted  map[ID]bool // of outside
	count  int         // of outside, of all objects
	room   *atomic.Int64
	left   int            // of room, taken already
	twins  map[int32]bool // children of the tree at hand, where it has many
	told   struct{ edges, outside bool }
}

// found is what judging an object or a pack brought to light.
type found struct {
	hits    []Hit
	names   []nameAt
	outside []ID // named by trees, commits and tags, and not in the pack itself
	full    bool // there are more: this is not to be kept
	gaps    []Gap
}

// Bounds of what is noted of trees: a small pack can name other objects over and
// over, and each of them is worth a few dozen bytes here.
var (
	maxOutside = 1 << 20 // of one worker and pack
	maxEdges   = 1 << 23 // of a scan, and 8 for each object there is
)

func (f *found) add(o *found) {
	f.hits = append(f.hits, o.hits...)
	f.names = append(f.names, o.names...)
	f.outside = append(f.outside, o.outside...)
	f.full = f.full || o.full
	f.gaps = append(f.gaps, o.gaps...)
}

// A nameAt is an entry of a tree, without its name: that may be a secret, and
// this is kept.
type nameAt struct {
	tree ID
	at   int
}

func (j *judge) see(w *walker, b, base *built, segments []segment) {
	pos := int32(w.f.objects[b.i].pos)
	number := j.first + pos
	if j.noMemo && b.kind != Tree {
		base = nil
	}
	if len(j.n.twice) > 0 && len(w.f.deltas(b.i)) == 0 {
		if _, ok := j.n.twice[number]; ok {
			return // judged in another pack
		}
	}
	id := func() ID { return w.f.id(b.i) }
	j.object(number, j.first+b.i, id, b, base, segments)
}

// object judges one. local is what the graph knows it by: pack objects in the
// order of the forest, others by their number.
func (j *judge) object(number, local int32, id func() ID, b, base *built, segments []segment) {
	switch {
	case b.large:
		j.large(id(), b.kind)
	case b.kind == Tree:
		j.tree(local, id, b, base, segments)
	default:
		if j.m != nil {
			j.text(id, b, base, segments)
		}
		switch b.kind {
		case Commit:
			j.commit(j.n.same(number), id, b.body)
		case Tag:
			if to, ok := tagged(b.body); ok && int(to.n) == j.r.hash {
				j.child(to.b[:to.n])
			}
		}
	}
}

// text shows a blob, commit or tag.
func (j *judge) text(id func() ID, b, base *built, segments []segment) {
	if b.kind == Blob {
		n := min(len(b.body), HeadSize)
		if base != nil && len(segments) > 0 && segments[0].base == 0 && segments[0].from == 0 && segments[0].to >= HeadSize {
			b.whole = base.whole
		} else {
			b.whole = j.m.Whole(b.body[:n:n])
		}
		if b.whole {
			j.looked += int64(len(b.body))
			if j.m.Blob(b.body) {
				j.hits = append(j.hits, Hit{ID: id(), Kind: Blob})
			}
			return
		}
	}
	b.lined = true
	looked := len(b.body)
	if base != nil && base.lined {
		b.hits, looked = lines(j.m, b.body, base.body, segments, base.hits, b.hits[:0])
	} else if looked > 0 {
		b.hits = look(j.m, b.body, 0, looked, b.hits[:0])
	}
	j.looked += int64(looked)
	if len(b.hits) > 0 {
		j.hits = append(j.hits, Hit{id(), b.kind, slices.Clone(b.hits)})
	}
}

const tooLarge = "the object is larger than"

// large shows what does not fit in memory piece by piece.
func (j *judge) large(id ID, kind Kind) {
	gap := func(why string, args ...any) {
		j.gaps = append(j.gaps, Gap{ID: id, Why: fmt.Sprintf(tooLarge+" %d MiB: ", maxBody>>20) + fmt.Sprintf(why, args...)})
	}
	if kind == Tree || kind == Commit || j.m == nil {
		if kind != Blob {
			gap("a %s of that size is not read", kind)
		}
		return
	}
	h := Hit{ID: id}
	err := j.r.git().stream(j.ctx, id, func(kind Kind, piece []byte, at int64, cut bool) {
		if n := min(len(piece), HeadSize); at == 0 && kind == Blob && j.m.Whole(piece[:n:n]) {
			gap("what is in it was not unpacked, it was looked at as text")
		}
		if cut && at == 0 {
			gap("a line of it was looked at in pieces")
		}
		h.Kind = kind
		j.looked += int64(len(piece))
		j.scrap = look(j.m, piece, 0, len(piece), j.scrap[:0])
		for _, off := range j.scrap {
			h.At = append(h.At, int(at)+off)
		}
	})
	if err != nil {
		gap("%v", err)
	}
	if len(h.At) > 0 {
		slices.Sort(h.At)
		h.At = slices.Compact(h.At)
		j.hits = append(j.hits, h)
	}
}

// tree looks at the names that are new, and notes what the tree holds.
func (j *judge) tree(local int32, id func() ID, b, base *built, segments []segment) {
	if base != nil && len(base.named) == 0 {
		base = nil
	}
	ok := true
	begin := len(j.g.edges)
	b.named, j.kept, ok = entries(b.body, j.r.hash, base, segments, b.named[:0], j.kept[:0], func(at int, e leaf) int32 {
		if j.m != nil && j.m.Name(e.name) {
			j.names = append(j.names, nameAt{id(), at})
		}
		if e.mode == modeCommit {
			return -1
		}
		child := j.child(e.id)
		if child < 0 || e.mode != modeTree && !j.g.wanted(child, e.id) {
			return -1
		}
		if !j.twin(j.g.edges[begin:], child) && j.may(id) {
			j.g.edges = append(j.g.edges, edge{child, local})
		}
		return child
	})
	if !ok {
		j.gaps = append(j.gaps, Gap{ID: id(), Pack: j.packName(), Why: "the tree cannot be read on: an entry of it is not one"})
		b.named = b.named[:0]
	}
	if base != nil && ok {
		dropped(base.named, b.named, j.kept, func(child int32) {
			if j.may(id) {
				j.g.drops = append(j.g.drops, edge{child, local})
			}
		})
	}
}

// twin says whether a tree names a child that it has named before. Of the first few
// it looks at the last one alone: nearly all trees have no more, nor a twin.
func (j *judge) twin(edges []edge, child int32) bool {
	const few = 256
	if len(edges) < few {
		return len(edges) > 0 && edges[len(edges)-1].child == child
	}
	if len(edges) == few {
		j.twins = map[int32]bool{}
		for _, e := range edges {
			j.twins[e.child] = true
		}
	}
	if j.twins[child] {
		return true
	}
	j.twins[child] = true
	return false
}

// may says whether there is room for one more edge. Where there is none, that is
// told once.
func (j *judge) may(id func() ID) bool {
	if j.left == 0 {
		const part = 1 << 12
		if j.left = int(min(part, max(0, j.room.Add(-part)+part))); j.left == 0 {
			if !j.told.edges {
				j.told.edges = true
				j.gaps = append(j.gaps, Gap{ID: id(), Pack: j.packName(), Why: "trees name more than can be kept: where in the history things stand is not told of all"})
			}
			return false
		}
	}
	j.left--
	return true
}

func (j *judge) packName() string {
	if j.p == nil {
		return ""
	}
	return j.p.name
}

// child is the number of what a tree or commit names; what is not in the pack is
// noted.
func (j *judge) child(id []byte) int32 {
	if j.p != nil {
		if pos := j.p.x.find(id); pos >= 0 {
			return j.n.same(j.first + int32(pos))
		}
	}
	k := j.n.of(id, nil)
	j.elsewhere(rawID(id), k >= 0)
	return k
}

// elsewhere notes an object that is not in the pack: it may not be here, or one day
// no more. Beyond the bound only what is not here matters.
func (j *judge) elsewhere(id ID, here bool) {
	switch {
	case j.noted[id]:
	case j.count < maxOutside:
		if j.noted == nil {
			j.noted = map[ID]bool{}
		}
		j.noted[id] = true
		j.count++
		j.outside = append(j.outside, id)
	default:
		if !here && !j.told.outside {
			j.told.outside = true
			j.gaps = append(j.gaps, Gap{ID: id, Pack: j.packName(), Why: "the object is named and is not here, and so may be others: there are too many to list"})
		}
		j.full = true
	}
}

// take is what was found since the last time.
func (j *judge) take() *found {
	f := j.found
	j.found = found{}
	if clear(j.noted); len(f.outside) > 1<<12 {
		j.noted = nil
	}
	return &f
}
