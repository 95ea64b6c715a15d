package ere_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// FuzzERE reads what the fuzzer makes of expressions as the peers read them.
func FuzzERE(f *testing.F) {
	for _, pattern := range patterns {
		f.Add([]byte(pattern), sample, false)
	}
	f.Add([]byte("\x01\x12\x30\x07\x44\x20\x18"), "ab foo", true)
	p := findPeers(f)
	if !p.grep && !p.git {
		f.Skip("neither GNU grep nor git is here")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte, text string, built bool) {
		pattern := string(raw)
		if built {
			pattern = build(raw)
		}
		if len(pattern) > 60 || len(text) > 2000 || strings.ContainsAny(pattern+text, "\x00") || strings.ContainsAny(pattern, "\n\r") {
			t.Skip()
		}
		if odd(pattern) {
			t.Skip()
		}
		compare(t, dir, p, pattern, []byte(text))
	})
}

// odd tells what is left out, each with its reason.
func odd(pattern string) bool {
	open, digits := 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
			if i < len(pattern) && pattern[i] >= '1' && pattern[i] <= '9' {
				// The C library's own back-references differ from POSIX where a group
				// is repeated or optional, and from itself between -w and not.
				return true
			}
			digits = 0
		case c == '(':
			open++
		case c == ')':
			if open--; open < 0 {
				return true // grep -w pastes the expression between parentheses
			}
		case c >= '0' && c <= '9':
			if digits++; digits > 2 {
				return true // repeats of repeats: the peers take all memory there is
			}
		default:
			digits = 0
		}
	}
	return strings.Count(pattern, "{") > 2
}

// pieces are what patterns are put together from: so even short inputs meet what
// the two dialects tell apart.
var pieces = strings.Fields(`a b c ab foo _ 1 . .* a* a+ a? b{2} b{1,2} b{,1} b{0,} { } {1} [ab] [^ab] [a-c] []a] [^]a] [a-] [[:alpha:]] [[:space:]_] ` +
	`[[.a.]] [[=b=]] [\] ( ) ( ) ( ) (a|ab) (a|b)* (|a) | | ^ $ ^ $ * + ? \< \> \b \B \w \W \s \S \. \- \( \) \{ \| \\ [ ] [a [^ [[: [b-a] [[:x:]] a{2,1} a{1,x} a{}`)

func build(raw []byte) string {
	var b strings.Builder
	for _, c := range raw[:min(len(raw), 12)] {
		if int(c) >= 2*len(pieces) {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(pieces[int(c)%len(pieces)])
	}
	return b.String()
}

// TestBuilt is a piece of the fuzzing in every run.
func TestBuilt(t *testing.T) {
	p, dir := findPeers(t), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < rounds(); i++ {
		raw := make([]byte, 1+random.IntN(9))
		for j := range raw {
			raw[j] = byte(random.IntN(2*len(pieces) + 6))
		}
		if pattern := build(raw); !odd(pattern) {
			compare(t, dir, p, pattern, []byte(sample))
		}
	}
}

func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("CORDON_ERE_ROUNDS")); err == nil {
		return n
	}
	return 250
}
