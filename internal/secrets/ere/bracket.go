package ere

import "strings"

// element is one member of a bracket expression, or an end of a range.
type element struct {
	kind byte // 'c' a byte, ':' a class, '=' an equivalence, '.' a symbol
	c    byte
	name string
}

// bracket reads what follows [ up to its ].
func (p *parser) bracket() (s set, err error) {
	negate := p.more() && p.src[p.at] == '^'
	if negate {
		p.at++
	}
	if !p.more() {
		return s, errPattern
	}
	begin, plain := p.at, true
	for first := true; ; first = false {
		if !p.more() {
			return s, errBracket
		}
		if p.src[p.at] == ']' && !first {
			break
		}
		from, err := p.element(first)
		if err != nil {
			return s, err
		}
		plain = plain && from.kind == 'c'
		if from.kind == 'c' || from.kind == '.' {
			if !p.more() {
				return s, errBracket
			}
			if p.src[p.at] == '-' {
				if p.at+1 >= len(p.src) {
					return s, errBracket
				}
				if p.src[p.at+1] != ']' {
					p.at++
					plain = false
					if err := p.span(&s, from); err != nil {
						return s, err
					}
					continue
				}
			}
		}
		if err := from.into(&s); err != nil {
			return s, err
		}
	}
	if inner := p.src[begin:p.at]; p.dialect == Grep && plain && p.late == nil && colons(inner) {
		p.late = errColons
	}
	p.at++
	if negate {
		s = s.not()
		s.drop('\n')
	}
	return s, nil
}

// colons says whether somebody forgot the outer brackets of a class.
func colons(inner string) bool {
	return len(inner) > 2 && inner[0] == ':' && inner[len(inner)-1] == ':' && strings.Trim(inner, ":") != ""
}

// element reads one member. A hyphen that is neither first nor last nor a range's
// end is an error.
func (p *parser) element(hyphen bool) (e element, err error) {
	if !p.more() {
		return e, errBracket
	}
	c := p.src[p.at]
	p.at++
	if c == '[' && p.more() && strings.IndexByte(":=.", p.src[p.at]) >= 0 {
		delim := p.src[p.at]
		p.at++
		end := strings.Index(p.src[p.at:], string([]byte{delim, ']'}))
		if end < 0 || end >= 32 {
			return e, errBracket
		}
		p.symbols = p.symbols || delim != ':'
		e = element{kind: delim, name: p.src[p.at : p.at+end]}
		p.at += end + 2
		return e, nil
	}
	if c == '-' && !hyphen {
		if !p.more() || p.src[p.at] != ']' {
			return e, errRange
		}
	}
	return element{kind: 'c', c: c}, nil
}

// span adds the range that begins with from; the hyphen is behind us.
func (p *parser) span(s *set, from element) error {
	to, err := p.element(true)
	if err != nil {
		return err
	}
	if to.kind == ':' || to.kind == '=' {
		return errRange
	}
	for _, e := range []*element{&from, &to} {
		if e.kind == '.' {
			if len(e.name) != 1 {
				return errCollate
			}
			e.c = e.name[0]
		}
	}
	if from.c > to.c {
		return errRange
	}
	s.addRange(int(from.c), int(to.c))
	return nil
}

func (e element) into(s *set) error {
	switch e.kind {
	case 'c':
		s.add(e.c)
	case ':':
		class, ok := classes[e.name]
		if !ok {
			return errClass
		}
		s.union(class)
	default:
		if len(e.name) != 1 {
			return errCollate
		}
		s.add(e.name[0])
	}
	return nil
}
