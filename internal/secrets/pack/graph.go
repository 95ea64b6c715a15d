package pack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
)

// An edge says that a tree holds child. The tree is known by its place in the
// order of its pack, behind the pack's first number; a loose one by its number.
type edge struct{ child, tree int32 }

// A commitNote is of a commit what the graph needs.
type commitNote struct {
	number  int32
	tree    int32 // -1 where it is not here
	date    int64 // of the committer
	parents []int32
	lost    bool // a parent is not here
}

// interest is which blobs are asked for.
type interest struct {
	filter [1024]uint64 // of the first two bytes of their ids
	set    map[int32]bool
}

func (n *numbers) interest(ids []ID) *interest {
	w := &interest{set: map[int32]bool{}}
	for _, id := range ids {
		if k := n.of(id.b[:id.n], nil); k >= 0 {
			w.set[k] = true
			head := binary.BigEndian.Uint16(id.b[:])
			w.filter[head>>6] |= 1 << (head & 63)
		}
	}
	return w
}

// A gather is what one worker noted of trees and commits. Of a tree that is a
// delta only the entries are noted that its base has not (edges), and those of
// the base that it has not (drops): a tree rarely differs from its base in more
// than one.
type gather struct {
	want    *interest
	edges   []edge
	drops   []edge
	commits []commitNote
}

func (g *gather) wanted(child int32, id []byte) bool {
	head := binary.BigEndian.Uint16(id)
	return g.want.filter[head>>6]>>(head&63)&1 != 0 && g.want.set[child]
}

// commit notes a commit's header.
func (j *judge) commit(number int32, id func() ID, body []byte) {
	c := commitNote{number: number, tree: -1}
	var raw [32]byte
	digits := 2 * j.r.hash
	named := func(line []byte) int32 {
		if len(line) < digits {
			return -1
		}
		if _, err := hex.Decode(raw[:], line[:digits]); err != nil {
			return -1
		}
		return j.child(raw[:j.r.hash])
	}
	for len(body) > 0 && body[0] != '\n' {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		switch {
		case bytes.HasPrefix(line, []byte("tree ")):
			c.tree = named(line[5:])
		case bytes.HasPrefix(line, []byte("parent ")):
			if p := named(line[7:]); p >= 0 {
				c.parents = append(c.parents, p)
			} else {
				c.lost = true
			}
		case bytes.HasPrefix(line, []byte("committer ")):
			c.date, _ = stamp(line)
			body = nil // what follows is signatures and the message
		}
	}
	j.g.commits = append(j.g.commits, c)
}

// stamp reads the time at the end of an author, committer or tagger line.
func stamp(line []byte) (unix int64, zone int) {
	end := bytes.LastIndexByte(line, '>')
	f := bytes.Fields(line[end+1:])
	if len(f) == 0 {
		return 0, 0
	}
	unix, err := strconv.ParseInt(string(f[0]), 10, 64)
	if err != nil || unix < 0 || unix > 1<<40 {
		return 0, 0
	}
	if len(f) > 1 {
		if z, err := strconv.Atoi(string(f[1])); err == nil && z > -2400 && z < 2400 {
			zone = (z/100*60 + z%100) * 60
		}
	}
	return unix, zone
}

// A graph is the history as far as one question needs it: commits, and of trees
// only those that lead to what was asked for.
type graph struct {
	r       *Repository
	n       *numbers
	want    *interest
	commits []commitNote
	lin     *lineage  // of the same, in the same places
	forests []*forest // by pack

	nodes nodes
	of    map[int32]int32 // number of a tree → its node
}

// join makes one graph of what the workers noted.
func (r *Repository) join(n *numbers, want *interest, parts []*gather, forests []*forest) *graph {
	g := &graph{r: r, n: n, want: want, forests: forests}
	var edges, drops []edge
	for _, p := range parts {
		edges, drops = append(edges, p.edges...), append(drops, p.drops...)
		g.commits = append(g.commits, p.commits...)
		p.edges, p.drops, p.commits = nil, nil, nil
	}
	g.table()
	g.hot(edges, drops)
	return g
}

// table puts the commits in order, parents first, each once. Commits that are
// their own ancestors, which no hash allows and a lying index claims, come in some
// order, without that parent.
func (g *graph) table() {
	slices.SortFunc(g.commits, func(a, b commitNote) int { return cmp.Compare(a.number, b.number) })
	g.commits = slices.CompactFunc(g.commits, func(a, b commitNote) bool { return a.number == b.number })
	at := make(map[int32]int32, len(g.commits)) // number → place, then its final one
	for i := range g.commits {
		at[g.commits[i].number] = int32(i)
	}
	place := make([]int32, len(g.commits)) // 0: not seen, -1: begun, else the place after it
	sorted := make([]commitNote, 0, len(g.commits))
	l := &lineage{hash: g.r.hash, begin: []int32{0}}
	var stack, parents []int32
	for i := range g.commits {
		stack = append(stack[:0], int32(i))
		for len(stack) > 0 {
			k := stack[len(stack)-1]
			c := &g.commits[k]
			if place[k] == 0 {
				place[k] = -1
				for _, p := range slices.Backward(c.parents) {
					if pk, ok := at[p]; ok && place[pk] == 0 {
						stack = append(stack, pk)
					}
				}
				continue
			}
			stack = stack[:len(stack)-1]
			if place[k] > 0 {
				continue
			}
			parents = parents[:0]
			for _, p := range c.parents {
				if pk, ok := at[p]; ok && place[pk] > 0 {
					parents = append(parents, place[pk]-1)
				}
			}
			id := g.n.id(c.number)
			l.ids = append(l.ids, id.b[:l.hash]...)
			l.dates = append(l.dates, c.date)
			l.above = append(l.above, parents...)
			l.begin = append(l.begin, int32(len(l.above)))
			l.merges = append(l.merges, len(c.parents) > 1 || c.lost && len(c.parents) > 0)
			sorted = append(sorted, *c)
			place[k] = int32(len(sorted))
		}
	}
	l.sort()
	g.commits, g.lin = sorted, l
}

// hot finds the trees that lead to what is wanted, and what of them does.
func (g *graph) hot(edges, drops []edge) {
	slices.SortFunc(drops, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.tree, b.tree), cmp.Compare(a.child, b.child))
	})
	begin := make([]int32, g.n.total+1) // edges by child
	for _, e := range edges {
		begin[e.child+1]++
	}
	for i := range g.n.total {
		begin[i+1] += begin[i]
	}
	trees := make([]int32, len(edges))
	at := slices.Clone(begin[:g.n.total])
	for _, e := range edges {
		trees[at[e.child]] = e.tree
		at[e.child]++
	}
	is := make([]bool, g.n.total) // hot, by local number
	var queue []int32             // of numbers whose parents are to be found
	for k := range g.want.set {
		queue = append(queue, k)
	}
	var stack []int32
	for len(queue) > 0 {
		child := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		stack = append(stack[:0], trees[begin[child]:begin[child+1]]...)
		// A tree that is hot already may still have deltas that hold this child and
		// none of the others: each child goes its own way down.
		for len(stack) > 0 {
			tree := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if _, gone := slices.BinarySearchFunc(drops, edge{child, tree}, func(a, b edge) int {
				return cmp.Or(cmp.Compare(a.tree, b.tree), cmp.Compare(a.child, b.child))
			}); gone {
				continue
			}
			if !is[tree] {
				is[tree] = true
				queue = append(queue, g.number(tree))
			}
			if f, i := g.local(tree); f != nil {
				for _, kid := range f.deltas(i) {
					stack = append(stack, kid+f.p.first)
				}
			}
		}
	}
	g.nodes.init()
	g.of = map[int32]int32{}
	g.second(is)
}

// local is where a tree stands in a forest; nil for a loose one.
func (g *graph) local(tree int32) (*forest, int32) {
	if tree >= g.n.packs {
		return nil, 0
	}
	k, found := slices.BinarySearchFunc(g.r.packs, tree, func(p *packFile, i int32) int { return int(p.first) - int(i) })
	if !found {
		k--
	}
	return g.forests[k], tree - g.r.packs[k].first
}

// number is the number of a tree that is known by its place.
func (g *graph) number(tree int32) int32 {
	f, i := g.local(tree)
	if f == nil {
		return tree
	}
	return g.n.same(f.p.first + int32(f.objects[i].pos))
}
