package sigma

// A node is a condition over leaves: a tree, shared and never changed.
type node struct {
	op   op
	leaf int32   // of is
	n    int     // of atLeast
	kids []*node // of all, any, not (one), atLeast
	cost class   // the dearest leaf below
}

type op uint8

const (
	is op = iota
	all
	anyOf
	not
	atLeast
)

// A tri is what is known of a node.
type tri uint8

const (
	no tri = iota
	yes
	open
)

func truth(b bool) tri {
	if b {
		return yes
	}
	return no
}

// flatten is up to how many kids a node is taken into its parent: a long list
// that a condition names often would be copied as often.
const flatten = 64

// join puts kids under one operator, the cheap ones first, flattening what
// nests without need.
func join(o op, n int, kids []*node) *node {
	if len(kids) == 1 && o != not {
		return kids[0]
	}
	out := &node{op: o, n: n}
	for _, k := range kids {
		if k.op == o && (o == all || o == anyOf) && len(k.kids) <= flatten {
			out.kids = append(out.kids, k.kids...)
		} else {
			out.kids = append(out.kids, k)
		}
	}
	byCost(out.kids)
	for _, k := range out.kids {
		out.cost = max(out.cost, k.cost)
	}
	return out
}

// byCost is a stable insertion sort: lists are short and nearly sorted.
func byCost(kids []*node) {
	for i := 1; i < len(kids); i++ {
		for j := i; j > 0 && kids[j].cost < kids[j-1].cost; j-- {
			kids[j], kids[j-1] = kids[j-1], kids[j]
		}
	}
}

// eval decides a node of which every leaf can be told.
func (n *node) eval(tell func(leaf int32) bool) bool {
	switch n.op {
	case is:
		return tell(n.leaf)
	case not:
		return !n.kids[0].eval(tell)
	case all:
		for _, k := range n.kids {
			if !k.eval(tell) {
				return false
			}
		}
		return true
	case anyOf:
		for _, k := range n.kids {
			if k.eval(tell) {
				return true
			}
		}
		return false
	}
	met := 0
	for i, k := range n.kids {
		if met+len(n.kids)-i < n.n {
			return false
		}
		if k.eval(tell) {
			if met++; met >= n.n {
				return true
			}
		}
	}
	return met >= n.n
}

// reduce evaluates what is known: the node is decided, or what is left of it
// is returned. The leaves that tell leaves open remain.
func (n *node) reduce(tell func(leaf int32) tri) (tri, *node) {
	switch n.op {
	case is:
		return tell(n.leaf), n
	case not:
		t, rest := n.kids[0].reduce(tell)
		switch {
		case t == yes:
			return no, nil
		case t == no:
			return yes, nil
		case rest == n.kids[0]:
			return open, n
		}
		return open, &node{op: not, kids: []*node{rest}, cost: rest.cost}
	}
	var left []*node
	met, same := 0, true
	for _, k := range n.kids {
		t, rest := k.reduce(tell)
		switch {
		case t == open:
			left = append(left, rest)
			same = same && rest == k
			continue
		case t == yes && n.op == anyOf:
			return yes, nil
		case t == no && n.op == all:
			return no, nil
		case t == yes:
			met++
		}
		same = false
	}
	return n.settle(left, met, same)
}

// settle is the end of reduce, for the operators with many kids.
func (n *node) settle(left []*node, met int, same bool) (tri, *node) {
	need := 0
	switch n.op {
	case all:
		need = len(left)
	case anyOf:
		need = 1
	default:
		need = n.n - met
	}
	switch {
	case need <= 0:
		return yes, nil
	case len(left) < need:
		return no, nil
	case same:
		return open, n
	case len(left) == 1:
		return open, left[0]
	case need == len(left):
		return open, join(all, 0, left)
	case need == 1:
		return open, join(anyOf, 0, left)
	}
	return open, join(atLeast, need, left)
}

// leaves calls f for every leaf below n.
func (n *node) leaves(f func(int32)) {
	if n.op == is {
		f(n.leaf)
	}
	for _, k := range n.kids {
		k.leaves(f)
	}
}
