package shape

import "strings"

// Athena and CloudTrail Lake write structures and maps into cells as
// {type=Root, sessioncontext={attributes=null}}, without quotes or escapes. It
// cannot be read with certainty: a value ends where a name follows, or where
// brackets close.

// structText reads such a structure or list into JSON. Everything is text in it.
func structText(s, key string) ([]byte, bool) {
	p := structParser{s: s, raw: []byte(s), key: key, work: 64*len(s) + 4096}
	v, ok := p.value(0)
	if !ok || p.i != len(s) {
		return nil, false
	}
	return encode(v), true
}

type structParser struct {
	s    string
	raw  []byte // the same
	key  string
	i    int
	work int // bytes that may still be looked at: what is made to be ambiguous stays text
}

func (p *structParser) value(depth int) (any, bool) {
	if depth > maxCellDeep || p.i >= len(p.s) || p.work < 0 {
		return nil, false
	}
	if depth > 0 { // JSON as text within a map
		raw, n, ok := one(p.raw[p.i:])
		p.work -= n
		if ok {
			if v, ok := decode(raw); ok {
				p.i += n
				return v, true
			}
		}
	}
	switch p.s[p.i] {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	}
	return nil, false
}

func (p *structParser) object(depth int) (any, bool) {
	out := map[string]any{}
	p.i++
	for !p.takes("}") {
		n := nameLength(p.s[p.i:])
		if n == 0 {
			return nil, false
		}
		name := spellOut(p.s[p.i:p.i+n], p.key)
		p.i += n + 1
		v, ok := p.inner(depth, p.endOfMember)
		if !ok {
			return nil, false
		}
		if v != nil {
			out[name] = v
		}
		if !p.takes(", ") && !p.at('}') {
			return nil, false
		}
	}
	return out, true
}

// spellOut leaves the names of maps as they are.
func spellOut(name, key string) string {
	for _, c := range columns {
		if c.kind == structure && strings.EqualFold(c.name, key) {
			return spell(name, key)
		}
	}
	return name
}

func (p *structParser) list(depth int) (any, bool) {
	out := []any{}
	p.i++
	for !p.takes("]") {
		v, ok := p.inner(depth, p.endOfElement)
		if !ok {
			return nil, false
		}
		out = append(out, v)
		if !p.takes(", ") && !p.at(']') {
			return nil, false
		}
	}
	return out, true
}

// inner is a structure, a list, or text up to its end; nil: null.
func (p *structParser) inner(depth int, end func() int) (any, bool) {
	if p.at('{') || p.at('[') {
		start := p.i
		if v, ok := p.value(depth + 1); ok {
			return v, true
		}
		p.i = start // a text that begins with a bracket
	}
	n := end()
	if p.work -= n + 1; n < 0 || p.work < 0 {
		p.work -= len(p.s) // looked through in vain
		return nil, false
	}
	text := p.s[p.i : p.i+n]
	p.i += n
	if text == "null" {
		return nil, true
	}
	return text, true
}

func (p *structParser) endOfMember() int {
	for i := p.i; i < len(p.s); i++ {
		switch {
		case p.s[i] == '}' && closes(p.s[i+1:]):
			return i - p.i
		case strings.HasPrefix(p.s[i:], ", ") && nameLength(p.s[i+2:]) > 0:
			return i - p.i
		}
	}
	return -1
}

func (p *structParser) endOfElement() int {
	for i := p.i; i < len(p.s); i++ {
		if p.s[i] == ']' && closes(p.s[i+1:]) || strings.HasPrefix(p.s[i:], ", ") {
			return i - p.i
		}
	}
	return -1
}

// closes says whether a bracket before s may be the end of its structure.
func closes(s string) bool {
	return s == "" || s[0] == '}' || s[0] == ']' || strings.HasPrefix(s, ", ")
}

// nameLength is the length of a member's name, up to its equals sign.
func nameLength(s string) int {
	for i := 0; i < len(s) && i < 128; i++ {
		switch c := s[i]; {
		case c == '=':
			return i
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == ':', c == '@', c == '/':
		default:
			return 0
		}
	}
	return 0
}

func (p *structParser) at(c byte) bool { return p.i < len(p.s) && p.s[p.i] == c }

func (p *structParser) takes(s string) bool {
	if strings.HasPrefix(p.s[p.i:], s) {
		p.i += len(s)
		return true
	}
	return false
}
