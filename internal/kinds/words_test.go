package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"cordon/internal/clean"
	"cordon/internal/fact"
	"cordon/internal/kinds"
	"cordon/internal/words"
)

// said fails unless key has a text of at most cells cells; 0 is any length.
func said(t *testing.T, w *words.Words, key string, cells int) {
	t.Helper()
	if !w.Has(key) {
		t.Errorf("no text for %s", key)
	} else if n := clean.Width(w.T(key)); cells > 0 && n > cells {
		t.Errorf("%s takes %d cells, %d fit: %q", key, n, cells, w.T(key))
	}
}

// pseudo are kinds that only a reading or a finding names.
var pseudo = []fact.Kind{"cloudtrail.event-history"}

func TestEveryKindHasAName(t *testing.T) {
	names := slices.Clone(pseudo)
	for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
		if slices.Contains(names, k.Name()) {
			t.Errorf("%s is there twice", k.Name())
		}
		names = append(names, k.Name())
	}
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for _, k := range names {
			said(t, w, "kind."+string(k), 36)
			for _, n := range []int{0, 1, 2, 1_000_000} {
				if text := w.T("kind."+string(k)+".n", "n", n); !strings.Contains(text, w.Number(n)) {
					t.Errorf("%s: kind.%s.n of %d: %q", lang, k, n, text)
				}
			}
		}
		for _, key := range w.Keys() {
			if rest, ok := strings.CutPrefix(key, "kind."); ok && !slices.Contains(names, fact.Kind(strings.TrimSuffix(rest, ".n"))) {
				t.Errorf("%s: kind.%s belongs to no kind", lang, rest)
			}
		}
	}
}

// A verb has what it is called, what it does, and, where it can be taken back,
// what that is called.
func TestEveryVerbHasWords(t *testing.T) {
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
			for _, v := range k.Verbs() {
				said(t, w, "verb."+v.Name, 22)
				said(t, w, "verb."+v.Name+".does", 0)
				if v.Undoable {
					said(t, w, "undo."+v.Name, 22)
				}
			}
		}
	}
}

// What a plan relies on when it does not know a kind.
func TestEveryKindDeclaresWhatAPlanReads(t *testing.T) {
	for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
		removes := 0
		for _, v := range k.Verbs() {
			if v.For == "remove" {
				removes++
			}
			if (v.For == "restore") && len(v.Mends) == 0 {
				t.Errorf("%s: %s restores and says not which calls it mends", k.Name(), v.Name)
			}
		}
		if removes > 1 {
			t.Errorf("%s has %d ways to be removed", k.Name(), removes)
		}
		if len(k.Needs()) == 0 || k.Cost().Fixed == 0 {
			t.Errorf("%s declares no calls: %+v", k.Name(), k.Cost())
		}
	}
}
