package ere

// A fault is in the C library's words.
type fault string

func (f fault) Error() string { return string(f) }

const (
	errParen    = fault(`Unmatched ( or \(`)
	errBracket  = fault("Unmatched [, [^, [:, [., or [=")
	errBrace    = fault(`Unmatched \{`)
	errInterval = fault(`Invalid content of \{\}`)
	errRepeat   = fault("Invalid preceding regular expression")
	errPattern  = fault("Invalid regular expression")
	errEscape   = fault("Trailing backslash")
	errBackref  = fault("Invalid back reference")
	errClass    = fault("Invalid character class name")
	errCollate  = fault("Invalid collation character")
	errRange    = fault("Invalid range end")
	errBig      = fault("Regular expression too big")
	errColons   = fault("character class syntax is [[:space:]], not [:space:]")
)

const (
	maxRepeat = 0x7fff // RE_DUP_MAX
	maxDepth  = 1000   // of parentheses; the C library has its stack for a bound
)

// parser reads one expression.
type parser struct {
	src      string
	at       int
	dialect  Dialect
	depth    int
	groups   int
	done     uint16 // groups that a back-reference may name
	backrefs bool
	brace    bool // the next { is for itself
	opened   bool // nothing but such { stand before: grep's checker passes them over
	symbols  bool // [.x.] or [=x=]: beyond grep's automaton too
	beyond   bool
	start    bool  // only what has no width stands before: grep's "at start"
	late     error // what grep says only when nothing else is wrong
	warnings []string
}

// again reads an expression that is beyond grep's automaton as grep then has the C
// library read it.
func (p *parser) again() (*node, error) {
	other := &parser{src: p.src, dialect: p.dialect, beyond: true}
	n, err := other.alternatives()
	p.groups = other.groups
	return n, err
}

func (p *parser) more() bool { return p.at < len(p.src) }

func (p *parser) parse() (*node, error) {
	n, err := p.alternatives()
	switch {
	case err != nil:
	case p.dialect == Grep && unclosed(p.src):
		err = errParen
	default:
		err = p.late
	}
	return n, err
}

// alternatives reads up to the end, or to the parenthesis that closes. A group
// counts for back-references behind it in its own alternative, and behind all.
func (p *parser) alternatives() (*node, error) {
	before, after := p.done, p.done
	alt := &node{op: opAlt}
	for {
		p.done, p.start = before, true
		n, err := p.branch()
		if err != nil {
			return nil, err
		}
		alt.subs = append(alt.subs, n)
		after |= p.done
		if !p.more() || p.src[p.at] != '|' {
			break
		}
		p.at++
	}
	p.done = after
	if len(alt.subs) == 1 {
		return alt.subs[0], nil
	}
	return alt, nil
}

func (p *parser) branch() (*node, error) {
	all := cat()
	for p.more() {
		if c := p.src[p.at]; c == '|' || c == ')' && p.depth > 0 {
			break
		}
		n, err := p.piece()
		if err != nil {
			return nil, err
		}
		all.subs = append(all.subs, n)
	}
	switch len(all.subs) {
	case 0:
		return &node{op: opEmpty}, nil
	case 1:
		return all.subs[0], nil
	}
	return all, nil
}

// piece reads one atom and what repeats it.
func (p *parser) piece() (*node, error) {
	n, err := p.atom()
	// An anchor stands for itself with the C library: what follows begins anew. Only
	// grep's own automaton repeats it.
	hollow := err == nil && (n.op == opAssert || n.op == opEmpty)
	passed := hollow // grep's checker has read nothing that can be repeated
	for err == nil && p.more() && !(hollow && p.library()) {
		var (
			lo, hi int
			sign   string
			ok     bool
		)
		if lo, hi, sign, ok, err = p.repetition(passed || p.opened); err != nil || !ok {
			p.brace = sign == "{...}" && !hollow
			return n, err
		}
		p.opened = false
		passed = passed && sign != "{...}" // it reads 1} for themselves
		if p.start {
			p.warnings = append(p.warnings, sign+" at start of expression")
			p.start = sign != "{...}"
		}
		n = &node{op: opRepeat, subs: []*node{n}, min: lo, max: hi}
	}
	return n, err
}

// library says that the C library's reading counts. grep has its own, unless an
// expression is beyond its automaton.
func (p *parser) library() bool { return p.dialect == Git || p.beyond }

// repetition reads * + ? or an interval. Behind nothing that has a width nobody
// minds an interval that is none.
func (p *parser) repetition(hollow bool) (lo, hi int, sign string, ok bool, err error) {
	sign = p.src[p.at : p.at+1]
	switch sign {
	case "*":
		p.at++
		return 0, -1, sign, true, nil
	case "+":
		p.at++
		return 1, -1, sign, true, nil
	case "?":
		p.at++
		return 0, 1, sign, true, nil
	case "{":
		at := p.at
		lo, hi, ok, err = p.interval()
		if hollow && err != nil && err != errBig {
			p.at, ok, err = at, false, nil
		}
		return lo, hi, "{...}", ok, err
	}
	return 0, 0, "", false, nil
}

func (p *parser) atom() (*node, error) {
	c := p.src[p.at]
	start, opened := p.start, p.opened
	p.start, p.opened = false, false
	switch c {
	case '(':
		return p.group()
	case '[':
		p.at++
		had := p.symbols
		p.symbols = false
		s, err := p.bracket()
		unknown := p.symbols && p.dialect == Grep && !p.beyond
		p.symbols = p.symbols || had
		if unknown && err == nil {
			return &node{op: opBack}, nil // grep's automaton takes anything for it
		}
		return &node{op: opSet, set: s}, err
	case '\\':
		p.start = start
		return p.escape()
	case '^', '$':
		p.at++
		p.start = start
		a := lineBegin
		if c == '$' {
			a = lineEnd
		}
		return &node{op: opAssert, assert: a}, nil
	case '.':
		p.at++
		s := anySet
		if p.dialect == Git {
			s.drop(0)
		}
		return &node{op: opSet, set: s}, nil
	case '*', '+', '?', '{':
		if p.brace {
			p.brace, p.opened = false, opened
			break // it was looked at, behind what it might have repeated
		}
		p.start = start
		return p.headless()
	}
	p.at++
	return &node{op: opSet, set: single(c)}, nil
}

// headless reads a repetition that has nothing before it.
func (p *parser) headless() (*node, error) {
	if p.dialect == Git {
		return nil, errRepeat
	}
	at := p.at
	if p.beyond { // passed over, and what follows is the atom
		p.at++
		if !p.more() || p.src[p.at] == '|' {
			return &node{op: opEmpty}, nil
		}
		if p.src[p.at] == ')' {
			p.at++
			return &node{op: opSet, set: single(')')}, nil
		}
		return p.atom()
	}
	_, _, _, ok, err := p.repetition(true)
	if err != nil {
		return nil, err
	}
	if ok {
		p.at = at
		return &node{op: opEmpty}, nil
	}
	p.at, p.start, p.opened = at+1, false, true
	return &node{op: opSet, set: single('{')}, nil
}

func (p *parser) group() (*node, error) {
	p.at++
	if p.depth++; p.depth > maxDepth {
		return nil, errBig
	}
	p.groups++
	number := p.groups
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.more() {
		return nil, errParen
	}
	p.at++
	p.depth--
	p.start = false
	if number <= 9 {
		p.done |= 1 << number
	}
	return &node{op: opGroup, n: number, subs: []*node{n}}, nil
}

func (p *parser) escape() (*node, error) {
	p.at++
	if !p.more() {
		return nil, errEscape
	}
	c := p.src[p.at]
	p.at++
	switch c {
	case '<':
		return &node{op: opAssert, assert: wordBegin}, nil
	case '>':
		return &node{op: opAssert, assert: wordEnd}, nil
	case 'b':
		return &node{op: opAssert, assert: wordEdge}, nil
	case 'B':
		return &node{op: opAssert, assert: wordInside}, nil
	case '`':
		return &node{op: opAssert, assert: lineBegin}, nil
	case '\'':
		return &node{op: opAssert, assert: lineEnd}, nil
	}
	p.start = false
	s := single(c)
	switch c {
	case 'w':
		s = wordSet
	case 'W':
		s = wordSet.not().without('\n')
	case 's':
		s = spaceSet.without('\n')
	case 'S':
		s = spaceSet.not()
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		n := int(c - '0')
		if p.done>>n&1 == 0 {
			return nil, errBackref
		}
		p.backrefs = true
		return &node{op: opBack, n: n}, nil
	}
	return &node{op: opSet, set: s}, nil
}

// interval reads {m}, {m,}, {,n}, {,} or {m,n}. Where it is none and the dialect
// takes it for itself, ok is false and nothing was read.
func (p *parser) interval() (lo, hi int, ok bool, err error) {
	at := p.at
	p.at++
	var end int
	lo, last := p.number()
	if lo == -1 {
		if last != ',' {
			return 0, 0, false, errInterval
		}
		lo = 0
	}
	if lo != -2 {
		switch last {
		case '}':
			end = lo
		case ',':
			end, last = p.number()
		default:
			end = -2
		}
	}
	if lo == -2 || end == -2 {
		if p.dialect == Git {
			if last == -1 {
				return 0, 0, false, errBrace
			}
			return 0, 0, false, errInterval
		}
		p.at = at
		return 0, 0, false, nil
	}
	if end != -1 && lo > end || last != '}' {
		return 0, 0, false, errInterval
	}
	if max(lo, end) > maxRepeat {
		return 0, 0, false, errBig
	}
	return lo, end, true, nil
}

// number reads up to a comma or brace and answers which it was, -1 at the end.
// The number is -1 when there is none and -2 when it is no number.
func (p *parser) number() (num, last int) {
	num = -1
	for p.more() {
		c := p.src[p.at]
		p.at++
		escaped := c == '\\' && p.more()
		if escaped {
			c = p.src[p.at]
			p.at++
		}
		switch {
		case c == ',' || c == '}' && !escaped:
			return num, int(c)
		case escaped || c < '0' || c > '9' || num == -2:
			num = -2
		case num == -1:
			num = int(c - '0')
		default:
			num = min(maxRepeat+1, num*10+int(c-'0'))
		}
	}
	return -2, -1
}
