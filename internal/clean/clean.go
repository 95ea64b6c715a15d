// Package clean makes text safe to show. Tags, instance names, log fields and
// commit messages are written by whoever had the account, so every string that
// came from AWS, git or a log passes here before any face prints it.
package clean

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cap is the number of terminal cells that Text keeps.
const Cap = 256

// marks is the number of combining marks that one character keeps. Scripts
// need two or three; a tower of them paints over the lines above.
const marks = 4

// Text returns s as one harmless line of at most Cap cells. What a terminal,
// a browser or a reader's eye would obey or overlook becomes visible, as in
// ‹U+202E›; what is cut off is counted.
func Text(s string) string { return TextCap(s, Cap) }

// TextCap is Text with another cap. A cap below 1 means no cap.
//
// The result is stable: cleaning it again changes nothing, unless the cap cuts.
func TextCap(s string, cells int) string {
	if cells < 1 {
		return shown(s)
	}
	// A string of a megabyte is not looked at in full to show its first line:
	// no rune is longer than four bytes, and none but a zero-width one, which
	// becomes visible, takes no cell.
	head, tail := s, 0
	if limit := cells*16 + utf8.UTFMax; len(head) > limit {
		for limit > 0 && !utf8.RuneStart(head[limit]) {
			limit--
		}
		head, tail = s[:limit], utf8.RuneCountInString(s[limit:])
	}
	full := shown(head)
	if tail == 0 && Width(full) <= cells {
		return full
	}
	kept := cut(full, cells)
	lost := utf8.RuneCountInString(full) - utf8.RuneCountInString(kept) + tail
	return fmt.Sprintf("%s… (+%d)", kept, lost)
}

func shown(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	room := 0 // how many combining marks the character before may still take
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		mark := unicode.In(r, unicode.Mn, unicode.Me)
		switch {
		case r == utf8.RuneError && size <= 1:
			fmt.Fprintf(&b, "‹0x%02X›", s[i])
		case hostile(r), mark && room == 0:
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteString(s[i : i+size])
		}
		if mark {
			room = max(0, room-1)
		} else {
			room = marks
		}
		i += size
	}
	return b.String()
}

// plain is the fast path: nearly every string is printable ASCII.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hostile says whether r must not reach a screen as it is: it is not printable
// (controls, escapes, format characters, surrogates, private use, unassigned),
// or it prints as nothing or as a space that is not a space.
func hostile(r rune) bool {
	switch {
	case r == ' ':
		return false
	case r == '\u00a0', r == '\u3000': // no-break space in French, ideographic space in Chinese
		return false
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Join_Control, r):
		return true
	case r == '\u2800': // braille blank: prints as nothing
		return true
	case unicode.Is(unicode.Zs, r): // thin, hair and other look-alike spaces
		return true
	}
	return !unicode.IsPrint(r)
}
