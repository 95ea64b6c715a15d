package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// What Places found out holds for good, as a commit never changes: only those are
// read that were not there. It is kept in two files: the answer itself, with which
// refs' commits come from which that it names (brief.go), and the lineage of all
// commits, which is read where that is not enough. The answer holds for the stores
// that it was made of: with a pack more or less, the lineage is asked what is new;
// where a commit is gone, or something was not here that may have come since, the
// history is read anew.

// maxUnkept is how many commits are read again each time: writing the answer costs
// more than that. maxLoose is the same for objects that may be commits.
const (
	maxUnkept = 32
	maxLoose  = 8 * maxUnkept
)

// A memory is where the answer is kept.
type memory struct {
	*cache
	places, lineage string
	m               Matcher
	state           [32]byte // of what else it depends on
}

// memory is nil where there is no cache, and for a repository that lacks what it
// names or has what cannot be read: that may come, and change the answer.
func (q *question) memory() *memory {
	q.r.mu.Lock()
	o, faulty := q.r.last, q.r.faulty
	q.r.mu.Unlock()
	if o.Cache == "" || o.Matcher == nil || faulty {
		return nil
	}
	sum := sha256.Sum256([]byte(q.r.commonDir))
	name := hex.EncodeToString(sum[:10])
	k := &memory{cache: openCache(o.Cache, o.Rules), places: "places-" + name, lineage: "lineage-" + name, m: o.Matcher()}
	cut, _ := readSmall(filepath.Join(q.r.commonDir, "shallow")) // there is none, mostly
	k.state = sha256.Sum256(append(cut, bit(q.r.promisor)))
	return k
}

// remember keeps the answer, and which objects there were: one that is asked for
// later and was not there can only have come in since. A path in which the matcher
// sees something is not kept: it is read from the commit again.
func (q *question) remember() {
	k := q.memory()
	if k == nil {
		return
	}
	q.lin.settle()
	e := &encoder{b: make([]byte, 0, len(q.lin.ids)+16*q.lin.len())}
	e.lineage(q.lin)
	sum := sha256.Sum256(e.b)
	k.keep(k.lineage, e)
	if a := q.answer(k, sum); a != nil {
		k.keep(k.places, a)
	}
}

func (e *encoder) lineage(l *lineage) {
	e.number(l.len())
	e.b = append(e.b, l.ids...)
	for i := range l.len() {
		e.number(int(l.dates[i]))
		parents := l.parents(int32(i))
		e.number(len(parents)<<1 | int(bit(l.merges[i])))
		for _, p := range parents {
			e.number(i - int(p))
		}
	}
	for _, i := range l.byID {
		e.number(int(i))
	}
}

// lineage reads all commits, nil where that is not the lineage that was kept.
func (d *decoder) lineage(hash int) *lineage {
	n := d.number(1 << 28)
	l := &lineage{hash: hash, ids: bytes.Clone(d.take(n * hash)), begin: make([]int32, 1, n+1)}
	if d.bad {
		return nil
	}
	l.dates, l.merges, l.byID = make([]int64, n), make([]bool, n), make([]int32, n)
	for i := range n {
		l.dates[i] = int64(d.number(1 << 41))
		k := d.number(1 << 20)
		l.merges[i] = k&1 != 0
		for range k >> 1 {
			back := d.number(i)
			if back == 0 {
				d.bad = true
			}
			if d.bad {
				return nil
			}
			l.above = append(l.above, int32(i-back))
		}
		l.begin = append(l.begin, int32(len(l.above)))
	}
	for i := range l.byID {
		l.byID[i] = int32(d.number(max(n-1, 0)))
	}
	if d.bad || len(d.b) > 0 {
		return nil
	}
	return l
}

// telling says whether a path may hold what is looked for.
func telling(m Matcher, path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if m.Name([]byte(name)) {
			return true
		}
	}
	return len(m.Lines([]byte(path), nil)) > 0
}

// remembered reads the answer as it was, and the commits that came since.
func (q *question) remembered(ctx context.Context) bool {
	k := q.memory()
	if k == nil {
		return false
	}
	a := readAnswer(k.load(k.places), q.r.hash)
	if a == nil || a.state != k.state {
		return false
	}
	s := q.stores(a)
	if q.r.promisor && len(s.packs)+len(s.loose) > 0 {
		return false // what was left at the remote may have come
	}
	return q.shortly(ctx, a, s) || ctx.Err() == nil && q.thoroughly(ctx, k, a, s)
}

// stores are how the objects differ from those that there were.
type stores struct {
	there []*index    // packs that there were and are
	packs []*packFile // that there were not
	loose []ID        // the same, in order
	less  bool        // a pack or loose object is gone
}

func (q *question) stores(a *answer) *stores {
	s := &stores{}
	hash, matched := q.r.hash, 0
	for _, p := range q.r.packs {
		if a.hadPack(p.x.pack()) {
			s.there = append(s.there, p.x)
			matched++
		} else {
			s.packs = append(s.packs, p)
		}
	}
	s.less = matched < len(a.packs)/hash
	was := a.loose
	for _, id := range q.n.loose {
		for len(was) > 0 && bytes.Compare(was[:hash], id.b[:hash]) < 0 {
			was, s.less = was[hash:], true
		}
		if len(was) > 0 && bytes.Equal(was[:hash], id.b[:hash]) {
			was = was[hash:]
			continue
		}
		s.loose = append(s.loose, id)
	}
	s.less = s.less || len(was) > 0
	return s
}

// shortly answers from what was kept and a few loose objects. False says that
// this is not enough, and nothing else.
func (q *question) shortly(ctx context.Context, a *answer, s *stores) bool {
	if len(s.packs) > 0 || s.less || len(s.loose) > maxLoose {
		return false
	}
	fresh := func(id ID) bool {
		_, is := slices.BinarySearchFunc(s.loose, id, ID.Compare)
		return is
	}
	b := a.brief()
	b.fresh = fresh
	q.lin, q.all = nil, b
	if !q.take(a, nil, fresh) {
		return false
	}
	tips := q.looseCommits(s.loose)
	if len(tips) >= maxUnkept || !q.since(ctx, tips) || !q.unhide() {
		return false
	}
	for i := range q.refs {
		id := q.refs[i].Peeled
		if k := b.find(id); k >= 0 && b.rows[k] != nil || q.n.of(id.b[:id.n], nil) < 0 {
			continue
		} else if k >= 0 || q.r.kind(id) == Commit {
			return false
		}
	}
	return true
}

// thoroughly answers from what was kept, the lineage of all commits, and those
// that are new. The answer is then kept anew.
func (q *question) thoroughly(ctx context.Context, k *memory, a *answer, s *stores) bool {
	d := k.load(k.lineage)
	if d == nil || sha256.Sum256(d.b) != a.lineage {
		return false
	}
	l := d.lineage(q.r.hash)
	if l == nil {
		return false
	}
	for i := 0; s.less && i < l.len(); i++ {
		if q.n.of(l.raw(int32(i)), nil) < 0 {
			return false // it was pruned: nothing that it brought in is told
		}
	}
	gone := len(s.there) < len(a.packs)/q.r.hash
	was := func(id ID) bool { // there, for all that is known
		return gone || a.hadLoose(id) || slices.ContainsFunc(s.there, func(x *index) bool { return x.find(id.b[:id.n]) >= 0 })
	}
	q.lin, q.all = l, l
	if !q.take(a, l, func(id ID) bool { return l.find(id) >= 0 || !was(id) }) {
		return false
	}
	tips := q.looseCommits(s.loose)
	for _, p := range s.packs {
		f := p.grow(q.r.kind)
		for i := range f.objects {
			if f.objects[i].kind != Commit {
				continue
			}
			if id := f.id(int32(i)); l.find(id) < 0 {
				tips = append(tips, id)
			}
		}
	}
	if len(tips) > maxNew || !q.since(ctx, tips) || !q.unhide() {
		return false
	}
	q.remember()
	return true
}

// looseCommits are those of some objects that are commits.
func (q *question) looseCommits(ids []ID) (list []ID) {
	for _, id := range ids {
		if kind, err := looseKind(q.r.loose[id]); err == nil && kind == Commit {
			list = append(list, id)
		}
	}
	return list
}

// take sets what was kept as the answer: l is the lineage that commits are
// numbered by, nil for the answer's own. An object that it knows nothing of must
// be new.
func (q *question) take(a *answer, l *lineage, isNew func(ID) bool) bool {
	place := func(i int32) int32 { return i }
	if l != nil {
		at := make([]int32, a.named)
		for i := range at {
			if at[i] = l.find(a.id(i)); at[i] < 0 {
				return false
			}
		}
		place = func(i int32) int32 { return at[i] }
	}
	q.intro, q.more, q.who, q.hidden = make([][]introduction, len(q.ids)), make([]int, len(q.ids)), map[int32]Place{}, nil
	for i := range a.named {
		if p, ok := a.who(i); ok {
			q.who[place(int32(i))] = p
		}
	}
	all := make([]introduction, 0, a.intros)
	for i, id := range q.ids {
		k, ok := a.find(id)
		if !ok {
			if !isNew(id) {
				return false
			}
			continue
		}
		from := len(all)
		first, n, more := a.at(k)
		for j := first; j < first+n; j++ {
			commit, path := a.introduction(j)
			if path == "" {
				q.hidden = append(q.hidden, hidden{place(commit), int32(i)})
				continue
			}
			all = append(all, introduction{place(commit), path})
		}
		q.intro[i], q.more[i] = all[from:len(all):len(all)], more
	}
	return true
}

// A hidden introduction is one whose path was not kept.
type hidden struct{ commit, asked int32 }

// unhide reads commits for the paths that were not kept.
func (q *question) unhide() bool {
	sort.Slice(q.hidden, func(i, k int) bool { return q.hidden[i].commit < q.hidden[k].commit })
	for n, h := range q.hidden {
		if n > 0 && q.hidden[n-1].commit == h.commit {
			continue
		}
		tree, parents, ok := q.r.commitOf(q.all.id(h.commit))
		if !ok {
			return false
		}
		if !q.changes(tree, q.trees(parents), func(path string, k int) {
			in := introduction{h.commit, path}
			if slices.Contains(q.hidden, hidden{h.commit, int32(k)}) && !slices.Contains(q.intro[k], in) {
				q.note(k, in)
			}
		}) {
			return false
		}
	}
	return true
}
