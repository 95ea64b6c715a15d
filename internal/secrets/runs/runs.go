// Package runs finds long runs of a class of bytes without looking at every
// byte: almost every secret holds one, and almost no line of a text does.
//
//	key := runs.Of("A-Z0-9")
//	for from := 0; ; {
//		start, end := key.Next(text, from, 20)
//		if start < 0 {
//			break
//		}
//		// text[start:end] is a whole run of 20 bytes or more
//		from = end
//	}
//
// A search looks at each n-th byte: one that is not of the class rules out every
// run of n that would cover it. On text where the class is rare it reads a
// twentieth of the bytes; where words are of the class, a word per n bytes.
package runs

import "bytes"

// A Set is a class of bytes. It is read by many at once and not changed.
type Set [256]bool

// Of reads a class as it stands between the brackets of a regular expression: a
// "-" between two bytes is a range, first or last it is itself. There is no
// escaping.
func Of(spec string) *Set {
	var s Set
	for i := 0; i < len(spec); i++ {
		if i+2 < len(spec) && spec[i+1] == '-' {
			for c := int(spec[i]); c <= int(spec[i+2]); c++ {
				s[c] = true
			}
			i += 2
			continue
		}
		s[spec[i]] = true
	}
	return &s
}

// Next returns the first run of at least n bytes of the class that begins at
// from or later, as far as it goes, or -1, -1. A run that covers the byte before
// from counts as beginning at from.
func (s *Set) Next(text []byte, from, n int) (start, end int) {
	if n < 1 {
		n = 1
	}
	if from < 0 {
		from = 0
	}
	known := from // text[from:known] is of the class
	for at := from + n - 1; at < len(text); {
		k := at
		for k >= known && s[text[k]] {
			k--
		}
		if k >= known { // not of the class: no run covers it
			from, known = k+1, at+1
			at = k + n
			continue
		}
		end = at + 1
		for end < len(text) && s[text[end]] {
			end++
		}
		return from, end
	}
	return -1, -1
}

// Line returns the bounds of the line around text[at], without its newline.
func Line(text []byte, at int) (start, end int) {
	start = bytes.LastIndexByte(text[:at], '\n') + 1
	if k := bytes.IndexByte(text[at:], '\n'); k >= 0 {
		return start, at + k
	}
	return start, len(text)
}

// Before returns where the part of at most n bytes before text[at] begins that
// lies on the same line.
func Before(text []byte, at, n int) int {
	low := max(0, at-n)
	return low + bytes.LastIndexByte(text[low:at], '\n') + 1
}

// After returns where the part of at most n bytes from text[at] on ends that
// lies on the same line.
func After(text []byte, at, n int) int {
	high := min(len(text), at+n)
	if k := bytes.IndexByte(text[at:high], '\n'); k >= 0 {
		return at + k
	}
	return high
}
