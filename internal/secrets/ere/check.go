package ere

// A checker reads an expression as the C library does when grep asks it whether
// all is well, before grep's own automaton reads it otherwise: a repetition with
// nothing before it is passed over, and a parenthesis that closes behind nothing
// but such stands for itself.
type checker struct {
	parser
	token byte // one of ( ) | * { ^ for an anchor, a for what stands for itself, 0 at the end
	open  bool // a parenthesis was not closed
}

// unclosed tells whether the C library misses a parenthesis in an expression that
// is otherwise well formed.
func unclosed(src string) bool {
	c := &checker{parser: parser{src: src, dialect: Grep}}
	c.next()
	c.alternatives(0)
	return c.open
}

func (c *checker) next() {
	if !c.more() {
		c.token = 0
		return
	}
	b := c.src[c.at]
	c.at++
	switch b {
	case '(', ')', '|', '{':
		c.token = b
	case '*', '+', '?':
		c.token = '*'
	case '^', '$':
		c.token = '^'
	case '[':
		c.token = 'a'
		if _, err := c.bracket(); err != nil {
			c.at = len(c.src) // the reading that counts says so
		}
	case '\\':
		c.token = 'a'
		if c.more() {
			switch c.src[c.at] {
			case '<', '>', 'b', 'B', '`', '\'':
				c.token = '^'
			}
			c.at++
		}
	default:
		c.token = 'a'
	}
}

// ends tells whether an alternative ends here, inside so many parentheses.
func (c *checker) ends(depth int) bool {
	return c.token == 0 || c.token == '|' || c.token == ')' && depth > 0
}

func (c *checker) alternatives(depth int) {
	c.branch(depth)
	for c.token == '|' {
		c.next()
		if !c.ends(depth) {
			c.branch(depth)
		}
	}
}

func (c *checker) branch(depth int) {
	c.piece(depth)
	for !c.ends(depth) {
		c.piece(depth)
	}
}

func (c *checker) piece(depth int) {
	for c.token == '*' || c.token == '{' {
		c.next()
	}
	switch c.token {
	case 0, '|':
		return
	case '^': // what follows an anchor does not repeat it
		c.next()
		return
	case '(':
		if c.next(); c.token != ')' {
			c.alternatives(depth + 1)
		}
		if c.token != ')' {
			c.open = true
			return
		}
	}
	c.next()
	for c.token == '*' || c.token == '{' {
		if c.token == '{' {
			c.at--
			at := c.at
			if _, _, ok, err := c.interval(); err != nil || !ok {
				c.at, c.token = at+1, 'a'
				return
			}
		}
		c.next()
	}
}
