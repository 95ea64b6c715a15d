package clean

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// cells counts ambiguous characters as one cell, whatever the environment of
// this process says: layout must not depend on LANG.
var cells = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	c.StrictEmojiNeutral = true
	return c
}()

// Width is the number of terminal cells that s takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += cells.RuneWidth(r)
	}
	return n
}

// Fit returns s in at most n cells; a cut is marked with "…".
func Fit(s string, n int) string {
	if Width(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	return cut(s, n-1) + "…"
}

// Pad returns s in exactly n cells: cut, or filled with spaces on the right.
func Pad(s string, n int) string {
	s = Fit(s, n)
	return s + strings.Repeat(" ", max(0, n-Width(s)))
}

// cut returns the longest head of s that takes no more than n cells.
func cut(s string, n int) string {
	used := 0
	for i, r := range s {
		if used += cells.RuneWidth(r); used > n {
			return s[:i]
		}
	}
	return s
}

// closing may not begin a line, opening may not end one.
const (
	closing = "，。：；？！、）”’》」』】…—·,.:;?!)]}»%"
	opening = "（“‘《「『【([{«"
)

// Wrap breaks s into lines of at most n cells. Latin text breaks at spaces,
// Chinese anywhere, but a line begins with no closing mark and ends with no
// opening one. A no-break space never breaks. A word longer than the line is
// cut. Line breaks in s stand.
func Wrap(s string, n int) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		lines = append(lines, wrap(pieces(paragraph), max(n, 2))...)
	}
	return lines
}

func wrap(pieces []string, n int) []string {
	var lines []string
	line := ""
	for _, p := range pieces {
		if Width(strings.TrimRight(line+p, " ")) <= n {
			line += p
			continue
		}
		if line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
		}
		line = strings.TrimLeft(p, " ")
		for {
			head := cut(line, n)
			if rest := line[len(head):]; strings.Trim(rest, " ") == "" {
				break
			}
			lines, line = append(lines, head), line[len(head):]
		}
	}
	return append(lines, strings.TrimRight(line, " "))
}

// pieces splits s at every place where a line may break.
func pieces(s string) []string {
	var out []string
	start := 0
	var prev rune
	for i, r := range s {
		if i > 0 && breakable(prev, r) {
			out = append(out, s[start:i])
			start = i
		}
		prev = r
	}
	return append(out, s[start:])
}

func breakable(before, after rune) bool {
	switch {
	case after == ' ':
		return false
	case before == ' ':
		return !strings.ContainsRune(closing, after) || after == '—'
	case strings.ContainsRune(closing, after), strings.ContainsRune(opening, before):
		return false
	}
	return wide(before) || wide(after)
}

func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || cells.RuneWidth(r) == 2
}
