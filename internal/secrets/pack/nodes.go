package pack

import "encoding/binary"

// A node is a tree without all that leads nowhere. Trees that differ in other
// things only are one node, so that two commits of which nothing asked for
// differs have the same one, and there are few.
type node []branch

// A branch is an entry of a node. child is a node where tree, else the number of
// an object asked for.
type branch struct {
	name  int32 // in names
	child int32
	tree  bool
}

type nodes struct {
	names  []string
	byName map[string]int32
	raw    []node // children are trees' numbers
	byKey  map[string]int32
	key    []byte
}

func (n *nodes) init() {
	n.byName, n.byKey = map[string]int32{}, map[string]int32{}
	n.raw = []node{nil} // 0 leads nowhere
}

func (n *nodes) name(b []byte) int32 {
	if k, ok := n.byName[string(b)]; ok {
		return k
	}
	k := int32(len(n.names))
	s := string(b)
	n.names, n.byName[s] = append(n.names, s), k
	return k
}

// add returns the node with these branches.
func (n *nodes) add(list node) int32 {
	if len(list) == 0 {
		return 0
	}
	n.key = n.key[:0]
	for _, b := range list {
		n.key = binary.LittleEndian.AppendUint32(n.key, uint32(b.name))
		n.key = binary.LittleEndian.AppendUint32(n.key, uint32(b.child))
		n.key = append(n.key, bit(b.tree))
	}
	if k, ok := n.byKey[string(n.key)]; ok {
		return k
	}
	k := int32(len(n.raw))
	n.raw = append(n.raw, append(node(nil), list...))
	n.byKey[string(n.key)] = k
	return k
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// settle gives every tree's node children that are nodes: from the leaves up.
// first holds for each tree the node made of what its branches' ids are; result is
// the final ones.
func (n *nodes) settle(first map[int32]int32) map[int32]int32 {
	final := nodes{names: n.names, byName: n.byName, byKey: map[string]int32{}, raw: []node{nil}}
	const pending = -1
	byRaw := make([]int32, len(n.raw)) // of the final ones; 0 is not known yet
	var resolve func(k int32, depth int) int32
	resolve = func(k int32, depth int) int32 {
		if k == 0 || byRaw[k] == pending || depth > maxDepth {
			return 0
		}
		if byRaw[k] > 0 {
			return byRaw[k] - 1
		}
		byRaw[k] = pending
		var list node
		for _, b := range n.raw[k] {
			if b.tree {
				if b.child = resolve(first[b.child], depth+1); b.child == 0 {
					continue
				}
			}
			list = append(list, b)
		}
		got := final.add(list)
		byRaw[k] = got + 1
		return got
	}
	out := make(map[int32]int32, len(first))
	for tree, k := range first {
		if got := resolve(k, 0); got != 0 {
			out[tree] = got
		}
	}
	*n = final
	return out
}

// maxDepth bounds how deep directories nest: no file system takes a path of more.
const maxDepth = 4096

// maxSteps bounds what is looked at of one tree: a small one can hold itself over
// and over.
const maxSteps = 1 << 20

// maxNames bounds the names that are kept meanwhile, in bytes.
const maxNames = 32 << 20
