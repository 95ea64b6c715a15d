package pack

import (
	"slices"
)

// numbers count the objects of all stores: those of packs by their place in the
// index, then the loose ones. An object in several packs has the number that it
// has in the first, the largest.
type numbers struct {
	r     *Repository
	twice map[int32]int32 // of an object's further copies, to its number
	loose []ID            // those in no pack
	where map[ID]int32    // of those
	packs int32           // where the loose ones begin
	total int32
	dups  []int // by pack, how many of its objects lie in one before it
}

func (r *Repository) numbers() *numbers {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nums != nil {
		return r.nums
	}
	n := &numbers{r: r, twice: map[int32]int32{}, where: map[ID]int32{}}
	for k, p := range r.packs {
		n.packs = p.first + int32(p.x.n)
		n.dups = append(n.dups, 0)
		for i := 0; k > 0 && i < p.x.n; i++ {
			for _, q := range r.packs[:k] {
				if pos := q.x.find(p.x.id(i)); pos >= 0 {
					n.twice[p.first+int32(i)] = q.first + int32(pos)
					n.dups[k]++
					break
				}
			}
		}
	}
	for id := range r.looseObjects() {
		if n.inPacks(id.b[:id.n]) < 0 {
			n.loose = append(n.loose, id)
		}
	}
	slices.SortFunc(n.loose, ID.Compare)
	for i, id := range n.loose {
		n.where[id] = n.packs + int32(i)
	}
	n.total = n.packs + int32(len(n.loose))
	r.nums = n
	return n
}

func (n *numbers) inPacks(id []byte) int32 {
	for _, p := range n.r.packs {
		if pos := p.x.find(id); pos >= 0 {
			return p.first + int32(pos)
		}
	}
	return -1
}

// of is an object's number, or -1. hint is the pack that likely has it; it may be
// nil.
func (n *numbers) of(id []byte, hint *packFile) int32 {
	if hint != nil {
		if pos := hint.x.find(id); pos >= 0 {
			return n.same(hint.first + int32(pos))
		}
	}
	if k := n.inPacks(id); k >= 0 {
		return k
	}
	if k, ok := n.where[rawID(id)]; ok {
		return k
	}
	return -1
}

// same is the number of an object of which i may be a further copy.
func (n *numbers) same(i int32) int32 {
	if len(n.twice) > 0 {
		if first, ok := n.twice[i]; ok {
			return first
		}
	}
	return i
}

// id is the object's.
func (n *numbers) id(i int32) ID {
	if i >= n.packs {
		return n.loose[i-n.packs]
	}
	k, found := slices.BinarySearchFunc(n.r.packs, i, func(p *packFile, i int32) int { return int(p.first) - int(i) })
	if !found {
		k--
	}
	p := n.r.packs[k]
	return rawID(p.x.id(int(i - p.first)))
}
