package pack

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPieces: pieces show all of an object, in order, with the place at which each
// begins, and each begins with enough of the one before.
func TestPieces(t *testing.T) {
	b := newBox(t)
	r := rand.New(rand.NewPCG(1, 2))
	texts := map[string][]byte{"one line": bytes.Repeat([]byte("abcdefghij"), (maxLine+5<<20)/10), "short": []byte("a\nb"), "empty": nil}
	for _, longest := range []int{30, 3000, 300_000, 3_000_000} {
		var text []byte
		for len(text) < 7<<20 {
			text = append(text, bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(longest))...)
			text = append(text, '\n')
		}
		texts[strings.Repeat("l", len(texts))] = text
	}
	for name, text := range texts {
		b.write(name, string(text))
		id, err := ParseID(b.git("hash-object", "-w", name))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		n, last := 0, false
		err = b.open().Pieces(t.Context(), id, func(kind Kind, p Piece) {
			if last || kind != Blob && len(text) > 0 {
				t.Errorf("%s: a piece after the last, or of a %s", name, kind)
			}
			last = p.Last
			begin := len(all) - p.Again
			before := text[:begin]
			if p.Line != 1+bytes.Count(before, []byte{'\n'}) || p.Column != begin-bytes.LastIndexByte(before, '\n') {
				t.Errorf("%s: a piece at %d is said to begin at %d:%d", name, begin, p.Line, p.Column)
			}
			if p.Again < min(Overlap, len(all)) || p.Again > 2*Overlap {
				t.Errorf("%s: %d bytes are shown again", name, p.Again)
			}
			if !bytes.HasPrefix(text[begin:], p.Text) {
				t.Fatalf("%s: other bytes at %d", name, begin)
			}
			all = append(all, p.Text[p.Again:]...)
			n++
		})
		if err != nil || !bytes.Equal(all, text) || !last || len(text) > 3<<20 && n < 2 {
			t.Errorf("%s: %v, %d bytes of %d in %d pieces", name, err, len(all), len(text), n)
		}
	}
	if err := b.open().Pieces(t.Context(), ID{n: 20}, func(Kind, Piece) { t.Error("a piece of nothing") }); err == nil {
		t.Error("an object that is not here has pieces")
	}
}

// TestQuarantine: git, where it is asked, looks where the hook's own variables say:
// what is being pushed lies nowhere else yet.
func TestQuarantine(t *testing.T) {
	b := newBox(t)
	b.edits(1, 2)
	id, err := ParseID(b.gitIn("pushed\n", "hash-object", "-w", "--stdin"))
	if err != nil {
		t.Fatal(err)
	}
	objects := filepath.Join(b.dir, ".git/objects")
	for i, name := range []string{"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"} {
		env := map[string]string{"GIT_OBJECT_DIRECTORY": t.TempDir(), "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}
		apart := env["GIT_OBJECT_DIRECTORY"]
		if i == 1 {
			apart = t.TempDir()
			env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] += string(filepath.ListSeparator) + apart
		}
		hex := id.String()
		if err := os.MkdirAll(filepath.Join(apart, hex[:2]), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(objects, hex[:2], hex[2:]), filepath.Join(apart, hex[:2], hex[2:])); err != nil {
			t.Fatal(err)
		}
		r, err := OpenEnv(t.Context(), b.dir, func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, id := range []ID{id, b.id("HEAD")} {
			if err := r.Pieces(t.Context(), id, func(_ Kind, p Piece) { text += string(p.Text) }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !strings.HasPrefix(text, "pushed\n") {
			t.Errorf("%s: %q", name, text)
		}
		r.Close()
		if err := os.Rename(filepath.Join(apart, hex[:2], hex[2:]), filepath.Join(objects, hex[:2], hex[2:])); err != nil {
			t.Fatal(err)
		}
	}
}
