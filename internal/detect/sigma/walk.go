package sigma

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The walk through JSON as it lies. It trusts nothing: what is not JSON ends
// the walk, and what was found until then counts.

// deepest is how many lists and members a value may lie within; below that,
// nothing is found.
const deepest = 32

// dig collects the values at path below the value that raw begins with.
func dig(raw []byte, path []string, depth int, x *values) {
	i := space(raw, 0)
	if i == len(raw) || depth > deepest {
		return
	}
	switch raw[i] {
	case '[':
		if len(path) == 0 {
			x.present = true
		}
		for i = space(raw, i+1); i < len(raw) && raw[i] != ']'; {
			end := skip(raw, i)
			if end == i {
				return
			}
			dig(raw[i:end], path, depth+1, x)
			if i = space(raw, end); i < len(raw) && raw[i] == ',' {
				i = space(raw, i+1)
			}
		}
	case '{':
		if len(path) == 0 {
			x.present = true
			x.object(raw[i:skip(raw, i)])
		} else if at := member(raw, i, path[0]); at >= 0 {
			dig(raw[at:skip(raw, at)], path[1:], depth+1, x)
		}
	case '"':
		if len(path) == 0 {
			x.present = true
			x.str(raw[i+1 : max(i+1, skipString(raw, i)-1)])
		}
	case 'n':
	default:
		if len(path) == 0 {
			x.present = true
			x.text = append(x.text, raw[i:skip(raw, i)])
		}
	}
}

// member is where the value of an object's member begins, or -1: of the first
// that is named exactly, else of the first that is but for case.
func member(raw []byte, i int, name string) int {
	other := -1
	for i = space(raw, i+1); i < len(raw) && raw[i] == '"'; {
		end := skipString(raw, i)
		key := raw[i+1 : max(i+1, end-1)]
		if bytes.IndexByte(key, '\\') >= 0 {
			key = unescape(nil, key)
		}
		if i = space(raw, end); i == len(raw) || raw[i] != ':' {
			break
		}
		i = space(raw, i+1)
		if string(key) == name {
			return i
		}
		if other < 0 && bytes.EqualFold(key, []byte(name)) {
			other = i
		}
		end = skip(raw, i)
		if end == i {
			break
		}
		if i = space(raw, end); i < len(raw) && raw[i] == ',' {
			i = space(raw, i+1)
		}
	}
	return other
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipString is the place after the string that begins at i; without an end
// that is the end of b.
func skipString(b []byte, i int) int {
	for i++; ; i++ {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return len(b)
		}
		i += q
		n := 0
		for b[i-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			return i + 1
		}
	}
}

// skip is the place after the value that begins at i.
func skip(b []byte, i int) int {
	switch {
	case i >= len(b):
		return i
	case b[i] == '"':
		return skipString(b, i)
	case b[i] != '{' && b[i] != '[':
		for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
			i++
		}
		return i
	}
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// str adds a string by what lies between its quotes.
func (x *values) str(s []byte) {
	if bytes.IndexByte(s, '\\') >= 0 {
		from := len(x.bytes)
		x.bytes = unescape(x.bytes, s)
		s = x.bytes[from:len(x.bytes):len(x.bytes)]
	}
	x.text = append(x.text, s)
}

// object adds an object's text: without insignificant space, and where it has
// escapes once more with these undone.
func (x *values) object(raw []byte) {
	from := len(x.bytes)
	x.bytes = compact(x.bytes, raw)
	tight := x.bytes[from:len(x.bytes):len(x.bytes)]
	x.text = append(x.text, tight)
	if bytes.IndexByte(tight, '\\') >= 0 {
		from = len(x.bytes)
		x.bytes = unescape(x.bytes, tight)
		x.text = append(x.text, x.bytes[from:len(x.bytes):len(x.bytes)])
	}
}

func compact(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			end := skipString(raw, i)
			dst = append(dst, raw[i:end]...)
			i = end
			continue
		case ' ', '\n', '\r', '\t':
		default:
			dst = append(dst, raw[i])
		}
		i++
	}
	return dst
}

// unescape appends s with JSON's escapes undone; what is no escape stays.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case '"', '\\', '/':
			dst = append(dst, s[i])
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex4(s, i+1)
			if !ok {
				dst = append(dst, '\\', 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if low, ok := hex4(s, i+3); ok && s[i+1] == '\\' && s[i+2] == 'u' && utf16.DecodeRune(r, low) != utf8.RuneError {
					r = utf16.DecodeRune(r, low)
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, '\\', s[i])
		}
	}
	return dst
}

func hex4(s []byte, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[i:i+4]), 16, 16)
	return rune(n), err == nil
}
