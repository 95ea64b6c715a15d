package ere

import (
	"bytes"
	"math"
	"math/bits"
)

// A need is a run of bytes that every match of an expression has: length bytes,
// all of the set. Text without one is passed by at many bytes a step.
type need struct {
	set    set
	length int
}

// A sought need has its set as a table.
type sought struct {
	need
	in [256]bool
}

// A filter has a need for each expression of a list, or none at all.
type filter struct{ needs []*sought }

// The least run that is worth looking for, and how many bits it must tell.
const (
	shortest = 6
	rarest   = 16
)

func newFilter(all []*node) *filter {
	f := &filter{}
	seen := map[need]bool{}
	for _, n := range all {
		r := n.runs()
		best := r.best
		best.set.drop('\n') // a match is in one line
		if best.length < shortest || best.worth() < rarest {
			return &filter{}
		}
		if seen[best] {
			continue
		}
		seen[best] = true
		b := &sought{need: best}
		for c := range b.in {
			b.in[c] = b.set.has(byte(c))
		}
		f.needs = append(f.needs, b)
	}
	return f
}

// run is what is known of the matches of a piece: solid says that they consist of
// bytes of the set and have at least length of them; best is a run that each has
// somewhere.
type run struct {
	solid  bool
	set    set
	length int
	best   need
}

// worth is how rarely a run comes up by chance, in bits.
func (n need) worth() float64 {
	if n.length == 0 {
		return 0
	}
	return float64(min(n.length, 64)) * math.Log2(256/float64(max(1, n.set.size())))
}

func (s set) size() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

func better(a, b need) need {
	if b.worth() > a.worth() {
		return b
	}
	return a
}

func solid(s set, length int) run {
	return run{solid: true, set: s, length: length, best: need{set: s, length: length}}
}

func (n *node) runs() run {
	switch n.op {
	case opSet:
		return solid(n.set, 1)
	case opGroup:
		return n.subs[0].runs()
	case opCat:
		return n.inRow()
	case opAlt:
		return n.oneOf()
	case opRepeat:
		r := n.subs[0].runs()
		const much = 1 << 20
		if r.solid {
			return solid(r.set, min(much, r.length*min(much, n.min)))
		}
		if n.min == 0 {
			r.best = need{}
		}
		return r
	}
	return solid(set{}, 0) // of no width
}

// inRow joins neighbours that are solid.
func (n *node) inRow() run {
	runs := make([]run, len(n.subs))
	all := run{solid: true}
	for i, sub := range n.subs {
		runs[i] = sub.runs()
		all.solid = all.solid && runs[i].solid
		all.set.union(runs[i].set)
		all.length += runs[i].length
		all.best = better(all.best, runs[i].best)
	}
	for i := range runs {
		joined := need{}
		for j := i; j < len(runs) && j < i+64 && runs[j].solid; j++ {
			joined.set.union(runs[j].set)
			joined.length += runs[j].length
			all.best = better(all.best, joined)
		}
	}
	return all
}

// oneOf is what all alternatives have: the shortest of their runs, over all their
// bytes.
func (n *node) oneOf() run {
	all := run{solid: len(n.subs) > 0}
	for i, sub := range n.subs {
		r := sub.runs()
		all.solid = all.solid && r.solid
		all.set.union(r.set)
		if i == 0 || r.length < all.length {
			all.length = r.length
		}
		all.best.set.union(r.best.set)
		if i == 0 || r.best.length < all.best.length {
			all.best.length = r.best.length
		}
	}
	return all
}

// find is the first place at or after from where a run stands, or the text's end.
// A run of n bytes has one of every n-th: the others are not looked at.
func (n *sought) find(text []byte, from int) int {
	for at := from + n.length - 1; at < len(text); {
		if !n.in[text[at]] {
			at += n.length
			continue
		}
		begin := at
		for begin > from && begin > at-n.length+1 && n.in[text[begin-1]] {
			begin--
		}
		end := at + 1
		for end < begin+n.length && end < len(text) && n.in[text[end]] {
			end++
		}
		if end == begin+n.length {
			return begin
		}
		at = end + n.length
	}
	return len(text)
}

// filtered is Lines for a list that has needs.
func (re *Regexp) filtered(text []byte, hits []int) []int {
	var room [8]int
	next := room[:0]
	for _, n := range re.filter.needs {
		next = append(next, n.find(text, 0))
	}
	for {
		at := len(text)
		for _, p := range next {
			at = min(at, p)
		}
		if at == len(text) {
			return hits
		}
		begin, end := bytes.LastIndexByte(text[:at], '\n')+1, len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i
		}
		if re.Match(text[begin:end]) {
			hits = append(hits, begin)
		}
		for k, p := range next {
			if p < end {
				next[k] = re.filter.needs[k].find(text, end)
			}
		}
	}
}
