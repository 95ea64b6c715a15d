package pack

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// rank orders refs by what a person would name first, and says what they are.
func rank(ref *Ref) (order int, reach Reach) {
	name := ref.Name
	switch {
	case ref.Reflog:
		return 9, ByReflog
	case name == "HEAD":
		return 0, ByRef
	case strings.HasPrefix(name, "refs/heads/"):
		return 1, ByRef
	case strings.HasPrefix(name, "refs/tags/"):
		return 3, ByRef
	case name == "refs/stash":
		return 7, ByStash
	case strings.HasPrefix(name, "refs/notes/"):
		return 6, ByNotes
	case strings.HasPrefix(name, "refs/remotes/"):
		return 2, ByRef
	case strings.HasPrefix(name, "refs/"):
		return 5, ByRef
	case strings.HasSuffix(name, "/HEAD"):
		return 4, ByRef // of another work tree
	}
	return 8, ByReflog // ORIG_HEAD, FETCH_HEAD: git gc keeps some of them, for a while
}

// A holding is what reaches a commit.
type holding struct {
	reach Reach
	refs  []string
	count int
}

// A standing is how the repository stands now.
type standing struct {
	q      *question
	refs   []Ref
	head   map[int32]bool // numbers of what HEAD's tree leads to
	staged map[ID]bool
	held   map[int32]holding // by place in the graph's commits
	known  map[int32]Place   // who and when, by the same
}

// standing finds what reaches some commits.
func (q *question) standing(ctx context.Context, commits []int32) *standing {
	s := &standing{q: q, refs: slices.Clone(q.refs), head: map[int32]bool{}, staged: map[ID]bool{}, held: map[int32]holding{}, known: map[int32]Place{}}
	slices.SortStableFunc(s.refs, func(a, b Ref) int {
		x, _ := rank(&a)
		y, _ := rank(&b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.Name, b.Name))
	})
	g := q.g
	for i := range s.refs {
		if ref := &s.refs[i]; ref.Name == "HEAD" {
			if k, ok := g.index[g.n.of(ref.Peeled.b[:ref.Peeled.n], nil)]; ok {
				g.nodes.paths(g.of[g.commits[k].tree], func(_ string, number int32) bool {
					s.head[number] = true
					return true
				})
			}
		}
	}
	if staged, err := g.r.Index(ctx); err == nil {
		for _, e := range staged {
			s.staged[e.ID] = true
		}
	}
	s.hold(commits)
	return s
}

// hold walks from parents to children with a bit per commit asked for, 64 at a
// time: a ref holds those whose bits arrive at it.
func (s *standing) hold(commits []int32) {
	slices.Sort(commits)
	commits = slices.Compact(commits)
	g := s.q.g
	order := g.order()
	tips := make([]int32, len(s.refs))
	for i := range s.refs {
		tips[i] = -1
		if k, ok := g.index[g.n.of(s.refs[i].Peeled.b[:s.refs[i].Peeled.n], nil)]; ok {
			tips[i] = k
		}
	}
	mask := make([]uint64, len(g.commits))
	for part := range slices.Chunk(commits, 64) {
		clear(mask)
		for bit, i := range part {
			mask[i] = 1 << bit
		}
		for _, i := range order {
			for _, p := range g.commits[i].parents {
				if k, ok := g.index[p]; ok {
					mask[i] |= mask[k]
				}
			}
		}
		for bit, i := range part {
			h := holding{reach: ByNothing}
			for k := range s.refs {
				if tips[k] < 0 || mask[tips[k]]>>bit&1 == 0 {
					continue
				}
				h.by(&s.refs[k])
			}
			s.held[i] = h
		}
	}
}

// by adds a ref: those of the strongest kind count.
func (h *holding) by(ref *Ref) {
	_, reach := rank(ref)
	switch {
	case reach > h.reach:
		return
	case reach < h.reach:
		*h = holding{reach: reach}
	}
	if h.count++; len(h.refs) < MaxRefs {
		h.refs = append(h.refs, ref.Name)
	}
}

// order lists the commits, parents before children. Commits that are their own
// ancestors, which no hash allows and a lying index claims, come in some order.
func (g *graph) order() []int32 {
	state := make([]uint8, len(g.commits)) // 1: begun, 2: listed
	list := make([]int32, 0, len(g.commits))
	var stack []int32
	for i := range g.commits {
		stack = append(stack[:0], int32(i))
		for len(stack) > 0 {
			k := stack[len(stack)-1]
			if state[k] != 0 {
				stack = stack[:len(stack)-1]
				if state[k] == 1 {
					state[k] = 2
					list = append(list, k)
				}
				continue
			}
			state[k] = 1
			for _, p := range g.commits[k].parents {
				if pk, ok := g.index[p]; ok && state[pk] == 0 {
					stack = append(stack, pk)
				}
			}
		}
	}
	return list
}

// at describes one introduction.
func (s *standing) at(in introduction) Place {
	p, ok := s.known[in.commit]
	if !ok {
		p.Commit = s.q.g.n.id(s.q.g.commits[in.commit].number)
		s.q.g.r.describe(p.Commit, &p)
		h := s.held[in.commit]
		p.Reach, p.Refs, p.RefCount = h.reach, h.refs, h.count
		s.known[in.commit] = p
	}
	p.Path = in.path
	return p
}

// alone describes what no commit brought in: a tag, what a ref names without a
// commit, what is only staged, or lost.
func (s *standing) alone(id ID, number int32) Place {
	p := Place{InIndex: s.staged[id], InHead: s.head[number]}
	h := holding{reach: ByNothing}
	g := s.q.g
	tag := false
	if kind, _, err := g.r.objectBut(id, nil); err == nil && kind == Tag {
		g.r.describe(id, &p)
		tag = true
	}
	for i := range s.refs {
		ref := &s.refs[i]
		if ref.ID == id || ref.Peeled == id || tag && ref.ID != ref.Peeled && g.r.leads(ref.ID, id) {
			h.by(ref)
			continue
		}
		k := g.n.of(ref.Peeled.b[:ref.Peeled.n], nil)
		if node := g.of[k]; node != 0 { // a ref or tag of a tree
			g.nodes.paths(node, func(path string, n int32) bool {
				if n != number {
					return true
				}
				p.Path = path
				h.by(ref)
				return false
			})
		}
	}
	if h.reach == ByNothing && p.InIndex {
		h.reach = ByIndex
	}
	p.Reach, p.Refs, p.RefCount = h.reach, h.refs, h.count
	return p
}

// leads says whether a tag stands for another one.
func (r *Repository) leads(from, to ID) bool {
	for range 10 {
		if from == to {
			return true
		}
		kind, body, err := r.objectBut(from, nil)
		if err != nil || kind != Tag {
			return false
		}
		next, ok := tagged(body)
		if !ok {
			return false
		}
		from = next
	}
	return false
}
