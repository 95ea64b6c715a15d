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

// A plan is what a code decides of some rules.
type plan struct {
	sure []int32
	open []undecided
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

// A cache remembers by one code: results of leaves, and a plan of the rules
// that the code narrows. A place is of the code that used it last.
type cache struct {
	width int      // words of a row
	tags  []uint64 // of rows: code+1
	rows  []uint64 // known, then value
	plans []cached
}

type cached struct {
	tag uint64 // code+1
	plan
}

// Matcher is a new Matcher of the set.
func (s *Set) Matcher() *Matcher { return s.matcher(cacheSize) }

func (s *Set) matcher(size int) *Matcher {
	m := &Matcher{set: s, plans: map[planKey]*plan{}, fields: make([]values, len(s.fields)), told: make([]uint32, len(s.leaves)), said: make([]bool, len(s.leaves))}
	for i := range m.caches {
		c := &m.caches[i]
		c.width = (len(s.rows[i]) + 63) / 64
		c.tags, c.rows = make([]uint64, size), make([]uint64, 2*c.width*size)
		c.plans = make([]cached, size)
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
	m.take(m.narrow(0, c.Origin))
	m.take(m.narrow(1, c.Identity))
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
	p := &plan{}
	m.decide(p, m.set.bound, byAPI, byMessage)
	m.plans[key] = p
	return p
}

// narrow is what an origin, or an identity, decides of the rules for any call.
func (m *Matcher) narrow(by int, code uint32) *plan {
	at := &m.caches[by].plans[int(code)%len(m.caches[by].plans)]
	if tag := uint64(code) + 1; at.tag != tag {
		at.tag = tag
		class := byOrigin + class(by)
		m.decide(&at.plan, m.set.free[by], class, class)
	}
	return &at.plan
}

// decide reduces rules by their leaves of the classes from first to last.
func (m *Matcher) decide(p *plan, rules []undecided, first, last class) {
	p.sure, p.open = p.sure[:0], p.open[:0]
	tell := func(l int32) tri {
		if c := m.set.leaves[l].class; c < first || c > last {
			return open
		}
		return truth(m.leaf(l))
	}
	for _, u := range rules {
		switch t, left := u.left.reduce(tell); t {
		case yes:
			p.sure = append(p.sure, u.rule)
		case open:
			p.open = append(p.open, undecided{u.rule, left})
		}
	}
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
