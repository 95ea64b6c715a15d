package sigma

import (
	"slices"

	"cordon/internal/event"
)

// Codes stand for parts of a record: equal codes, equal values. A Matcher
// remembers by them, so they must come from one dictionary for its lifetime.
type Codes struct {
	API      uint32 // eventSource and eventName
	Error    uint32 // errorCode, absent included
	Origin   uint32 // awsRegion, sourceIPAddress and userAgent
	Identity uint32 // the whole userIdentity
}

// A Matcher runs a set over records. It is for one goroutine.
//
// What a rule says of source, name and error is decided once per combination
// of their codes, which leaves a few rules. Those that say nothing of them are
// decided once per code of the origin, and then of the identity. Only what is
// still open looks at the record, or at what it remembers of single leaves.
type Matcher struct {
	set    *Set
	plans  map[planKey]*plan
	free   [3]*plan // the rules for any call, by what they look at
	made   uint64
	caches [2]cache // by origin, by identity
	fields []values
	told   []uint32 // by leaf: the event that said is of
	said   []bool
	now    uint32
	view   *event.View
	codes  Codes
	hits   []int32
}

type planKey struct {
	api, err uint32
	message  bool
}

// A plan is what is known of all rules after some codes.
type plan struct {
	id    uint64
	sure  []int32
	open  []undecided
	needs [2]bool // whether an origin or an identity can decide something
}

type undecided struct {
	rule int32
	left *node
}

// Sizes of what is remembered. Beyond, the oldest is forgotten and worked out
// again.
const (
	mostPlans = 1 << 13
	cacheSize = 1 << 14
)

// A cache remembers results by code: those of leaves, and plans.
type cache struct {
	width int      // words of a row
	tags  []uint64 // of rows: code+1
	rows  []uint64 // known, then value
	plans []cached
}

type cached struct {
	from uint64
	code uint32
	plan *plan
}

// Matcher is a new Matcher of the set.
func (s *Set) Matcher() *Matcher { return s.matcher(cacheSize) }

func (s *Set) matcher(size int) *Matcher {
	m := &Matcher{set: s, plans: map[planKey]*plan{}, fields: make([]values, len(s.fields)), told: make([]uint32, len(s.leaves)), said: make([]bool, len(s.leaves))}
	for i := range m.free {
		m.free[i] = m.decide(&plan{open: s.free[i]}, byAPI, byAPI) // decides nothing, and notes what it needs
	}
	for i := range m.caches {
		if n := len(s.rows[i]); n > 0 {
			c := &m.caches[i]
			c.width = (n + 63) / 64
			c.tags, c.rows = make([]uint64, size), make([]uint64, 2*c.width*size)
			c.plans = make([]cached, size)
		}
	}
	return m
}

// Match is the numbers of the rules that the record hits, ascending: parts of
// correlations included. The slice is good until the next Match.
func (m *Matcher) Match(v *event.View, c Codes) []int32 {
	m.view, m.codes = v, c
	if m.now++; m.now == 0 { // wrapped: nothing of before may seem to be of now
		clear(m.told)
		for i := range m.fields {
			m.fields[i].at = 0
		}
		m.now = 1
	}
	m.hits = m.hits[:0]
	m.take(m.plan(planKey{c.API, c.Error, v.ErrorMessage != nil}))
	for _, p := range m.free {
		if p.needs[0] {
			p = m.narrow(p, 0, c.Origin)
		}
		if p.needs[1] {
			p = m.narrow(p, 1, c.Identity)
		}
		m.take(p)
	}
	if len(m.hits) > 1 {
		slices.Sort(m.hits)
	}
	return m.hits
}

// take adds what a plan is sure of, and decides the rest of it.
func (m *Matcher) take(p *plan) {
	m.hits = append(m.hits, p.sure...)
	for i := range p.open {
		if u := &p.open[i]; m.eval(u.left) {
			m.hits = append(m.hits, u.rule)
		}
	}
}

// plan is what source, name and error decide.
func (m *Matcher) plan(key planKey) *plan {
	if p := m.plans[key]; p != nil {
		return p
	}
	if len(m.plans) >= mostPlans {
		clear(m.plans)
	}
	p := m.decide(&plan{open: m.set.bound}, byMessage, byAPI)
	m.plans[key] = p
	return p
}

// narrow is what a code decides of a plan.
func (m *Matcher) narrow(p *plan, by int, code uint32) *plan {
	c := &m.caches[by]
	at := &c.plans[mix(p.id, code)%uint64(len(c.plans))]
	if at.from != p.id || at.code != code {
		class := byOrigin + class(by)
		*at = cached{p.id, code, m.decide(p, class, class)}
	}
	return at.plan
}

// mix spreads plans and codes, which both count from 0, over a cache.
func mix(id uint64, code uint32) uint64 {
	x := (id<<32 | id>>32 ^ uint64(code)) * 0x9E3779B97F4A7C15
	return x >> 40
}

// decide reduces a plan by the leaves of the classes from first to last.
func (m *Matcher) decide(p *plan, last, first class) *plan {
	m.made++
	out := &plan{id: m.made, sure: slices.Clone(p.sure)}
	tell := func(l int32) tri {
		if c := m.set.leaves[l].class; c < first || c > last {
			return open
		}
		return truth(m.leaf(l))
	}
	for _, u := range p.open {
		switch t, left := u.left.reduce(tell); t {
		case yes:
			out.sure = append(out.sure, u.rule)
		case open:
			out.open = append(out.open, undecided{u.rule, left})
			left.leaves(func(l int32) {
				if c := m.set.leaves[l].class; c == byOrigin || c == byIdentity {
					out.needs[c-byOrigin] = true
				}
			})
		}
	}
	slices.Sort(out.sure)
	return out
}

// eval decides what is left of a rule on the record itself.
func (m *Matcher) eval(n *node) bool {
	if n.op == is {
		return m.leaf(n.leaf)
	}
	return n.eval(m.leaf)
}

// leaf is what a leaf says of the record, from memory where it was asked
// before: of this record, or of one with the same code.
func (m *Matcher) leaf(i int32) bool {
	if m.told[i] == m.now {
		return m.said[i]
	}
	l := &m.set.leaves[i]
	if l.class != byOrigin && l.class != byIdentity {
		return m.test(i, l)
	}
	code := m.codes.Origin
	if l.class == byIdentity {
		code = m.codes.Identity
	}
	c := &m.caches[l.class-byOrigin]
	known, value := c.row(code)
	slot := m.set.slots[i]
	word, bit := slot/64, uint64(1)<<(slot%64)
	if known[word]&bit == 0 {
		known[word] |= bit
		if m.test(i, l) {
			value[word] |= bit
		}
	}
	return value[word]&bit != 0
}

// row is a code's row, emptied where it was another's.
func (c *cache) row(code uint32) (known, value []uint64) {
	slot := int(code) % len(c.tags)
	row := c.rows[slot*2*c.width : (slot+1)*2*c.width]
	if tag := uint64(code) + 1; c.tags[slot] != tag {
		c.tags[slot] = tag
		clear(row)
	}
	return row[:c.width], row[c.width:]
}

func (m *Matcher) test(i int32, l *leaf) bool {
	x := m.field(l.field)
	other := x
	if l.other >= 0 {
		other = m.field(l.other)
	}
	m.told[i], m.said[i] = m.now, l.test.met(x, other)
	return m.said[i]
}

// field is what the record has at a field, read once.
func (m *Matcher) field(f int32) *values {
	x := &m.fields[f]
	if x.at != m.now {
		x.at = m.now
		x.fill(&m.set.fields[f], m.view)
	}
	return x
}
