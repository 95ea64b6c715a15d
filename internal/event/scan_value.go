package event

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// closing returns the index of the quote that ends the string that began
// before b[i], or len(b).
func closing(b []byte, i int) int {
	for {
		if len(b)-i >= 32 {
			p := b[i : i+32]
			if stop := zeros(binary.LittleEndian.Uint64(p) ^ quotes); stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[8:]) ^ quotes); stop != 0 {
				i += 8 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[16:]) ^ quotes); stop != 0 {
				i += 16 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			if stop := zeros(binary.LittleEndian.Uint64(p[24:]) ^ quotes); stop != 0 {
				i += 24 + bits.TrailingZeros64(stop)>>3
				goto found
			}
			i += 32
		}
		if k := bytes.IndexByte(b[i:], '"'); k >= 0 {
			i += k
		} else {
			return len(b)
		}
	found:
		// Backslashes are counted back to the quote that opens the string, at most.
		n := i - 1
		for b[n] == '\\' {
			n--
		}
		if (i-n)&1 != 0 {
			return i
		}
		i++
	}
}

// What a byte is between the strings of an object or list.
const (
	isNothing = iota
	isQuote
	isOpening
	isClosing
)

var class = [256]uint8{'"': isQuote, '{': isOpening, '[': isOpening, '}': isClosing, ']': isClosing}

// skip returns where the value at b[i], which is there, ends.
func skip(b []byte, i int) (int, error) {
	end, _, err := walk(b, i, nil)
	return end, err
}

// walk is skip, and lists the strings of an object or a list, as far as list has
// room.
func walk(b []byte, i int, list []Text) (end int, texts Texts, err error) {
	switch b[i] {
	case '"':
		if i = closing(b, i+1); i == len(b) {
			return i, Texts{}, io.ErrUnexpectedEOF
		}
		return i + 1, Texts{}, nil
	case '{', '[':
	default:
		i, err = literal(b, i)
		return i, Texts{}, err
	}
	base, rest, n := i, 0, 0
	for depth := 1; i < len(b); { // the record itself is the first level
		if gap := between(b, i, &depth); gap > 0 {
			i += gap
		} else {
			c := b[i]
			i++
			switch class[c] {
			case isOpening:
				if depth++; depth > maxDepth {
					return i, Texts{}, errDepth
				}
				continue
			case isClosing:
				if depth--; depth == 1 {
					if n < len(list) {
						rest = i - base
					}
					return i, Texts{list[:n], rest}, nil
				}
				continue
			case isNothing:
				continue
			}
		}
		from := i
		i = quote(b, i)
		if n < len(list) {
			list[n] = Text{uint32(from - base), uint32(i - base)}
			n, rest = n+1, i+1-base
		}
		i++
	}
	return len(b), Texts{}, io.ErrUnexpectedEOF
}

// between is how many bytes lie before the next string that begins within eight
// of them, with its quote, and takes the brackets among them into depth; 0 where
// none begins, or the value may end before it.
func between(b []byte, i int, depth *int) int {
	if len(b)-i < 8 {
		return 0
	}
	w := binary.LittleEndian.Uint64(b[i:])
	stop := zeros(w ^ quotes)
	if stop == 0 {
		return 0
	}
	before := stop&-stop - 1
	braces := w | 0x20*ones // of both kinds
	opened, closed := allZeros(braces^'{'*ones)&before, allZeros(braces^'}'*ones)&before
	most := *depth + bits.OnesCount64(opened)
	left := most - bits.OnesCount64(closed)
	if most > maxDepth || left <= 1 {
		return 0
	}
	*depth = left
	return bits.TrailingZeros64(stop)>>3 + 1
}

// allZeros is zeros, and nothing above the first one is wrong.
func allZeros(w uint64) uint64 { return ^((w&^highs + ^uint64(highs)) | w | ^uint64(highs)) }

// quote is closing, quickly for short strings.
func quote(b []byte, i int) int {
	if len(b)-i >= 16 {
		w := b[i : i+16]
		if stop := zeros(binary.LittleEndian.Uint64(w) ^ quotes); stop != 0 {
			if end := i + bits.TrailingZeros64(stop)>>3; b[end-1] != '\\' {
				return end
			}
		} else if stop := zeros(binary.LittleEndian.Uint64(w[8:]) ^ quotes); stop != 0 {
			if end := i + 8 + bits.TrailingZeros64(stop)>>3; b[end-1] != '\\' {
				return end
			}
		}
	}
	return closing(b, i)
}

// literal returns where the number or the word at b[i] ends.
func literal(b []byte, i int) (int, error) {
	end := i
	for end < len(b) && b[end] > ' ' && b[end] != ',' && b[end] != '}' && b[end] != ']' {
		end++
	}
	if end == len(b) {
		return end, io.ErrUnexpectedEOF
	}
	switch string(b[i:end]) {
	case "true", "false", "null":
		return end, nil
	}
	if !number(b[i:end]) {
		return i, errSyntax
	}
	return end, nil
}

// number says whether s is one, by JSON's grammar.
func number(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte("-"))
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if len(s) > 0 && s[0] == '.' {
		n := digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if len(s) > 0 && s[0]|0x20 == 'e' {
		if s = s[1:]; len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n == len(s)
	}
	return len(s) == 0
}

func digits(s []byte) (n int) {
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}
