package pack

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Touching lists the commits, merges left out, whose tree differs from their
// parent's in one of these blobs being or not being at a path, in the order of
// git log --all.
func (r *Repository) Touching(ctx context.Context, ids []ID) (commits []ID, err error) {
	defer guard(&err)()
	g, err := r.graphOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	refs, err := r.Refs(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the history: %w", err)
	}
	if !g.exactly(ids) { // made for more: then a difference may be another's
		r.mu.Lock()
		r.known = nil
		r.mu.Unlock()
		if g, err = r.graphOf(ctx, ids); err != nil {
			return nil, fmt.Errorf("cannot read the history: %w", err)
		}
	}
	var out []ID
	for k, i := range g.lin.logged(refs) {
		if k%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if g.lin.merges[i] {
			continue
		}
		before := int32(0)
		if parents := g.lin.parents(i); len(parents) == 1 {
			before = g.of[g.commits[parents[0]].tree]
		}
		if g.of[g.commits[i].tree] != before {
			out = append(out, g.lin.id(i))
		}
	}
	return out, nil
}

// exactly says whether the graph was made for just these.
func (g *graph) exactly(ids []ID) bool {
	set := map[int32]bool{}
	for _, id := range ids {
		if k := g.n.of(id.b[:id.n], nil); k >= 0 {
			set[k] = true
		}
	}
	for k := range g.want.set {
		if !set[k] {
			return false
		}
	}
	return true
}

// logged lists what refs reach in the order of git log --all: of the commits that
// a child or ref led to, the latest next; of two with one date, the one that was
// found first.
func (l *lineage) logged(refs []Ref) []int32 {
	refs = slices.DeleteFunc(slices.Clone(refs), func(ref Ref) bool {
		return ref.Reflog || !strings.HasPrefix(ref.Name, "refs/") && !strings.HasSuffix(ref.Name, "HEAD") || strings.Contains(ref.Name, "_HEAD") || strings.HasPrefix(ref.Name, "worktrees/") && !strings.HasSuffix(ref.Name, "/HEAD")
	})
	slices.SortStableFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(late(a.Name), late(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	seen := make([]bool, l.len())
	q, found := &dated{l: l}, 0
	add := func(i int32) {
		if !seen[i] {
			seen[i] = true
			heap.Push(q, numbered{i, found})
			found++
		}
	}
	for i := range refs {
		if k := l.find(refs[i].Peeled); k >= 0 {
			add(k)
		}
	}
	var out []int32
	for len(q.list) > 0 {
		i := heap.Pop(q).(numbered).commit
		out = append(out, i)
		for _, p := range l.parents(i) {
			add(p)
		}
	}
	return out
}

// late: git takes all refs, then HEAD, then those of other work trees.
func late(name string) int {
	switch {
	case strings.HasPrefix(name, "refs/"):
		return 0
	case name == "HEAD":
		return 1
	}
	return 2
}

type numbered struct {
	commit int32
	nth    int
}

// dated is a heap: the latest first, then the first found.
type dated struct {
	l    *lineage
	list []numbered
}

func (q *dated) Len() int { return len(q.list) }
func (q *dated) Less(a, b int) bool {
	x, y := q.list[a], q.list[b]
	return cmp.Or(cmp.Compare(q.l.dates[y.commit], q.l.dates[x.commit]), cmp.Compare(x.nth, y.nth)) < 0
}
func (q *dated) Swap(a, b int) { q.list[a], q.list[b] = q.list[b], q.list[a] }
func (q *dated) Push(x any)    { q.list = append(q.list, x.(numbered)) }
func (q *dated) Pop() any {
	x := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return x
}
