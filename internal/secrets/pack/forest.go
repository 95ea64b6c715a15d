package pack

import (
	"math"
	"slices"
)

// An object is one of a pack, in the order in which they lie there.
type object struct {
	off  int64
	size uint32 // of its stream; huge stands for too large
	base int32  // its delta base's number in this order, or one of the following
	pos  uint32 // of its id in the index
	head uint8  // bytes before the stream
	raw  Kind   // what its header says
	kind Kind   // what it is, 0 where its base is not known
}

const (
	noBase    int32 = -1
	elsewhere int32 = -2 // the delta base is not in this pack
	broken    int32 = -3 // nothing can be said

	huge = math.MaxUint32
)

// A forest is how the objects of a pack are made from each other.
type forest struct {
	p       *packFile
	objects []object
	first   []int32 // the deltas against object i are kids[first[i]:first[i+1]]
	kids    []int32 // of each, the one with the most descendants first
	below   []int32 // how many objects its tree has, itself included
	roots   []int32
	gaps    []Gap
}

// grow reads every header once. kindOf is asked for bases in other packs.
func (p *packFile) grow(kindOf func(id ID) Kind) *forest {
	f := &forest{p: p, objects: make([]object, p.x.n)}
	f.order()
	f.headers(kindOf)
	f.link()
	return f
}

// deltas are the objects made from object i.
func (f *forest) deltas(i int32) []int32 { return f.kids[f.first[i]:f.first[i+1]] }

func (f *forest) id(i int32) ID { return rawID(f.p.x.id(int(f.objects[i].pos))) }

// end is where object i must end: where the next one begins.
func (f *forest) end(i int32) int64 {
	if int(i)+1 < len(f.objects) && f.objects[i+1].off <= f.p.end {
		return f.objects[i+1].off
	}
	return f.p.end
}

func (f *forest) gap(i int32, err error) {
	f.gaps = append(f.gaps, Gap{ID: f.id(i), Pack: f.p.name, Offset: f.objects[i].off, Why: "the object cannot be read: " + err.Error()})
}

// order sorts the objects by their offsets.
func (f *forest) order() {
	n := len(f.objects)
	type place struct {
		off int64
		pos uint32
	}
	from, to := make([]place, n), make([]place, n)
	most := int64(0)
	for i := range from {
		off := f.p.x.offset(i)
		if off < 0 || off > f.p.end { // nowhere: sorts last, and is refused by header
			off = f.p.end
		}
		from[i] = place{off, uint32(i)}
		most = max(most, off)
	}
	const digit = 11
	for shift := 0; most>>shift != 0; shift += digit {
		var at [1<<digit + 1]int32
		for i := range from {
			at[from[i].off>>shift&(1<<digit-1)+1]++
		}
		for i := range 1 << digit {
			at[i+1] += at[i]
		}
		for i := range from {
			d := from[i].off >> shift & (1<<digit - 1)
			to[at[d]] = from[i]
			at[d]++
		}
		from, to = to, from
	}
	for i := range from {
		f.objects[i] = object{off: from[i].off, pos: from[i].pos, base: broken}
	}
}

// headers reads what each object is and which its base.
func (f *forest) headers(kindOf func(id ID) Kind) {
	find := f.finder()
	var places []int32 // of the positions of ids, made for the first delta by id
	for i := range f.objects {
		o := &f.objects[i]
		h, err := f.p.header(o.off)
		if err == nil && i > 0 && f.objects[i-1].off == o.off && o.off >= f.p.end {
			err = errBase
		}
		if err != nil {
			f.gap(int32(i), err)
			continue
		}
		o.raw, o.head, o.size = h.kind, uint8(h.stream-o.off), uint32(min(h.size, huge))
		switch h.kind {
		case byOffset:
			if o.base = find(h.base); o.base < 0 {
				o.base = broken
				f.gap(int32(i), errBase)
			}
		case byID:
			o.base = elsewhere
			if pos := f.p.x.find(h.id); pos >= 0 {
				if places == nil {
					places = make([]int32, len(f.objects))
					for k := range f.objects {
						places[f.objects[k].pos] = int32(k)
					}
				}
				o.base = places[pos]
			} else {
				o.kind = kindOf(rawID(h.id))
			}
		default:
			o.base, o.kind = noBase, h.kind
		}
	}
}

// finder returns a search for the object at an offset: -1 where there is none.
func (f *forest) finder() func(off int64) int32 {
	n := len(f.objects)
	shift := 0
	for f.p.end>>shift > int64(n) {
		shift++
	}
	begin := make([]int32, f.p.end>>shift+2)
	next := 0
	for i := range begin {
		for next < n && f.objects[next].off>>shift < int64(i) {
			next++
		}
		begin[i] = int32(next)
	}
	return func(off int64) int32 {
		if off < 0 || off > f.p.end {
			return -1
		}
		for i := int(begin[off>>shift]); i < n && f.objects[i].off <= off; i++ {
			if f.objects[i].off == off {
				return int32(i)
			}
		}
		return -1
	}
}

// link makes the trees, and finds what hangs in none: deltas against each other
// in a circle.
func (f *forest) link() {
	n := len(f.objects)
	f.first = make([]int32, n+1)
	for i := range f.objects {
		if b := f.objects[i].base; b >= 0 {
			f.first[b+1]++
		} else { // broken ones too: what is made from them hangs there
			f.roots = append(f.roots, int32(i))
		}
	}
	for i := range n {
		f.first[i+1] += f.first[i]
	}
	f.kids = make([]int32, f.first[n])
	at := slices.Clone(f.first[:n])
	for i := range f.objects {
		if b := f.objects[i].base; b >= 0 {
			f.kids[at[b]] = int32(i)
			at[b]++
		}
	}
	// Parents before children: then sizes from the back.
	f.below = at
	clear(f.below)
	sorted := make([]int32, 0, n)
	sorted = append(sorted, f.roots...)
	for k := 0; k < len(sorted); k++ {
		i := sorted[k]
		f.below[i] = 1
		for _, kid := range f.kids[f.first[i]:f.first[i+1]] {
			f.objects[kid].kind = f.objects[i].kind
			sorted = append(sorted, kid)
		}
	}
	for k := len(sorted) - 1; k >= 0; k-- {
		if b := f.objects[sorted[k]].base; b >= 0 {
			f.below[b] += f.below[sorted[k]]
		}
	}
	for i := range f.objects {
		if f.below[i] == 0 {
			f.gap(int32(i), errCircle)
		}
		if kids := f.kids[f.first[i]:f.first[i+1]]; len(kids) > 1 {
			slices.SortFunc(kids, func(a, b int32) int {
				if f.below[a] != f.below[b] {
					return int(f.below[b] - f.below[a])
				}
				return int(a - b)
			})
		}
	}
}
