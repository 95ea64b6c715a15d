package ere

import "slices"

// places are where a match may stand in a line: ascending, each once.
type places []int

// ends are the places to which n leads from any of these. An expression without
// back-references needs no more to be known of how it came there, so its cost is
// that of the line times the expression, whatever repeats what.
func (m *matcher) ends(n *node, from places) places {
	if m.steps += len(from) + 1; m.steps > maxSteps {
		m.over = true
	}
	if m.over || len(from) == 0 {
		return nil
	}
	switch n.op {
	case opSet:
		return m.ahead(n.set, from)
	case opAssert:
		return slices.DeleteFunc(slices.Clone(from), func(i int) bool { return !n.assert.holds(m.around(i)) })
	case opCat:
		for _, sub := range n.subs {
			from = m.ends(sub, from)
		}
		return from
	case opAlt:
		var all places
		for _, sub := range n.subs {
			all = both(all, m.ends(sub, from))
		}
		return all
	case opRepeat:
		return m.rounds(n, from)
	case opGroup:
		return m.ends(n.subs[0], from)
	}
	return from
}

func (m *matcher) ahead(s set, from places) (to places) {
	for _, i := range from {
		if i < m.limit && s.has(m.line[i]) {
			to = append(to, i+1)
		}
	}
	return to
}

// rounds repeats: the rounds that must be, then on to wherever new places come.
func (m *matcher) rounds(n *node, from places) places {
	for range n.min {
		if from = m.ends(n.subs[0], from); len(from) == 0 {
			return nil
		}
	}
	all := from
	for i := n.min; (n.max < 0 || i < n.max) && len(from) > 0; i++ {
		was := all
		to := m.ends(n.subs[0], from)
		all = both(all, to)
		from = slices.DeleteFunc(slices.Clone(to), func(at int) bool { _, old := slices.BinarySearch(was, at); return old })
	}
	return all
}

// both is the union of two.
func both(a, b places) places {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
