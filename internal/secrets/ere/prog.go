package ere

type instOp uint8

const (
	iSet instOp = iota
	iSplit
	iAssert
	iMatch
)

type inst struct {
	op     instOp
	assert assertion
	set    int32 // index
	x, y   int32
}

// A prog is an expression as steps of an automaton.
type prog struct {
	insts []inst
	sets  []set
	start int32
	class [256]uint8 // bytes that no set tells apart share a class
	bytes []byte     // one byte of each class
}

// maxInsts bounds what repeats of repeats may become.
const maxInsts = 1 << 19

type compiler struct {
	p     *prog
	known map[set]int32
	over  bool
}

func compile(n *node) (*prog, error) {
	c := &compiler{p: &prog{}, known: map[set]int32{}}
	last := c.emit(inst{op: iMatch})
	c.p.start = c.node(n, last)
	if c.over {
		return nil, errBig
	}
	c.p.divide()
	return c.p, nil
}

func (c *compiler) emit(i inst) int32 {
	if len(c.p.insts) >= maxInsts {
		c.over = true
		return 0
	}
	c.p.insts = append(c.p.insts, i)
	return int32(len(c.p.insts) - 1)
}

// node emits n so that it goes on at next, and answers where it begins.
func (c *compiler) node(n *node, next int32) int32 {
	if c.over {
		return 0
	}
	switch n.op {
	case opSet:
		k, ok := c.known[n.set]
		if !ok {
			k = int32(len(c.p.sets))
			c.known[n.set] = k
			c.p.sets = append(c.p.sets, n.set)
		}
		return c.emit(inst{op: iSet, set: k, x: next})
	case opAssert:
		return c.emit(inst{op: iAssert, assert: n.assert, x: next})
	case opCat:
		for i := len(n.subs) - 1; i >= 0; i-- {
			next = c.node(n.subs[i], next)
		}
		return next
	case opGroup:
		return c.node(n.subs[0], next)
	case opAlt:
		if len(n.subs) == 0 { // never
			return c.node(&node{op: opSet}, next)
		}
		at := c.node(n.subs[len(n.subs)-1], next)
		for i := len(n.subs) - 2; i >= 0; i-- {
			at = c.emit(inst{op: iSplit, x: c.node(n.subs[i], next), y: at})
		}
		return at
	case opRepeat:
		return c.repeat(n, next)
	}
	return next
}

func (c *compiler) repeat(n *node, next int32) int32 {
	sub := n.subs[0]
	at := next
	if n.max < 0 {
		at = c.emit(inst{op: iSplit, y: next})
		c.p.insts[at].x = c.node(sub, at)
	} else {
		for i := n.min; i < n.max && !c.over; i++ {
			at = c.emit(inst{op: iSplit, x: c.node(sub, at), y: next})
		}
	}
	for i := 0; i < n.min && !c.over; i++ {
		at = c.node(sub, at)
	}
	return at
}

// divide finds the classes of bytes. The newline is always one of its own: it
// ends a line whatever the expression says.
func (p *prog) divide() {
	split := append([]set{wordSet, single('\n')}, p.sets...)
	known := map[string]uint8{}
	key := make([]byte, (len(split)+7)/8)
	for b := 0; b < 256; b++ {
		clear(key)
		for i := range split {
			if split[i].has(byte(b)) {
				key[i/8] |= 1 << (i % 8)
			}
		}
		k, ok := known[string(key)]
		if !ok {
			k = uint8(len(p.bytes))
			known[string(key)] = k
			p.bytes = append(p.bytes, byte(b))
		}
		p.class[b] = k
	}
}
