package runs

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plainly is Next by looking at every byte.
func plainly(s *Set, text []byte, from, n int) (int, int) {
	for i := from; i < len(text); i++ {
		e := i
		for e < len(text) && s[text[e]] {
			e++
		}
		if e-i >= n {
			return i, e
		}
		i = e
	}
	return -1, -1
}

func same(t testing.TB, s *Set, text []byte, n int) {
	t.Helper()
	for from := 0; from <= len(text); {
		a, b := s.Next(text, from, n)
		x, y := plainly(s, text, from, n)
		if a != x || b != y {
			t.Fatalf("from %d, %d of %q: %d-%d, want %d-%d", from, n, text, a, b, x, y)
		}
		if a < 0 {
			return
		}
		from = b
	}
}

func TestNext(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := Of("A-Z0-9")
	for range 20000 {
		text := make([]byte, r.IntN(120))
		often := 1 + r.IntN(30)
		for i := range text {
			text[i] = 'K'
			if r.IntN(often) == 0 {
				text[i] = ' '
			}
		}
		same(t, s, text, 1+r.IntN(25))
	}
}

func TestOf(t *testing.T) {
	s := Of("a-c/+-")
	for c := range 256 {
		if want := bytes.IndexByte([]byte("abc/+-"), byte(c)) >= 0; s[c] != want {
			t.Errorf("%q: %v", byte(c), s[c])
		}
	}
}

func TestAround(t *testing.T) {
	text := []byte("one\ntwo two\nthree")
	if a, b := Line(text, 6); string(text[a:b]) != "two two" {
		t.Errorf("%q", text[a:b])
	}
	if a, b := Line(text, 13); string(text[a:b]) != "three" {
		t.Errorf("%q", text[a:b])
	}
	if got := Before(text, 8, 100); got != 4 {
		t.Error(got)
	}
	if got := Before(text, 8, 2); got != 6 {
		t.Error(got)
	}
	if got := After(text, 5, 100); got != 11 {
		t.Error(got)
	}
	if got := After(text, 13, 2); got != 15 {
		t.Error(got)
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("key AKIAABCDEFGHIJKLMNOP, and"), uint8(20))
	f.Fuzz(func(t *testing.T, text []byte, n uint8) { same(t, Of("A-Za-z0-9"), text, 1+int(n%50)) })
}
