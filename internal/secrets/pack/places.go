package pack

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
)

// Places says where objects came into the history, oldest first. An object that
// is not here has none. After a scan with a cache the answer is kept there, and
// the next one reads only the commits that are new.
func (r *Repository) Places(ctx context.Context, ids []ID) (places map[ID][]Place, err error) {
	defer guard(&err)()
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	refs, err := r.Refs(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot say where objects stand: %w", err)
	}
	ids = slices.SortedFunc(slices.Values(ids), ID.Compare)
	ids = slices.Compact(ids)
	q := &question{r: r, n: r.numbers(), refs: refs, ids: ids}
	if !q.remembered(ctx) {
		if err := q.anew(ctx); err != nil {
			return nil, fmt.Errorf("cannot say where objects stand: %w", err)
		}
	}
	return q.places(ctx)
}

// graphOf is the graph for some objects: the last one where it knows them.
func (r *Repository) graphOf(ctx context.Context, ids []ID) (*graph, error) {
	n := r.numbers()
	r.mu.Lock()
	g := r.known
	r.mu.Unlock()
	if g != nil && !slices.ContainsFunc(ids, func(id ID) bool { return !g.answers(id) }) {
		return g, nil
	}
	s := &scan{r: r, n: n, workers: runtime.GOMAXPROCS(0), verdicts: make([]*found, len(r.packs)), forests: make([]*forest, len(r.packs)), old: &looseVerdict{}}
	s.want = n.interest(ids)
	s.makeRoom()
	for k, p := range r.packs {
		s.forests[k] = p.grow(r.kind)
		s.verdicts[k] = &found{}
		if err := s.pack(ctx, k, false); err != nil {
			return nil, err
		}
	}
	s.looseOnes(ctx, false)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g = r.join(n, s.want, s.gathers, s.forests)
	r.mu.Lock()
	r.known = g
	r.mu.Unlock()
	return g, nil
}

// answers says whether the graph was made with an object in mind. Commits are
// known in any case.
func (g *graph) answers(id ID) bool {
	k := g.n.of(id.b[:id.n], nil)
	return k < 0 || g.want.set[k] || g.lin.find(id) >= 0
}

// An introduction is a commit in which something stands at a path where no
// parent has it.
type introduction struct {
	commit int32 // place in the lineage
	path   string
}

// A question is one call of Places.
type question struct {
	r    *Repository
	n    *numbers
	refs []Ref
	ids  []ID // in order

	all    commits
	lin    *lineage         // the same, nil where less was enough
	intro  [][]introduction // by place in ids, the oldest first
	more   []int            // the same: how many were left off
	hidden []hidden
	who    map[int32]Place // of commits, by place: the author and the dates
}

// commits are numbered, so that what comes later has a higher number.
type commits interface {
	find(id ID) int32 // -1 where it is not one of them
	id(i int32) ID
	date(i int32) int64
	// known says whether a commit that is none of them is new for sure.
	known(id ID) bool
	// add puts a new one behind all others. It fails where too little is known of
	// its parents.
	add(id ID, date int64, parents []int32, merge bool) (int32, bool)
	// held says of some which of all others come from them.
	held(some []int32, yield func(commit int32, by func(other int32) bool))
}

// asked is an object's place in ids.
func (q *question) asked(id ID) (int, bool) {
	return slices.BinarySearchFunc(q.ids, id, ID.Compare)
}

// note adds an introduction. The oldest MaxPlaces stay.
func (q *question) note(k int, in introduction) {
	list, date := q.intro[k], q.all.date(in.commit)
	at := len(list)
	for at > 0 && q.all.date(list[at-1].commit) > date {
		at--
	}
	if len(list) >= MaxPlaces {
		q.more[k]++
		if at == len(list) {
			return
		}
		list = list[:len(list)-1]
	}
	q.intro[k] = slices.Insert(list, at, in)
}

// anew reads the whole history for the answer.
func (q *question) anew(ctx context.Context) error {
	g, err := q.r.graphOf(ctx, q.ids)
	if err != nil {
		return err
	}
	q.lin, q.all, q.intro, q.more, q.who = g.lin, g.lin, make([][]introduction, len(q.ids)), make([]int, len(q.ids)), map[int32]Place{}
	byNumber := map[int32]int{}
	for i, id := range q.ids {
		if k := q.n.of(id.b[:id.n], nil); k >= 0 {
			byNumber[k] = i
		}
	}
	order := make([]int32, q.lin.len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(q.lin.dates[a], q.lin.dates[b]) })
	var parents []int32
	for k, i := range order {
		if k%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		node := g.of[g.commits[i].tree]
		if node == 0 {
			continue
		}
		parents = parents[:0]
		for _, p := range q.lin.parents(i) {
			parents = append(parents, g.of[g.commits[p].tree])
		}
		g.nodes.fresh(node, parents, func(path string, number int32) {
			if k, ok := byNumber[number]; ok {
				q.note(k, introduction{i, path})
			}
		})
	}
	q.remember()
	return nil
}

// fresh calls yield for what a node leads to and none of the others does at the
// same path.
func (n *nodes) fresh(k int32, others []int32, yield func(path string, number int32)) {
	steps := 0
	var path []byte
	var walk func(k int32, others []int32)
	walk = func(k int32, others []int32) {
		if slices.Contains(others, k) {
			return
		}
		for _, b := range n.raw[k] {
			if steps++; steps > maxSteps {
				return
			}
			var below []int32
			old := false
			for _, o := range others {
				for _, ob := range n.raw[o] {
					if ob.name != b.name || ob.tree != b.tree {
						continue
					}
					if old = old || ob.child == b.child; b.tree {
						below = append(below, ob.child)
					}
				}
			}
			if old {
				continue
			}
			length := len(path)
			if length > 0 {
				path = append(path, '/')
			}
			path = append(path, n.names[b.name]...)
			if b.tree {
				walk(b.child, below)
			} else {
				yield(string(path), b.child)
			}
			path = path[:length]
		}
	}
	walk(k, others)
}

// places describes what was found.
func (q *question) places(ctx context.Context) (map[ID][]Place, error) {
	var commits []int32
	for _, list := range q.intro {
		for _, in := range list {
			commits = append(commits, in.commit)
		}
	}
	own := make([]int32, len(q.ids)) // place of those that are commits
	for k, id := range q.ids {
		if own[k] = q.all.find(id); own[k] >= 0 {
			commits = append(commits, own[k])
		}
	}
	s := q.standing(ctx, commits)
	out := make(map[ID][]Place, len(q.ids))
	for k, id := range q.ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.n.of(id.b[:id.n], nil) < 0 {
			continue
		}
		if own[k] >= 0 {
			out[id] = []Place{s.at(introduction{commit: own[k]})}
			continue
		}
		list := make([]Place, 0, max(1, len(q.intro[k])))
		for _, in := range q.intro[k] {
			p := s.at(in)
			p.InHead, p.InIndex = s.inHead(k), s.staged[id]
			list = append(list, p)
		}
		if len(list) == 0 {
			list = append(list, s.alone(id))
		}
		list[len(list)-1].More = q.more[k]
		out[id] = list
	}
	return out, nil
}
