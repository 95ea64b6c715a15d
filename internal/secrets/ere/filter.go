package ere

// A filter is what every match must have, for a caller that reads much text: see
// Facts.
type filter struct{ facts Facts }

// Facts are what is known of every match of the list, whichever expression it is
// of: it is at least Min bytes long.
type Facts struct{ Min int }

// Facts tells what every match must have.
func (re *Regexp) Facts() Facts { return re.filter.facts }

func newFilter(all []*node) *filter {
	f := &filter{}
	for i, n := range all {
		if l := n.least(); i == 0 || l < f.facts.Min {
			f.facts.Min = l
		}
	}
	return f
}

// least is the length of the shortest match.
func (n *node) least() (l int) {
	const much = 1 << 30
	switch n.op {
	case opSet:
		return 1
	case opCat:
		for _, sub := range n.subs {
			l = min(much, l+sub.least())
		}
	case opAlt:
		l = much
		for _, sub := range n.subs {
			l = min(l, sub.least())
		}
	case opGroup:
		return n.subs[0].least()
	case opRepeat:
		if one := n.subs[0].least(); n.min > 0 && one > much/n.min {
			return much
		} else {
			return one * n.min
		}
	}
	return l
}
