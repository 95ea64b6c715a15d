package pack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Places says where objects came into the history, oldest first. An object that
// is not here has none.
func (r *Repository) Places(ctx context.Context, ids []ID) (map[ID][]Place, error) {
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	g, err := r.graphOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("cannot say where objects stand: %w", err)
	}
	refs, err := r.Refs(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot say where objects stand: %w", err)
	}
	q := &question{g: g, refs: refs, asked: map[int32]bool{}}
	for _, id := range ids {
		if k := g.n.of(id.b[:id.n], nil); k >= 0 {
			q.asked[k] = true
		}
	}
	if err := q.introductions(ctx); err != nil {
		return nil, fmt.Errorf("cannot say where objects stand: %w", err)
	}
	return q.places(ctx, ids)
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

// answers says whether the graph was made with an object in mind. Commits and
// tags are known in any case.
func (g *graph) answers(id ID) bool {
	k := g.n.of(id.b[:id.n], nil)
	if k < 0 || g.want.set[k] {
		return true
	}
	_, isCommit := g.index[k]
	return isCommit
}

// An introduction is a commit in which something stands at a path where no
// parent has it.
type introduction struct {
	commit int32 // place in the graph's commits
	path   string
}

// A question is one call of Places or Touching.
type question struct {
	g     *graph
	refs  []Ref
	asked map[int32]bool
	intro map[int32][]introduction
	more  map[int32]int
}

func (q *question) introductions(ctx context.Context) error {
	q.intro, q.more = map[int32][]introduction{}, map[int32]int{}
	order := make([]int32, len(q.g.commits))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(q.g.commits[a].date, q.g.commits[b].date), cmp.Compare(a, b))
	})
	var parents []int32
	for k, i := range order {
		if k%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := &q.g.commits[i]
		node := q.g.of[c.tree]
		if node == 0 {
			continue
		}
		parents = q.g.parentNodes(c, parents[:0])
		q.g.nodes.fresh(node, parents, func(path string, number int32) {
			if !q.asked[number] {
				return
			}
			if len(q.intro[number]) >= MaxPlaces {
				q.more[number]++
				return
			}
			q.intro[number] = append(q.intro[number], introduction{i, path})
		})
	}
	return nil
}

func (g *graph) parentNodes(c *commitNote, list []int32) []int32 {
	for _, p := range c.parents {
		if k, ok := g.index[p]; ok {
			list = append(list, g.of[g.commits[k].tree])
		}
	}
	return list
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
func (q *question) places(ctx context.Context, ids []ID) (map[ID][]Place, error) {
	var commits []int32
	for _, list := range q.intro {
		for _, in := range list {
			commits = append(commits, in.commit)
		}
	}
	for _, id := range ids {
		if i, ok := q.g.index[q.g.n.of(id.b[:id.n], nil)]; ok {
			commits = append(commits, i)
		}
	}
	s := q.standing(ctx, commits)
	out := make(map[ID][]Place, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, twice := out[id]; twice {
			continue
		}
		number := q.g.n.of(id.b[:id.n], nil)
		if number < 0 {
			continue
		}
		if i, ok := q.g.index[number]; ok {
			p := s.at(introduction{commit: i})
			out[id] = []Place{p}
			continue
		}
		var list []Place
		for _, in := range q.intro[number] {
			p := s.at(in)
			p.InHead, p.InIndex = s.head[number], s.staged[id]
			list = append(list, p)
		}
		if len(list) == 0 {
			list = append(list, s.alone(id, number))
		}
		list[len(list)-1].More = q.more[number]
		out[id] = list
	}
	return out, nil
}

// describe reads who made a commit or tag, and when.
func (r *Repository) describe(id ID, p *Place) {
	_, body, err := r.objectBut(id, nil)
	if err != nil {
		return
	}
	for len(body) > 0 && body[0] != '\n' {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		what, who, _ := bytes.Cut(line, []byte{' '})
		unix, zone := stamp(line)
		when := time.Unix(unix, 0).In(time.FixedZone("", zone))
		switch string(what) {
		case "author", "tagger":
			name, mail, _ := bytes.Cut(who, []byte{'<'})
			mail, _, _ = bytes.Cut(mail, []byte{'>'})
			p.Author, p.Email, p.Authored = string(bytes.TrimSpace(name)), string(mail), when
			if p.Committed.IsZero() {
				p.Committed = when
			}
		case "committer":
			p.Committed = when
		}
	}
}
