package pack

import (
	"bytes"
	"slices"
)

// A named is an entry of a tree, as a walk keeps it: where it begins, and the
// number of what it names where that is of interest, else -1.
type named struct{ at, child int32 }

// A leaf is an entry as it stands in a tree.
type leaf struct {
	mode uint32
	name []byte
	id   []byte
	end  int
}

const (
	modeTree   = 0o40000
	modeCommit = 0o160000 // a submodule's: its objects lie elsewhere
)

// leafAt reads the entry that begins at an offset.
func leafAt(tree []byte, at, hash int) (e leaf, ok bool) {
	b := tree[at:]
	i := 0
	for ; i < len(b) && i < 8 && b[i] != ' '; i++ {
		if b[i] < '0' || b[i] > '7' {
			return e, false
		}
		e.mode = e.mode<<3 | uint32(b[i]-'0')
	}
	if i == 0 || i >= len(b) || b[i] != ' ' {
		return e, false
	}
	n := bytes.IndexByte(b[i+1:], 0)
	if n < 1 || i+1+n+1+hash > len(b) {
		return e, false
	}
	e.name = b[i+1 : i+1+n]
	e.id = b[i+2+n : i+2+n+hash]
	e.end = at + i + 2 + n + hash
	return e, true
}

// leaves goes through a tree until yield says no, and says whether it is one.
func leaves(tree []byte, hash int, yield func(e leaf) bool) bool {
	for at := 0; at < len(tree); {
		e, ok := leafAt(tree, at, hash)
		if !ok {
			return false
		}
		if !yield(e) {
			return true
		}
		at = e.end
	}
	return true
}

// A span is a range of a base's entries.
type span struct{ from, to int }

// entries lists what a tree names. Entries that were copied whole from the base
// are the base's: only fresh ones are read. Where an entry begins follows from
// the one before it alone, so a copied stretch holds the same entries as soon as
// one of the base's begins where one of this tree begins.
func entries(tree []byte, hash int, base *built, segments []segment, out []named, kept []span, fresh func(at int, e leaf) int32) ([]named, []span, bool) {
	k := 0
	for at := 0; at < len(tree); {
		for k < len(segments) && segments[k].to <= at {
			k++
		}
		if base != nil && k < len(segments) && segments[k].from <= at {
			shift := segments[k].from - segments[k].base
			limit := segments[k].to - shift
			j, found := slices.BinarySearchFunc(base.named, at-shift, func(n named, at int) int { return int(n.at) - at })
			if found {
				first := j
				for ; j < len(base.named); j++ {
					end := len(base.body)
					if j+1 < len(base.named) {
						end = int(base.named[j+1].at)
					}
					if end > limit {
						break
					}
					out = append(out, named{base.named[j].at + int32(shift), base.named[j].child})
					at = end + shift
				}
				if j > first {
					kept = append(kept, span{first, j})
					continue
				}
			}
		}
		e, ok := leafAt(tree, at, hash)
		if !ok {
			return out, kept, false
		}
		out = append(out, named{int32(at), fresh(at, e)})
		at = e.end
	}
	return out, kept, true
}

// dropped calls gone for every child of the base that the tree has no more.
func dropped(base, tree []named, kept []span, gone func(child int32)) {
	if !slices.IsSortedFunc(kept, func(a, b span) int { return a.from - b.from }) {
		slices.SortFunc(kept, func(a, b span) int { return a.from - b.from })
	}
	// Whether the tree has a child is looked up where that is asked often.
	const few = 32
	var there map[int32]bool
	asked := 0
	has := func(child int32) bool {
		if asked++; asked <= few {
			return slices.ContainsFunc(tree, func(n named) bool { return n.child == child })
		}
		if there == nil {
			there = make(map[int32]bool, len(tree))
			for _, n := range tree {
				there[n.child] = true
			}
		}
		is := there[child]
		there[child] = true // that it is gone is said once
		return is
	}
	i := 0
	upTo := func(end int) {
		for ; i < end; i++ {
			if child := base[i].child; child >= 0 && !has(child) {
				gone(child)
			}
		}
	}
	for _, s := range kept {
		upTo(s.from)
		i = max(i, s.to)
	}
	upTo(len(base))
}
