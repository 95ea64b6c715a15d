package leak

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// mostCoded is how many layers of base 64 are taken off.
const mostCoded = 3

// decode reads the base 64 around a hint. The run goes on over line ends where
// whole lines are of it, as mailers and certificates write it.
func (t *text) decode(at int) {
	if t.coded >= mostCoded || at < t.decoded {
		return
	}
	s, e := t.codedRun(at)
	if t.decoded = e; e-s < 12 {
		return
	}
	clean := make([]byte, 0, e-s)
	for _, c := range t.body[s:e] {
		switch {
		case class[c]&secret != 0:
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		}
	}
	// A name may stand right before it, so that the four places are tried.
	for shift := 0; shift < 4 && shift < len(clean); shift++ {
		part := clean[shift:]
		part = part[:len(part)-len(part)%4+fits4(len(part)%4)]
		raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(part)))
		n, err := base64.RawStdEncoding.Decode(raw, part)
		if err != nil || !readable(raw[:n]) {
			continue
		}
		inner := t.Detector.text(raw[:n], append(slices.Clone(t.through), "base64"), t.coded+1)
		line, column := t.place(s)
		for i := range inner {
			if len(inner[i].Through) == len(t.through)+1 { // where it stands in what a reader sees
				inner[i].Line, inner[i].Column, inner[i].offset = line, column, s
			}
		}
		if t.found = append(t.found, inner...); len(inner) > 0 {
			return
		}
	}
}

// fits4 is how many characters of a last, short group decode.
func fits4(n int) int {
	if n == 1 {
		return 0
	}
	return n
}

// codedRun is the run of base 64 around at.
func (t *text) codedRun(at int) (s, e int) {
	is := func(c byte) bool { return class[c]&secret != 0 || c == '-' || c == '_' }
	s, e = at, at
	for s > t.decoded && is(t.body[s-1]) {
		s--
	}
	for e < len(t.body) && is(t.body[e]) {
		e++
	}
	const wrapped = 40 // a shorter line is a word, not a wrapped line
	for s > t.decoded+1 && t.body[s-1] == '\n' {
		end := s - 1
		if t.body[end-1] == '\r' && end > 1 {
			end--
		}
		from := end
		for from > t.decoded && is(t.body[from-1]) {
			from--
		}
		if end-from < wrapped || from > 0 && t.body[from-1] != '\n' {
			break
		}
		s = from
	}
	for e < len(t.body) && (t.body[e] == '\n' || t.body[e] == '\r') {
		from := e
		for from < len(t.body) && (t.body[from] == '\n' || t.body[from] == '\r') && from-e < 2 {
			from++
		}
		to := from
		for to < len(t.body) && is(t.body[to]) {
			to++
		}
		if to == from || to < len(t.body) && strings.IndexByte("\r\n=", t.body[to]) < 0 {
			break
		}
		e = to
	}
	return s, e
}

// readable says whether bytes are text for the most part.
func readable(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	odd := 0
	for _, c := range b[:min(len(b), 4096)] {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			odd++
		}
	}
	return odd*20 <= min(len(b), 4096)
}

// join takes from the text without escapes what the text with them does not
// show. Lines are the same in both.
func (t *text) join(plain *text) {
	known := map[string]bool{}
	for _, f := range slices.Concat(t.found, t.maybe) {
		known[f.Fingerprint] = true
	}
	move := func(to *[]Found, from []Found) {
		for _, f := range from {
			if !known[f.Fingerprint] {
				t.place(0)
				f.offset = t.lines[min(f.Line, len(t.lines))-1]
				*to = append(*to, f)
			}
		}
	}
	move(&t.found, plain.found)
	move(&t.maybe, plain.credible())
}

// wide tells text of two bytes a character: "utf-16le", "utf-16be" or "".
func wide(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	switch {
	case head[0] == 0xff && head[1] == 0xfe && (head[2] != 0 || head[3] != 0):
		return "utf-16le"
	case head[0] == 0xfe && head[1] == 0xff:
		return "utf-16be"
	}
	n := min(len(head), 512) / 2
	var even, odd int
	for i := range n {
		if head[2*i] == 0 {
			even++
		}
		if head[2*i+1] == 0 {
			odd++
		}
	}
	switch {
	case n >= 8 && odd*10 >= n*9 && even*10 <= n:
		return "utf-16le"
	case n >= 8 && even*10 >= n*9 && odd*10 <= n:
		return "utf-16be"
	}
	return ""
}

// narrow makes UTF-8 of such a text.
func narrow(body []byte, form string) []byte {
	out := make([]byte, 0, len(body)/2+16)
	lead := uint16(0)
	for i := 0; i+1 < len(body); i += 2 {
		u := uint16(body[i]) | uint16(body[i+1])<<8
		if form == "utf-16be" {
			u = uint16(body[i])<<8 | uint16(body[i+1])
		}
		switch r := rune(u); {
		case utf16.IsSurrogate(r) && lead == 0 && u < 0xdc00:
			lead = u
			continue
		case lead != 0:
			out = utf8.AppendRune(out, utf16.DecodeRune(rune(lead), r))
		default:
			out = utf8.AppendRune(out, r)
		}
		lead = 0
	}
	return out
}
