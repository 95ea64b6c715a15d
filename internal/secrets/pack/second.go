package pack

import (
	"context"
	"slices"
)

// second reads the hot trees again, now that it is known which of their entries
// lead to something, and makes nodes of them.
func (g *graph) second(hot []bool) {
	first := map[int32]int32{}
	isHot := make([]bool, g.n.total) // by number
	for i, is := range hot {
		if is {
			isHot[g.number(int32(i))] = true
		}
	}
	var list node
	note := func(number int32, tree []byte, in []named) {
		list = list[:0]
		for _, e := range in {
			if e.child < 0 || !isHot[e.child] && !g.want.set[e.child] {
				continue
			}
			l, ok := leafAt(tree, int(e.at), g.r.hash)
			if !ok {
				continue
			}
			name := g.nodes.name(l.name)
			if g.want.set[e.child] {
				list = append(list, branch{name, e.child, false})
			}
			if isHot[e.child] && l.mode == modeTree {
				list = append(list, branch{name, e.child, true})
			}
		}
		if k := g.nodes.add(list); k != 0 {
			first[number] = k
		}
	}
	child := func(p *packFile, e leaf) int32 {
		if e.mode == modeCommit {
			return -1
		}
		if e.mode != modeTree && g.want.filter[uint16(e.id[0])<<2|uint16(e.id[1])>>6]>>(e.id[1]&63)&1 == 0 {
			return -1
		}
		return g.n.of(e.id, p)
	}
	for _, f := range g.forests {
		if f == nil {
			continue
		}
		g.again(f, hot, child, note)
	}
	for i, id := range g.n.loose {
		if number := g.n.packs + int32(i); isHot[number] {
			if _, body, err := readLoose(g.r.loose[id]); err == nil {
				in, _, _ := entries(body, g.r.hash, nil, nil, nil, nil, func(_ int, e leaf) int32 { return child(nil, e) })
				note(number, body, in)
			}
		}
	}
	g.of = g.nodes.settle(first)
}

// again walks the trees of a pack that are hot, and those that they are made
// from.
func (g *graph) again(f *forest, hot []bool, child func(*packFile, leaf) int32, note func(int32, []byte, []named)) {
	need := make([]bool, len(f.objects)) // hot, or something made from it is
	var roots []int32
	for i := range f.objects {
		if !hot[f.p.first+int32(i)] {
			continue
		}
		for k := int32(i); k >= 0 && !need[k]; k = f.objects[k].base {
			need[k] = true
			if f.objects[k].base < 0 {
				roots = append(roots, k)
			}
		}
	}
	slices.Sort(roots)
	var kept []span
	see := func(w *walker, b, base *built, segments []segment) {
		if b.kind != Tree || b.large {
			return
		}
		if base != nil && len(base.named) == 0 {
			base = nil
		}
		ok := false
		b.named, kept, ok = entries(b.body, g.r.hash, base, segments, b.named[:0], kept[:0], func(_ int, e leaf) int32 { return child(f.p, e) })
		if i := f.p.first + b.i; ok && hot[i] {
			note(g.number(i), b.body, b.named)
		}
	}
	// One worker: the nodes are one table.
	_, _, _ = f.walk(context.Background(), g.r, roots, 1, false, func(i int32) bool { return !need[i] }, func(int) visitor { return see })
}
