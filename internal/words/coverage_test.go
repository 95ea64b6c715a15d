package words_test

import (
	"slices"
	"strings"
	"testing"

	"cordon/internal/catalogue"
	"cordon/internal/checks"
	"cordon/internal/clean"
	"cordon/internal/words"
)

var (
	people = []string{
		"review-change", "delete-root-keys", "enable-root-mfa", "change-root-password", "suspend-group", "guard-management", "end-center-sessions",
		"block-idp-user", "block-token-subject", "revoke-certificate", "close-instance-leak", "close-function-leak", "close-task-leak",
		"enrol-user-mfa", "use-an-administrator", "set-up-config",
	}
	guards  = []string{"own-principal", "own-key", "own-group", "break-glass", "service-linked", "reserved-role", "last-administrator", "unknown-caller", "unknown-source"}
	skips   = []string{"gone", "recreated", "changed", "changed-since", "already", "exposed", "no-evidence", "taken-back", "unverified", "refused", "person", "earlier-step-failed", "interrupted", "unkept", "after-unkept", "uncopied", "waiting", "org"}
	classes = []string{"denied", "throttled", "absent", "not-subscribed", "not-found", "unauthenticated", "not-implemented", "in-use", "broken"} // awsapi's
)

// each runs f once per language.
func each(t *testing.T, f func(t *testing.T, w *words.Words)) {
	for _, lang := range words.Langs() {
		t.Run(string(lang), func(t *testing.T) { f(t, words.For(lang)) })
	}
}

// spoken fails unless key has a text that needs no argument, of at most cells
// cells; 0 is any length.
func spoken(t *testing.T, w *words.Words, key string, cells int) {
	t.Helper()
	before := w.Faults()[key]
	text := w.T(key)
	switch n := clean.Width(text); {
	case !w.Has(key):
		t.Errorf("no text for %s", key)
	case w.Faults()[key] != before:
		t.Errorf("%s wants an argument that no screen gives: %q", key, text)
	case cells > 0 && n > cells:
		t.Errorf("%s takes %d cells, %d fit: %q", key, n, cells, text)
	}
}

// under lists what follows prefix in the keys that begin with it.
func under(w *words.Words, prefix string) (rest []string) {
	for _, key := range w.Keys() {
		if s, ok := strings.CutPrefix(key, prefix); ok {
			rest = append(rest, s)
		}
	}
	return rest
}

func TestEveryCheckIsExplained(t *testing.T) {
	parts := []string{"title", "saw", "why", "else", "do"}
	each(t, func(t *testing.T, w *words.Words) {
		known := map[string]bool{}
		for _, c := range checks.All() {
			for _, part := range parts {
				known[c.ID+"."+part] = true
				cells := 0
				if part == "title" {
					cells = 46
				}
				spoken(t, w, "check."+c.ID+"."+part, cells)
			}
			if len(c.Needs) == 0 {
				t.Errorf("%s needs no kind", c.ID)
			}
			for _, k := range c.Needs {
				spoken(t, w, "kind."+string(k), 36)
			}
		}
		for _, rest := range under(w, "check.") {
			if !known[rest] {
				t.Errorf("check.%s belongs to no check", rest)
			}
		}
	})
}

// Kinds and verbs that kinds declares are held to their words by its own test;
// here stand the steps that only a person can do.
func TestEveryPersonStepHasWords(t *testing.T) {
	each(t, func(t *testing.T, w *words.Words) {
		for _, v := range people {
			spoken(t, w, "verb."+v, 22)
			spoken(t, w, "verb."+v+".does", 0)
			spoken(t, w, "person."+v+".title", 0)
			spoken(t, w, "person."+v+".steps", 0)
			if !strings.HasPrefix(w.T("person."+v+".steps"), "1. ") {
				t.Errorf("person.%s.steps does not begin with step 1", v)
			}
		}
		for _, class := range []string{"reversible", "disruptive", "permanent", "person"} {
			spoken(t, w, "class."+class, 60)
		}
	})
}

func TestEveryReasonHasWords(t *testing.T) {
	each(t, func(t *testing.T, w *words.Words) {
		for _, r := range guards {
			spoken(t, w, "guard."+r, 0)
		}
		for _, r := range append(slices.Clone(skips), classes...) {
			spoken(t, w, "skip."+r, 0)
		}
		for _, r := range classes {
			spoken(t, w, "unread."+r, 0)
		}
	})
}

func TestEveryGradeHasAWord(t *testing.T) {
	each(t, func(t *testing.T, w *words.Words) {
		for _, s := range []string{"critical", "high", "medium", "low", "info"} {
			spoken(t, w, "severity."+s, 6)
			spoken(t, w, "severity."+s+".full", 0)
		}
		for _, c := range []string{"high", "medium", "low"} {
			spoken(t, w, "confidence."+c, 12)
		}
		for _, o := range []string{"found", "clear", "unknown"} {
			spoken(t, w, "outcome."+o, 0)
		}
		for _, s := range []string{"denied", "failed", "absent", "skipped", "closed"} {
			for _, p := range []string{"{kind}", "{region}"} {
				if text := w.T("state."+s, "kind", "{kind}", "region", "{region}", "permission", "{permission}"); !strings.Contains(text, p) {
					t.Errorf("state.%s does not say %s: %q", s, p, text)
				}
			}
		}
	})
}

// What the catalogue says nobody sees is told in every language, and nothing else.
func TestEveryBlindSpotHasWords(t *testing.T) {
	rows := catalogue.Blind()
	if len(rows) == 0 {
		t.Fatal("the catalogue has no gap: the test is blind")
	}
	each(t, func(t *testing.T, w *words.Words) {
		for _, row := range rows {
			spoken(t, w, "blind."+row, 0)
		}
		for _, row := range under(w, "blind.") {
			if !slices.Contains(rows, row) {
				t.Errorf("blind.%s is no gap of the catalogue", row)
			}
		}
	})
}
