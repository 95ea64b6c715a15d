package pack

import (
	"bytes"
	"slices"
)

// A lineage is which commit comes from which: parents stand before children.
type lineage struct {
	hash   int
	ids    []byte  // one behind the other
	byID   []int32 // places in the order of their ids; later ones are in late
	late   map[ID]int32
	dates  []int64
	begin  []int32 // parents of i: above[begin[i]:begin[i+1]]
	above  []int32
	merges []bool // more than one parent is named, here or not
}

func (l *lineage) len() int                { return len(l.dates) }
func (l *lineage) raw(i int32) []byte      { return l.ids[int(i)*l.hash : int(i+1)*l.hash] }
func (l *lineage) id(i int32) ID           { return rawID(l.raw(i)) }
func (l *lineage) date(i int32) int64      { return l.dates[i] }
func (l *lineage) known(ID) bool           { return true } // all others are here
func (l *lineage) parents(i int32) []int32 { return l.above[l.begin[i]:l.begin[i+1]] }

// find is a commit's place, or -1.
func (l *lineage) find(id ID) int32 {
	k, found := slices.BinarySearchFunc(l.byID, id.b[:id.n], func(i int32, id []byte) int { return bytes.Compare(l.raw(i), id) })
	if found {
		return l.byID[k]
	}
	if i, ok := l.late[id]; ok {
		return i
	}
	return -1
}

// add puts a commit behind all others.
func (l *lineage) add(id ID, date int64, parents []int32, merge bool) (int32, bool) {
	i := int32(l.len())
	if l.late == nil {
		l.late = map[ID]int32{}
	}
	if len(l.begin) == 0 {
		l.begin = []int32{0}
	}
	l.late[id] = i
	l.ids = append(l.ids, id.b[:l.hash]...)
	l.dates = append(l.dates, date)
	l.above = append(l.above, parents...)
	l.begin = append(l.begin, int32(len(l.above)))
	l.merges = append(l.merges, merge)
	return i, true
}

// sort makes byID of all.
func (l *lineage) sort() {
	l.byID = make([]int32, l.len())
	for i := range l.byID {
		l.byID[i] = int32(i)
	}
	slices.SortFunc(l.byID, func(a, b int32) int { return bytes.Compare(l.raw(a), l.raw(b)) })
	l.late = nil
}

// settle puts later ones where they belong in byID.
func (l *lineage) settle() {
	for id, i := range l.late {
		k, _ := slices.BinarySearchFunc(l.byID, id.b[:id.n], func(i int32, id []byte) int { return bytes.Compare(l.raw(i), id) })
		l.byID = slices.Insert(l.byID, k, i)
	}
	l.late = nil
}

// held walks from parents to children with a bit per commit, 64 at a time.
func (l *lineage) held(some []int32, yield func(commit int32, by func(other int32) bool)) {
	mask := make([]uint64, l.len())
	for part := range slices.Chunk(some, 64) {
		l.reached(part, mask)
		for bit, i := range part {
			yield(i, func(other int32) bool { return mask[other]>>bit&1 != 0 })
		}
	}
}

// reached says for up to 64 commits which of all others come from them: a bit
// for each.
func (l *lineage) reached(some []int32, mask []uint64) {
	clear(mask)
	for bit, i := range some {
		mask[i] |= 1 << bit
	}
	for i := range l.len() {
		m := mask[i]
		for _, p := range l.above[l.begin[i]:l.begin[i+1]] {
			m |= mask[p]
		}
		mask[i] = m
	}
}
