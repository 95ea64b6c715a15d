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
	root   ID // HEAD's tree
	staged map[ID]bool
	head   map[int]bool      // by place in what is asked
	there  map[string]ID     // what stands at a path of HEAD's tree
	held   map[int32]holding // by place in the lineage
	known  map[int32]Place   // who and when, by the same
}

// standing finds what reaches some commits.
func (q *question) standing(ctx context.Context, commits []int32) *standing {
	s := &standing{q: q, refs: slices.Clone(q.refs), staged: map[ID]bool{}, head: map[int]bool{}, there: map[string]ID{}, held: map[int32]holding{}, known: map[int32]Place{}}
	slices.SortStableFunc(s.refs, func(a, b Ref) int {
		x, _ := rank(&a)
		y, _ := rank(&b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.Name, b.Name))
	})
	for i := range s.refs {
		if ref := &s.refs[i]; ref.Name == "HEAD" {
			s.root, _, _ = q.r.commitOf(ref.Peeled)
		}
	}
	if staged, err := q.r.Index(ctx); err == nil {
		for _, e := range staged {
			if _, asked := q.asked(e.ID); asked {
				s.staged[e.ID] = true
			}
		}
	}
	s.hold(commits)
	return s
}

// inHead says whether HEAD's tree has an object: whatever is there stands where
// some commit introduced it.
func (s *standing) inHead(k int) bool {
	is, ok := s.head[k]
	if ok || s.root.IsZero() {
		return is
	}
	id := s.q.ids[k]
	for _, in := range s.q.intro[k] {
		there, ok := s.there[in.path]
		if !ok {
			there = s.q.r.pathIn(s.root, in.path)
			s.there[in.path] = there
		}
		is = is || there == id
	}
	s.head[k] = is
	return is
}

// pathIn is what stands at a path of a tree, the zero ID where nothing does.
func (r *Repository) pathIn(tree ID, path string) ID {
	for {
		name, rest, deeper := strings.Cut(path, "/")
		kind, body, err := r.objectBut(tree, nil)
		if err != nil || kind != Tree {
			return ID{}
		}
		next := ID{}
		leaves(body, r.hash, func(e leaf) bool {
			if string(e.name) == name && (e.mode == modeTree || !deeper) {
				next = rawID(e.id)
			}
			return next.IsZero()
		})
		if !deeper || next.IsZero() {
			return next
		}
		tree, path = next, rest
	}
}

// hold finds what reaches commits: the refs that come from them.
func (s *standing) hold(commits []int32) {
	slices.Sort(commits)
	commits = slices.Compact(commits)
	tips := make([]int32, len(s.refs))
	for i := range s.refs {
		id := s.refs[i].Peeled
		if tips[i] = s.q.all.find(id); tips[i] >= 0 && s.q.n.of(id.b[:id.n], nil) < 0 {
			tips[i] = -1 // pruned
		}
	}
	s.q.all.held(commits, func(i int32, by func(tip int32) bool) {
		h := holding{reach: ByNothing}
		for k := range s.refs {
			if tips[k] >= 0 && by(tips[k]) {
				h.by(&s.refs[k])
			}
		}
		s.held[i] = h
	})
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

// at describes one introduction.
func (s *standing) at(in introduction) Place {
	p, ok := s.known[in.commit]
	if !ok {
		p = s.q.made(in.commit)
		p.Commit = s.q.all.id(in.commit)
		h := s.held[in.commit]
		p.Reach, p.Refs, p.RefCount = h.reach, h.refs, h.count
		s.known[in.commit] = p
	}
	p.Path = in.path
	return p
}

// alone describes what no commit brought in: a tag, what a ref names without a
// commit, what is only staged, or lost.
func (s *standing) alone(id ID) Place {
	p := Place{InIndex: s.staged[id]}
	h := holding{reach: ByNothing}
	r := s.q.r
	tag := false
	if kind, _, err := r.objectBut(id, nil); err == nil && kind == Tag {
		r.describe(id, &p)
		tag = true
	}
	for i := range s.refs {
		ref := &s.refs[i]
		if ref.ID == id || ref.Peeled == id || tag && ref.ID != ref.Peeled && r.leads(ref.ID, id) {
			h.by(ref)
		} else if s.q.all.find(ref.Peeled) < 0 && !ref.Reflog { // a ref or tag of a tree
			if path, ok := r.within(ref.Peeled, id); ok {
				p.Path = path
				h.by(ref)
			}
		}
	}
	if h.reach == ByNothing && p.InIndex {
		h.reach = ByIndex
	}
	p.Reach, p.Refs, p.RefCount = h.reach, h.refs, h.count
	return p
}

// within looks for an object in a tree and those below it, those nearest to it
// first. One tree is in memory at a time.
func (r *Repository) within(tree, id ID) (path string, ok bool) {
	type dir struct {
		id    ID
		above int // of the list
		name  string
		depth int
	}
	list := []dir{{id: tree, above: -1}}
	seen := map[ID]bool{tree: true}
	steps, bytes := 0, 0
	for i := 0; i < len(list) && !ok; i++ {
		kind, body, err := r.objectBut(list[i].id, nil)
		if err != nil || kind != Tree {
			continue
		}
		leaves(body, r.hash, func(e leaf) bool {
			steps++
			switch child := rawID(e.id); {
			case child == id:
				path, ok = string(e.name), true
				for k := i; list[k].above >= 0; k = list[k].above {
					path = list[k].name + "/" + path
				}
			case e.mode == modeTree && list[i].depth < maxDepth && !seen[child]:
				seen[child] = true
				bytes += len(e.name)
				list = append(list, dir{child, i, string(e.name), list[i].depth + 1})
			}
			return !ok && steps < maxSteps && bytes < maxNames
		})
	}
	return path, ok
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
