package sigma

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A piece of a pattern: literal text, or a wildcard.
type piece struct {
	text string
	wild byte // '*', '?' or 0
}

// pieces reads a value of a rule. A backslash takes the meaning from *, ? and
// \ and is itself before anything else.
func pieces(s string) (out []piece) {
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			out = append(out, piece{text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`*?\`, s[i+1]) >= 0:
			i++
			lit.WriteByte(s[i])
		case c == '*' || c == '?':
			flush()
			out = append(out, piece{wild: c})
		default:
			lit.WriteByte(c)
		}
	}
	flush()
	return out
}

// plain is the text of a value without wildcards.
func plain(ps []piece) (string, bool) {
	switch {
	case len(ps) == 0:
		return "", true
	case len(ps) == 1 && ps[0].wild == 0:
		return ps[0].text, true
	}
	return "", false
}

func literal(s string) []piece {
	if s == "" {
		return nil
	}
	return []piece{{text: s}}
}

func startsWith(ps []piece) []piece { return append(ps[:len(ps):len(ps)], piece{wild: '*'}) }
func endsWith(ps []piece) []piece   { return append([]piece{{wild: '*'}}, ps...) }

// A shape is how a pattern is matched; most need no walk through pieces.
type shape uint8

const (
	exact shape = iota
	prefix
	suffix
	within
	anything
	general
)

// A pattern matches whole texts. Unless it is cased, the text it is given has
// to be lowered.
type pattern struct {
	shape shape
	text  []byte
	parts []piece
}

func compile(ps []piece, cased bool) pattern {
	var parts []piece
	for _, p := range ps {
		if p.wild == '*' && len(parts) > 0 && parts[len(parts)-1].wild == '*' {
			continue
		}
		if !cased {
			p.text = string(lower(nil, []byte(p.text)))
		}
		if p.wild == 0 && len(parts) > 0 && parts[len(parts)-1].wild == 0 {
			parts[len(parts)-1].text += p.text
			continue
		}
		parts = append(parts, p)
	}
	star := func(i int) bool { return parts[i].wild == '*' }
	lit := func(i int) bool { return parts[i].wild == 0 }
	switch n := len(parts); {
	case n == 0:
		return pattern{shape: exact}
	case n == 1 && lit(0):
		return pattern{shape: exact, text: []byte(parts[0].text)}
	case n == 1 && star(0):
		return pattern{shape: anything}
	case n == 2 && lit(0) && star(1):
		return pattern{shape: prefix, text: []byte(parts[0].text)}
	case n == 2 && star(0) && lit(1):
		return pattern{shape: suffix, text: []byte(parts[1].text)}
	case n == 3 && star(0) && lit(1) && star(2):
		return pattern{shape: within, text: []byte(parts[1].text)}
	}
	return pattern{shape: general, parts: parts}
}

func (p *pattern) match(s []byte) bool {
	switch p.shape {
	case exact:
		return bytes.Equal(s, p.text)
	case prefix:
		return bytes.HasPrefix(s, p.text)
	case suffix:
		return bytes.HasSuffix(s, p.text)
	case within:
		return bytes.Contains(s, p.text)
	case anything:
		return true
	}
	return glob(p.parts, s)
}

// glob goes back to the last star only, which is enough: what an earlier star
// could take, the last one can.
func glob(parts []piece, s []byte) bool {
	i, at := 0, 0
	star, from := -1, 0
	for {
		switch {
		case i == len(parts):
			if at == len(s) {
				return true
			}
		case parts[i].wild == '*':
			star, from = i, at
			if i++; i == len(parts) {
				return true
			}
			continue
		case parts[i].wild == '?' && at < len(s):
			_, size := utf8.DecodeRune(s[at:])
			i, at = i+1, at+size
			continue
		case parts[i].wild == 0 && len(s)-at >= len(parts[i].text) && string(s[at:at+len(parts[i].text)]) == parts[i].text:
			at += len(parts[i].text)
			i++
			continue
		}
		if star < 0 || from >= len(s) {
			return false
		}
		_, size := utf8.DecodeRune(s[from:])
		from += size
		i = star + 1
		if parts[i].wild == 0 { // leap to where the next text can be
			next := bytes.Index(s[from:], []byte(parts[i].text))
			if next < 0 {
				return false
			}
			from += next
		}
		at = from
	}
}

// lower appends s with each character in lower case.
func lower(dst, s []byte) []byte {
	for i, c := range s {
		if c >= utf8.RuneSelf {
			return lowerRunes(dst, s[i:])
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func lowerRunes(dst, s []byte) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
	}
	return dst
}

// isLower says whether lower would change nothing.
func isLower(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
