package shape

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A machine follows one JSON value through pieces of any length, in constant
// memory: where it ends, or where it stops being JSON. It is lax within numbers,
// literals and escapes, which whoever decodes the value checks.
type machine struct {
	state   state
	key     bool // the string under way is a member's name
	tooDeep bool // it went below maxDepth, where only brackets are counted
	depth   int
	objects [maxDepth/64 + 1]uint64 // a bit per level: an object
}

type state uint8

const (
	wantValue state = iota
	wantFirst       // of a list: a value or its end
	wantName        // of an object: a name or its end
	wantNextName
	wantColon
	wantNext // a comma or the end
	inString
	inEscape
	inScalar
	inDepths
)

var errUnclosed = errors.New("a string is not closed at its line's end")

// text are the bytes that a string may hold as they are.
var text = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// plainText is how many bytes from here on a string may hold as they are.
func plainText(b []byte) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; n+8 <= len(b); n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^ones*'"', x^ones*'\\'
		if ((x-ones*' ')&^x|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			break
		}
	}
	for n < len(b) && text[b[n]] {
		n++
	}
	return n
}

// run takes as much of b as belongs to the value. Not done and no error means
// that more is needed. On an error n is the place of the offending byte.
func (m *machine) run(b []byte) (n int, done bool, err error) {
	for n < len(b) {
		switch m.state {
		case inString:
			n += plainText(b[n:])
			if n == len(b) {
				return n, false, nil
			}
			if b[n] < ' ' {
				return n, false, errUnclosed
			}
			if b[n] == '\\' {
				m.state = inEscape
			} else if m.endString(); m.depth == 0 {
				return n + 1, true, nil
			}
			n++
		case inEscape:
			if b[n] < ' ' {
				return n, false, errUnclosed
			}
			m.state = inString
			n++
		case inScalar:
			for n < len(b) && isScalar(b[n]) {
				n++
			}
			if n == len(b) {
				return n, false, nil
			}
			if m.state = wantNext; m.depth == 0 {
				return n, true, nil
			}
		default:
			if isSpace(b[n]) {
				n++
				continue
			}
			if done, err = m.step(b[n]); err != nil {
				return n, false, err
			}
			if n++; done {
				return n, true, nil
			}
		}
	}
	return n, false, nil
}

func (m *machine) endString() {
	switch {
	case m.depth > maxDepth:
		m.state = inDepths
	case m.key:
		m.state = wantColon
	default:
		m.state = wantNext
	}
	m.key = false
}

// step takes one byte between strings and scalars.
func (m *machine) step(c byte) (done bool, err error) {
	if m.state == inDepths {
		return false, m.deep(c)
	}
	opens := m.state == wantValue || m.state == wantFirst
	switch c {
	case '"':
		if opens || m.state == wantName || m.state == wantNextName {
			m.key, m.state = !opens, inString
			return false, nil
		}
	case '{', '[':
		if opens {
			m.open(c == '{')
			return false, nil
		}
	case '}', ']':
		object := m.isObject()
		if m.depth > 0 && object == (c == '}') && (m.state == wantNext || m.state == wantFirst || m.state == wantName) {
			m.depth--
			m.state = wantNext
			return m.depth == 0, nil
		}
	case ':':
		if m.state == wantColon {
			m.state = wantValue
			return false, nil
		}
	case ',':
		if m.state == wantNext && m.depth > 0 {
			if m.state = wantValue; m.isObject() {
				m.state = wantNextName
			}
			return false, nil
		}
	default:
		if opens && isScalar(c) {
			m.state = inScalar
			return false, nil
		}
	}
	return false, fmt.Errorf("unexpected %q", c)
}

func (m *machine) open(object bool) {
	m.depth++
	if m.depth > maxDepth {
		m.tooDeep, m.state = true, inDepths
		return
	}
	word, bit := m.depth/64, uint64(1)<<(m.depth%64)
	if m.state = wantFirst; object {
		m.objects[word] |= bit
		m.state = wantName
	} else {
		m.objects[word] &^= bit
	}
}

func (m *machine) isObject() bool { return m.objects[m.depth/64]&(1<<(m.depth%64)) != 0 }

func (m *machine) deep(c byte) error {
	switch c {
	case '"':
		m.state = inString
	case '{', '[':
		m.depth++
	case '}', ']':
		if m.depth--; m.depth <= maxDepth {
			m.state = wantNext
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// whole says whether b is one JSON value with nothing but space behind it.
func whole(b []byte) bool {
	var m machine
	n, done, err := m.run(b)
	if err != nil || !done || m.tooDeep {
		return false
	}
	for _, c := range b[n:] {
		if !isSpace(c) {
			return false
		}
	}
	return true
}
