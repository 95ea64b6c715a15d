package ere_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cordon/internal/secrets/ere"
)

// TestFilter: looking at every n-th byte finds just what looking at every line
// does, whatever the expressions need.
func TestFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	bits := []string{"[a-c]{6}", "a{3,}b{3,}", "(aaa|bbb)c*[0-9]{4}", "[0-9]{4}-?[0-9]{4}-?[0-9]{4}", `\s*key=[a-z0-9]{5,}`, "abcabcab", "(a|b|c){7}", "[[:space:]]{6}x", "[[:cntrl:]]{7}", "[^a]{8}", "x?abcdef?g?[0-9]{6,9}$", "^[ab]{6}", "(abc)+(123)+"}
	letters := "abcabcabc0123-= \n\nxkey\t"
	for i := range 400 {
		var patterns []string
		for range 1 + random.IntN(3) {
			patterns = append(patterns, bits[random.IntN(len(bits))])
		}
		var text bytes.Buffer
		for text.Len() < 3000 {
			switch random.IntN(6) {
			case 0:
				fmt.Fprintf(&text, "%04d%04d-%04d", random.IntN(9999), random.IntN(9999), random.IntN(9999))
			case 1:
				text.WriteString(strings.Repeat(string(letters[random.IntN(len(letters))]), random.IntN(12)))
			case 2:
				text.WriteString([]string{"abcdef", "key=", "abc123", "abcabcab", "aaabbb"}[random.IntN(5)])
			default:
				text.WriteByte(letters[random.IntN(len(letters))])
			}
		}
		re, err := ere.Compile(patterns, ere.Options{Word: i%2 == 0, Dialect: ere.Dialect(i / 2 % 2)})
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		at := 0
		for line := range bytes.Lines(text.Bytes()) {
			if re.Match(bytes.TrimSuffix(line, []byte{'\n'})) {
				want = append(want, at)
			}
			at += len(line)
		}
		if got := re.Lines(text.Bytes(), nil); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v in %q", patterns, got, want, text.String())
		}
	}
}
