package event

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// oddText reads the string whose first character is b[i] with every care that
// text does without, as encoding/json does: what is not UTF-8, and half a
// surrogate pair, becomes U+FFFD; control characters are an error.
func oddText(b []byte, i int, scratch *[]byte) (s []byte, end int, err error) {
	plain := i
	for plain < len(b) && b[plain] != '"' && b[plain] != '\\' && b[plain] >= ' ' && b[plain] < utf8.RuneSelf {
		plain++
	}
	if plain < len(b) && b[plain] == '"' {
		return b[i:plain], plain + 1, nil
	}
	from := len(*scratch)
	out := append(*scratch, b[i:plain]...)
	for i = plain; i < len(b); {
		c := b[i]
		switch {
		case c == '"':
			*scratch = out
			return out[from:len(out):len(out)], i + 1, nil
		case c < ' ':
			return nil, i, errSyntax
		case c == '\\':
			if out, i, err = escape(out, b, i+1); err != nil {
				return nil, i, err
			}
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(b[i:])
			out = utf8.AppendRune(out, r)
			i += size
		}
	}
	return nil, i, io.ErrUnexpectedEOF
}

// escape undoes the escape behind the backslash before b[i].
func escape(out, b []byte, i int) ([]byte, int, error) {
	if i >= len(b) {
		return out, i, io.ErrUnexpectedEOF
	}
	c := b[i]
	i++
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, err := hex4(b, i)
		if err != nil {
			return out, i, err
		}
		i += 4
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if len(b)-i >= 6 && b[i] == '\\' && b[i+1] == 'u' {
				if low, err = hex4(b, i+2); err != nil {
					return out, i, err
				}
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 6
			}
		}
		return utf8.AppendRune(out, r), i, nil
	default:
		return out, i, errSyntax
	}
	return append(out, c), i, nil
}

func hex4(b []byte, i int) (r rune, err error) {
	for k := range 4 {
		if i+k >= len(b) {
			return 0, io.ErrUnexpectedEOF
		}
		c := b[i+k]
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, errSyntax
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

// inUUID is 0 for the digits of one, 1 for the dash, and more than there are
// dashes for all else.
var inUUID = func() (class [256]uint8) {
	for c := range class {
		class[c] = 5
	}
	for _, c := range "0123456789abcdefABCDEF" {
		class[c] = 0
	}
	class['-'] = 1
	return class
}()

// plainUUID is isUUID, at a speed for every record.
func plainUUID(id []byte) bool {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return false
	}
	n := 0
	for _, c := range id {
		n += int(inUUID[c])
	}
	return n == 4
}
