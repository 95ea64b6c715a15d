package leak

import (
	"bytes"
	"strings"
	"sync"
)

// What stands before a credential in an address, in JSON, in a program's string or
// in a mail may be written as an escape, whose last characters look as if the
// credential went on to the left: %3DAKIA…, \x22ghp_…, \n and a secret.

// escape is how many bytes from s on belong to an escape that began before s.
func escape(text []byte, s int) int {
	if s == 0 {
		return 0
	}
	switch text[s-1] {
	case '%':
		return digits(text[s:], 2)
	case '=': // of quoted-printable the one that is common: others could be anything
		if bytes.HasPrefix(text[s:], []byte("3D")) {
			return 2
		}
	case '\\':
		switch text[s] {
		case 'n', 'r', 't':
			return 1
		case 'x':
			if digits(text[s+1:], 2) > 0 {
				return 3
			}
		case 'u':
			if digits(text[s+1:], 4) > 0 {
				return 5
			}
		}
	case 'x':
		if s > 1 && text[s-2] == '\\' {
			return digits(text[s:], 2)
		}
	case 'u':
		if s > 1 && text[s-2] == '\\' {
			return digits(text[s:], 4)
		}
	}
	return 0
}

// escaped says whether an escape ends before i.
func escaped(text []byte, i int) bool {
	for _, k := range []int{1, 2, 3, 4, 5} {
		if i > k && escape(text, i-k) == k {
			return true
		}
	}
	return false
}

// digits is n where text begins with as many hexadecimal digits, else 0.
func digits(text []byte, n int) int {
	if len(text) < n {
		return 0
	}
	for _, c := range text[:n] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return 0
		}
	}
	return n
}

// The escapes that split a secret in two, or hide what announces it.
var escapes = sync.OnceValue(func() *strings.Replacer {
	var pairs []string
	for _, c := range "/+=\":&" {
		up := []string{"2F", "2B", "3D", "22", "3A", "26"}[strings.IndexRune("/+=\":&", c)]
		for _, digits := range []string{up, strings.ToLower(up)} {
			for _, form := range []string{"%", `\x`, `\u00`} {
				pairs = append(pairs, form+digits, string(c))
			}
		}
	}
	return strings.NewReplacer(append(pairs, `\/`, "/", "%20", " ", "=3D", "=")...)
})

// mostEscaped bounds the texts that are read again without their escapes.
const mostEscaped = 8 << 20

// escaped says whether the text is worth reading without its escapes.
func (t *text) escaped() bool {
	if len(t.body) > mostEscaped {
		return false
	}
	for _, sign := range []string{`\/`, "%2", "%3", "=3D", `\x2`, `\x3`, `\u002`, `\u003`} {
		if bytes.Contains(t.body, []byte(sign)) {
			return true
		}
	}
	return false
}

func unescape(body []byte) []byte { return []byte(escapes().Replace(string(body))) }
