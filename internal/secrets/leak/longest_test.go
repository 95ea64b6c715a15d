package leak

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestLongest: of no rule's pattern a match is cut short, or changed by what it is
// not shown.
func TestLongest(t *testing.T) {
	for pattern, want := range map[string]int{
		`ab[0-9]{3,7}(?:x|yz)?`: 11, `a+`: mostMatch, `(?i)k\b`: 4, `[^a]`: 4, `.{2}`: 8, `a{3,}`: mostMatch, `(?:a{9}){9}$`: 81, `ä`: 4, `(a|bcd)e?`: 4, ``: 0,
	} {
		if got := longest(pattern); got != min(mostMatch, want+utf8.UTFMax) {
			t.Errorf("%s: %d, want %d", pattern, got, want+utf8.UTFMax)
		}
	}
	bounded := 0
	for i, rule := range All() {
		r := &compiled{Rule: rule}
		whole := regexp.MustCompile("^(?:" + rule.Pattern + ")")
		for _, sample := range append(slices.Clone(rule.Hit), rule.Miss...) {
			text := fill(sample, uint64(i))
			for at := range text {
				for _, behind := range []string{"", " ", "a", "A1", "=", "\n", ".x", "_", "ä", strings.Repeat("aB1", 60), strings.Repeat("-_", 60), strings.Repeat("Zz9+/", 3000)} {
					if at > 0 && len(behind) > 2 {
						continue
					}
					b := []byte(text[at:] + behind)
					if got, want := r.find(b), whole.FindSubmatchIndex(b[:min(len(b), mostMatch)]); !slices.Equal(got, want) {
						t.Fatalf("%s: %q and %.20q: %v, want %v", rule.ID, text[at:], behind, got, want)
					}
				}
			}
		}
		if r.most < mostMatch {
			bounded++
		}
	}
	if bounded < 20 {
		t.Errorf("only %d rules are bounded: the test is blind", bounded)
	}
}
