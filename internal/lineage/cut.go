package lineage

import (
	"cmp"
	"slices"
)

// A Cutting is one node to cut, with a way that this closes for each target
// behind it.
type Cutting struct {
	Node  Node
	Paths [][]string // node ids, from the intruder to the target
}

// Cut finds the cheapest set of nodes whose cutting severs every way from the
// intruder to a target, in the order of their ids; of several the one nearest
// to him. open are the ways that nothing can close, one for each such target:
// all their nodes are uncuttable; the rest is severed nevertheless.
//
// It is a minimum vertex cut: each node is split in two, joined by an edge that
// carries its cost, and the maximum flow fills a smallest set of them.
func Cut(g Graph) (cuts []Cutting, open [][]string) {
	n := newNet(g)
	open = n.dropOpen()
	for n.augment() {
	}
	reached := n.reach()
	cut := make([]bool, len(n.nodes))
	for i := range n.nodes {
		cut[i] = reached[2*i] && !reached[2*i+1]
	}
	for i, node := range n.nodes {
		if cut[i] {
			cuts = append(cuts, Cutting{Node: node, Paths: n.through(i, cut)})
		}
	}
	return cuts, open
}

// uncuttable is more than all costs together.
const uncuttable = int64(1) << 50

// A net is a graph with every node split: 2i goes in, 2i+1 comes out; the last
// vertex is behind all targets.
type net struct {
	nodes  []Node
	next   [][]int // plain neighbours, by node
	start  int
	target []bool
	arcs   []arc
	out    [][]int // arcs by vertex
}

type arc struct {
	to   int
	left int64
}

func newNet(g Graph) *net {
	n := &net{nodes: slices.Clone(g.Nodes), start: -1}
	slices.SortStableFunc(n.nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	n.nodes = slices.CompactFunc(n.nodes, func(a, b Node) bool { return a.ID == b.ID })
	at := map[string]int{}
	for i, node := range n.nodes {
		at[node.ID] = i
		if node.ID == g.Start {
			n.start = i
		}
	}
	n.next, n.target = make([][]int, len(n.nodes)), make([]bool, len(n.nodes))
	for _, l := range g.Links {
		from, known := at[l.From]
		to, there := at[l.To]
		if known && there && from != to {
			n.next[from] = append(n.next[from], to)
		}
	}
	for i := range n.next {
		slices.Sort(n.next[i])
		n.next[i] = slices.Compact(n.next[i])
		n.target[i] = n.nodes[i].Target && i != n.start
	}
	return n
}

// cost is what it takes to cut a node. The intruder himself cannot be cut.
func (n *net) cost(i int) int64 {
	if i == n.start || n.nodes[i].Cost <= 0 {
		return uncuttable
	}
	return min(int64(n.nodes[i].Cost), 1<<20)
}

// dropOpen gives up the targets that uncuttable nodes alone lead to, tells
// their ways, and then builds the net for the others.
func (n *net) dropOpen() (open [][]string) {
	if n.start < 0 {
		n.out = make([][]int, 2*len(n.nodes)+1)
		return nil
	}
	from := n.search(func(i int) bool { return n.cost(i) == uncuttable })
	for i := range n.nodes {
		if n.target[i] && from[i] >= 0 {
			open = append(open, n.path(from, i))
			n.target[i] = false
		}
	}
	sink := 2 * len(n.nodes)
	n.out = make([][]int, sink+1)
	for i := range n.nodes {
		n.join(2*i, 2*i+1, n.cost(i))
		for _, to := range n.next[i] {
			n.join(2*i+1, 2*to, uncuttable)
		}
		if n.target[i] {
			n.join(2*i+1, sink, uncuttable)
		}
	}
	return open
}

func (n *net) join(from, to int, capacity int64) {
	n.out[from] = append(n.out[from], len(n.arcs))
	n.arcs = append(n.arcs, arc{to, capacity})
	n.out[to] = append(n.out[to], len(n.arcs))
	n.arcs = append(n.arcs, arc{from, 0})
}

// search walks from the intruder over the nodes that may be passed and says
// from where each was reached, -1: not. The start comes from itself.
func (n *net) search(pass func(int) bool) []int {
	from := make([]int, len(n.nodes))
	for i := range from {
		from[i] = -1
	}
	from[n.start] = n.start
	for queue := []int{n.start}; len(queue) > 0; queue = queue[1:] {
		for _, to := range n.next[queue[0]] {
			if from[to] < 0 && pass(to) {
				from[to] = queue[0]
				queue = append(queue, to)
			}
		}
	}
	return from
}

func (n *net) path(from []int, to int) (path []string) {
	for at := to; ; at = from[at] {
		path = append(path, n.nodes[at].ID)
		if from[at] == at {
			break
		}
	}
	slices.Reverse(path)
	return path
}

// augment sends flow along one shortest way, and says whether there was one.
func (n *net) augment() bool {
	if n.start < 0 {
		return false
	}
	sink := 2 * len(n.nodes)
	by := make([]int, sink+1) // the arc that led here, plus one
	by[2*n.start] = -1
	for queue := []int{2 * n.start}; len(queue) > 0 && by[sink] == 0; queue = queue[1:] {
		for _, a := range n.out[queue[0]] {
			if to := n.arcs[a].to; n.arcs[a].left > 0 && by[to] == 0 {
				by[to] = a + 1
				queue = append(queue, to)
			}
		}
	}
	if by[sink] == 0 {
		return false
	}
	flow := uncuttable
	for at := sink; at != 2*n.start; at = n.arcs[(by[at]-1)^1].to {
		flow = min(flow, n.arcs[by[at]-1].left)
	}
	for at := sink; at != 2*n.start; {
		a := by[at] - 1
		n.arcs[a].left -= flow
		n.arcs[a^1].left += flow
		at = n.arcs[a^1].to
	}
	return true
}

// reach says which vertices flow could still reach: the intruder's side.
func (n *net) reach() []bool {
	reached := make([]bool, 2*len(n.nodes)+1)
	if n.start < 0 {
		return reached
	}
	reached[2*n.start] = true
	for queue := []int{2 * n.start}; len(queue) > 0; queue = queue[1:] {
		for _, a := range n.out[queue[0]] {
			if to := n.arcs[a].to; n.arcs[a].left > 0 && !reached[to] {
				reached[to] = true
				queue = append(queue, to)
			}
		}
	}
	return reached
}

// through is, for every target behind a node, a shortest way over it that
// nothing else of the cut closes.
func (n *net) through(i int, cut []bool) (paths [][]string) {
	before := n.search(func(to int) bool { return to == i || !cut[to] })
	if before[i] < 0 {
		return nil
	}
	start := n.start
	n.start = i
	after := n.search(func(to int) bool { return to != start && !cut[to] })
	n.start = start
	for t := range n.nodes {
		if n.target[t] && after[t] >= 0 {
			paths = append(paths, append(n.path(before, i), n.path(after, t)[1:]...))
		}
	}
	return paths
}
