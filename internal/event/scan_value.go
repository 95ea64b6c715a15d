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
	switch b[i] {
	case '"':
		if i = closing(b, i+1); i == len(b) {
			return i, io.ErrUnexpectedEOF
		}
		return i + 1, nil
	case '{', '[':
	default:
		return literal(b, i)
	}
	for depth := 1; i < len(b); { // the record itself is the first level
		c := b[i]
		i++
		switch class[c] {
		case isQuote:
			if len(b)-i >= 8 { // most strings are short
				if stop := zeros(binary.LittleEndian.Uint64(b[i:]) ^ quotes); stop != 0 {
					if end := i + bits.TrailingZeros64(stop)>>3; b[end-1] != '\\' {
						i = end + 1
						continue
					}
				}
			}
			i = closing(b, i) + 1
		case isOpening:
			if depth++; depth > maxDepth {
				return i, errDepth
			}
		case isClosing:
			if depth--; depth == 1 {
				return i, nil
			}
		}
	}
	return len(b), io.ErrUnexpectedEOF
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
