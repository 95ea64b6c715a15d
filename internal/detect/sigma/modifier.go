package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// most is how many values one value may become, by windash and placeholders,
// mostBytes how much text, and mostModifiers what one item may have.
const (
	most          = 1000
	mostBytes     = 1 << 20
	mostModifiers = 16
	longest       = 1 << 16 // a value
)

// A change rewrites one value into one or more.
type change func([]piece) ([][]piece, error)

var changes = map[string]change{
	"contains":     func(p []piece) ([][]piece, error) { return [][]piece{endsWith(startsWith(p))}, nil },
	"startswith":   func(p []piece) ([][]piece, error) { return [][]piece{startsWith(p)}, nil },
	"endswith":     func(p []piece) ([][]piece, error) { return [][]piece{endsWith(p)}, nil },
	"windash":      windash,
	"base64":       onText("base64", func(s string) []string { return []string{base64.StdEncoding.EncodeToString([]byte(s))} }),
	"base64offset": onText("base64offset", base64Offset),
	"wide":         onText("wide", func(s string) []string { return []string{utf16Text(s, binary.LittleEndian, false)} }),
	"utf16le":      onText("utf16le", func(s string) []string { return []string{utf16Text(s, binary.LittleEndian, false)} }),
	"utf16be":      onText("utf16be", func(s string) []string { return []string{utf16Text(s, binary.BigEndian, false)} }),
	"utf16":        onText("utf16", func(s string) []string { return []string{utf16Text(s, binary.LittleEndian, true)} }),
}

// onText is a change of text only.
func onText(name string, f func(string) []string) change {
	return func(ps []piece) (out [][]piece, err error) {
		s, ok := plain(ps)
		if !ok {
			return nil, fmt.Errorf("%s of a value with wildcards", name)
		}
		for _, t := range f(s) {
			out = append(out, literal(t))
		}
		return out, nil
	}
}

// base64Offset is what can be seen of s inside base64 of something longer, at
// each of the three places it can begin at.
func base64Offset(s string) (out []string) {
	for shift := range 3 {
		all := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + s))
		from, to := []int{0, 2, 3}[shift], len(all)-[]int{0, 3, 2}[(len(s)+shift)%3]
		if from < to {
			out = append(out, all[from:to])
		}
	}
	return out
}

func utf16Text(s string, order binary.AppendByteOrder, mark bool) string {
	var out []byte
	if mark {
		out = append(out, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

var dashes = []string{"-", "/", "–", "—", "―"}

// windash replaces each dash that begins a word by every dash.
func windash(ps []piece) ([][]piece, error) {
	out := [][]piece{nil}
	for _, p := range ps {
		var runs [][]string // alternatives, one after the other
		from := 0
		for i := 0; i < len(p.text); i++ {
			if (p.text[i] == '-' || p.text[i] == '/') && (i == 0 || !wordByte(p.text[i-1])) && i+1 < len(p.text) && wordByte(p.text[i+1]) {
				runs = append(runs, []string{p.text[from:i]}, dashes)
				from = i + 1
			}
		}
		runs = append(runs, []string{p.text[from:]})
		texts := []string{""}
		for _, run := range runs {
			if n := len(texts) * len(run) * len(out); n > most || n*(len(p.text)+1) > mostBytes {
				return nil, errors.New("windash makes too many values")
			}
			var next []string
			for _, t := range texts {
				for _, alternative := range run {
					next = append(next, t+alternative)
				}
			}
			texts = next
		}
		var next [][]piece
		for _, head := range out {
			for _, t := range texts {
				next = append(next, append(head[:len(head):len(head)], piece{text: t, wild: p.wild}))
			}
		}
		out = next
	}
	return out, nil
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// expand replaces %name% by what was given for it; \% is a percent sign. The
// value still has its escapes.
func expand(s string, given map[string][]string) ([]string, error) {
	out := []string{""}
	add := func(alternatives ...string) error {
		size := 0
		for _, a := range alternatives {
			size += len(a) * len(out)
		}
		if len(out)*len(alternatives) > most || size > mostBytes {
			return errors.New("placeholders make too many values")
		}
		var next []string
		for _, head := range out {
			for _, a := range alternatives {
				next = append(next, head+a)
			}
		}
		out = next
		return nil
	}
	for s != "" {
		i := strings.IndexAny(s, `\%`)
		if i < 0 {
			return out, add(s)
		}
		if err := add(s[:i]); err != nil {
			return nil, err
		}
		s = s[i:]
		if s[0] == '\\' {
			n, text := min(2, len(s)), s[:min(2, len(s))]
			if text == `\%` {
				text = "%"
			}
			if err := add(text); err != nil {
				return nil, err
			}
			s = s[n:]
			continue
		}
		name, rest, ok := strings.Cut(s[1:], "%")
		if !ok {
			return out, add(s)
		}
		found, ok := given[name]
		if !ok || len(found) == 0 {
			return nil, fmt.Errorf("no value for placeholder %%%s%%", name)
		}
		if err := add(found...); err != nil {
			return nil, err
		}
		s = rest
	}
	return out, nil
}
