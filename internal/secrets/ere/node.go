package ere

// A set is a set of bytes.
type set [4]uint64

func (s *set) add(c byte)        { s[c>>6] |= 1 << (c & 63) }
func (s *set) drop(c byte)       { s[c>>6] &^= 1 << (c & 63) }
func (s *set) has(c byte) bool   { return s[c>>6]>>(c&63)&1 != 0 }
func (s *set) union(o set)       { s[0], s[1], s[2], s[3] = s[0]|o[0], s[1]|o[1], s[2]|o[2], s[3]|o[3] }
func (s set) not() set           { return set{^s[0], ^s[1], ^s[2], ^s[3]} }
func (s set) without(c byte) set { s.drop(c); return s }
func (s *set) addRange(lo, hi int) {
	for c := lo; c <= hi; c++ {
		s.add(byte(c))
	}
}

func single(c byte) (s set) { s.add(c); return s }

func ranges(pairs string) (s set) {
	for i := 0; i+1 < len(pairs); i += 2 {
		s.addRange(int(pairs[i]), int(pairs[i+1]))
	}
	return s
}

var (
	wordSet  = ranges("09AZ__az")
	spaceSet = ranges("\t\r  ")
	anySet   = set{}.not().without('\n')
)

// classes are the POSIX classes in the C locale.
var classes = map[string]set{
	"alnum": ranges("09AZaz"), "alpha": ranges("AZaz"), "blank": ranges("\t\t  "), "cntrl": ranges("\x00\x1f\x7f\x7f"),
	"digit": ranges("09"), "graph": ranges("!~"), "lower": ranges("az"), "print": ranges(" ~"),
	"punct": ranges("!/:@[`{~"), "space": spaceSet, "upper": ranges("AZ"), "xdigit": ranges("09AFaf"),
}

type op uint8

const (
	opEmpty op = iota
	opSet
	opCat
	opAlt // of nothing: matches nothing
	opRepeat
	opAssert
	opGroup
	opBack
)

// What an assertion asks of the bytes on either side of a place.
type assertion uint8

const (
	lineBegin assertion = iota
	lineEnd
	wordBegin
	wordEnd
	wordEdge
	wordInside
	noWordBefore // for -w
	noWordAfter
)

// mirror is what an assertion becomes for a text that is read backwards.
var mirror = [...]assertion{
	lineBegin: lineEnd, lineEnd: lineBegin, wordBegin: wordEnd, wordEnd: wordBegin,
	wordEdge: wordEdge, wordInside: wordInside, noWordBefore: noWordAfter, noWordAfter: noWordBefore,
}

// side is what stands beside a place.
type side uint8

const (
	edge side = iota // the line's beginning or end
	wordy
	other
)

// holds says whether an assertion does between two sides.
func (a assertion) holds(before, after side) bool {
	switch a {
	case lineBegin:
		return before == edge
	case lineEnd:
		return after == edge
	case wordBegin:
		return before != wordy && after == wordy
	case wordEnd:
		return before == wordy && after != wordy
	case wordEdge:
		return (before == wordy) != (after == wordy)
	case wordInside:
		return (before == wordy) == (after == wordy)
	case noWordBefore:
		return before != wordy
	default:
		return after != wordy
	}
}

func sideOf(c byte) side {
	if wordSet.has(c) {
		return wordy
	}
	return other
}

// around tells what stands beside the place i of a line.
func around(line []byte, i int) (before, after side) {
	if i > 0 {
		before = sideOf(line[i-1])
	}
	if i < len(line) {
		after = sideOf(line[i])
	}
	return before, after
}

// A node is a piece of an expression.
type node struct {
	op       op
	set      set
	subs     []*node
	min, max int // of a repeat; max -1 is no bound
	n        int // of a group or a back-reference
	assert   assertion
}

func cat(subs ...*node) *node { return &node{op: opCat, subs: subs} }

// wordly is an expression between places where no word goes on.
func wordly(n *node) *node {
	return cat(&node{op: opAssert, assert: noWordBefore}, n, &node{op: opAssert, assert: noWordAfter})
}

// loosen is an expression that matches wherever n may: a back-reference is
// anything.
func loosen(n *node) *node {
	if n.op == opBack {
		return &node{op: opRepeat, max: -1, subs: []*node{{op: opSet, set: anySet}}}
	}
	return n.with(loosen)
}

// reversed matches backwards what n matches forwards.
func reversed(n *node) *node {
	c := n.with(reversed)
	switch n.op {
	case opCat:
		for i, j := 0, len(c.subs)-1; i < j; i, j = i+1, j-1 {
			c.subs[i], c.subs[j] = c.subs[j], c.subs[i]
		}
	case opAssert:
		c.assert = mirror[n.assert]
	}
	return c
}

// with is n with every part below it changed.
func (n *node) with(change func(*node) *node) *node {
	c := *n
	c.subs = make([]*node, len(n.subs))
	for i, sub := range n.subs {
		c.subs[i] = change(sub)
	}
	return &c
}
