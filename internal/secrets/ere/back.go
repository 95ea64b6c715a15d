package ere

// maxSteps bounds what a back-reference may cost on one line. Beyond it nobody
// knows, and the line counts as one that matches: what was not decided is shown.
const (
	maxSteps = 2_000_000
	maxCalls = 50_000 // of the recursion
)

// A back is an expression beyond the automaton. With back-references every way to
// match is tried; without, it is followed to all places at once.
type back struct {
	root   *node
	groups int
	plain  bool // it has no back-references
}

// matcher is one search in one line.
type matcher struct {
	line   []byte
	limit  int // where the text ends, for a match that is tried shorter
	notEnd bool
	caps   [][2]int
	steps  int
	calls  int
	over   bool
}

func (b *back) matcher(line []byte) *matcher {
	m := &matcher{line: line, limit: len(line), caps: make([][2]int, b.groups+1)}
	for i := range m.caps {
		m.caps[i] = [2]int{-1, -1}
	}
	return m
}

// selects says whether the line is one that is printed.
func (b *back) selects(line []byte, opt Options) bool {
	m := b.matcher(line)
	var hit bool
	switch {
	case !opt.Word:
		begin, _ := b.search(m, 0)
		hit = begin >= 0
	case opt.Dialect == Git:
		hit = gitWord(line, func(from int) (int, int) { return b.search(m, from) })
	default:
		hit = b.grepWord(m)
	}
	return hit || m.over
}

// search is the leftmost of the longest matches at or after from.
func (b *back) search(m *matcher, from int) (begin, end int) {
	for ; from <= m.limit && !m.over; from++ {
		if end := b.longest(m, from); end >= 0 {
			return from, end
		}
	}
	return -1, -1
}

func (b *back) longest(m *matcher, from int) int {
	best := -1
	if b.plain {
		if ends := m.ends(b.root, places{from}); len(ends) > 0 {
			best = ends[len(ends)-1]
		}
		return best
	}
	m.run(b.root, from, func(i int) bool {
		best = max(best, i)
		return i == m.limit
	})
	return best
}

// grepWord tries, as GNU grep does, the longest match, then shorter ones of the
// same beginning that are not empty, then what begins further on.
func (b *back) grepWord(m *matcher) bool {
	begin, end := b.search(m, 0)
	for begin >= 0 {
		before, _ := around(m.line, begin)
		if _, after := around(m.line, end); before != wordy && after != wordy {
			return true
		}
		shorter := -1
		if end > begin {
			m.limit, m.notEnd = end-1, true
			shorter = b.longest(m, begin)
			m.limit, m.notEnd = len(m.line), false
		}
		if shorter > begin {
			end = shorter
			continue
		}
		if begin == len(m.line) {
			break
		}
		begin, end = b.search(m, begin+1)
	}
	return false
}

// gitWord goes through a line as git grep -w does: the longest match of the first
// beginning, then on behind the next byte that is no word's.
func gitWord(line []byte, search func(from int) (begin, end int)) bool {
	for at := 0; ; {
		begin, end := search(at)
		if begin < 0 {
			return false
		}
		before, _ := around(line, begin)
		if _, after := around(line, end); begin < end && (begin == at && at == 0 || before != wordy) && after != wordy {
			return true
		}
		if at = begin + 1; at >= len(line) {
			return false
		}
		for at < len(line) && wordSet.has(line[at-1]) {
			at++
		}
		if at >= len(line) {
			return false
		}
	}
}

// gitWord is the same for expressions without back-references: where matches
// begin is found in one pass from behind.
func (re *Regexp) gitWord(line []byte) bool {
	words := (len(line)+1)/64 + 1
	if len(re.scratch) < words {
		re.scratch = make([]uint64, words)
	}
	bits := re.scratch[:words]
	clear(bits)
	re.rev.begins(line, bits)
	return gitWord(line, func(from int) (int, int) {
		for i := from; i <= len(line); i++ {
			if bits[i>>6]>>(i&63) == 0 {
				i |= 63
				continue
			}
			if bits[i>>6]>>(i&63)&1 != 0 {
				return i, re.end.longest(line, i)
			}
		}
		return -1, -1
	})
}

// run matches n at i and goes on with k; it ends when k says so.
func (m *matcher) run(n *node, i int, k func(int) bool) bool {
	if m.steps++; m.steps > maxSteps || m.calls > maxCalls {
		m.over = true
	}
	if m.over {
		return true
	}
	m.calls++
	defer func() { m.calls-- }()
	switch n.op {
	case opSet:
		return i < m.limit && n.set.has(m.line[i]) && k(i+1)
	case opAssert:
		return n.assert.holds(m.around(i)) && k(i)
	case opCat:
		return m.cat(n.subs, i, k)
	case opAlt:
		for _, sub := range n.subs {
			if m.run(sub, i, k) {
				return true
			}
		}
		return false
	case opRepeat:
		if n.subs[0].op == opSet {
			return m.many(n, i, k)
		}
		return m.repeat(n, 0, i, k)
	case opGroup:
		was := m.caps[n.n]
		if m.run(n.subs[0], i, func(j int) bool {
			inner := m.caps[n.n]
			m.caps[n.n] = [2]int{i, j}
			if k(j) {
				return true
			}
			m.caps[n.n] = inner
			return false
		}) {
			return true
		}
		m.caps[n.n] = was
		return false
	case opBack:
		c := m.caps[n.n]
		if c[0] < 0 {
			return false
		}
		text := m.line[c[0]:c[1]]
		return i+len(text) <= m.limit && string(m.line[i:i+len(text)]) == string(text) && k(i+len(text))
	}
	return k(i)
}

func (m *matcher) around(i int) (before, after side) {
	before, after = around(m.line, i)
	if i == m.limit && m.notEnd {
		after = other // neither the line's end nor a word's next byte
	}
	return before, after
}

func (m *matcher) cat(subs []*node, i int, k func(int) bool) bool {
	if len(subs) == 0 {
		return k(i)
	}
	return m.run(subs[0], i, func(j int) bool { return m.cat(subs[1:], j, k) })
}

// many repeats a set of bytes, without a call for each.
func (m *matcher) many(n *node, i int, k func(int) bool) bool {
	end := i
	for end < m.limit && (n.max < 0 || end-i < n.max) && n.subs[0].set.has(m.line[end]) {
		end++
	}
	for ; end-i >= n.min; end-- {
		if m.steps++; k(end) {
			return true
		}
	}
	return false
}

func (m *matcher) repeat(n *node, count, i int, k func(int) bool) bool {
	if n.max < 0 || count < n.max {
		if m.run(n.subs[0], i, func(j int) bool {
			if j == i && count >= n.min {
				return false // an empty round more leads nowhere
			}
			return m.repeat(n, count+1, j, k)
		}) {
			return true
		}
	}
	return count >= n.min && k(i)
}
