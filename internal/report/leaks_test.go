package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"cordon/internal/words"
)

// TestLeakedKey: the page of a key says where it stands, also when the record has
// no call of it; a triage says it above its findings.
func TestLeakedKey(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	key := LeakedKey{Key: "AKIAQ7KLMNOPQRSTUVW2", Owner: "deploy", Status: "Active", Secret: true, Count: 5, Places: []LeakPlace{
		{Source: "/src/shop", Where: "blob", Path: "prod.env", Commit: "0f3c9a1b2c3d4e5f", Author: "Ann\x1b[31m", Date: at},
		{Source: "/src/shop", Where: "stdin"}, {Source: "/src/shop", Where: "file", Path: "x"}, {Source: "/src/shop", Where: "file", Path: "y"},
	}}
	show := func(ms ...Message) string {
		var b bytes.Buffer
		text := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return at }})
		for _, m := range ms {
			if err := text.Handle(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := text.End(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, got := range map[string]string{
		"page": show(key, Subject{Kind: "key", ID: key.Key, Events: 1}), "no call": show(key), "triage": show(key, Summary{}),
	} {
		for _, want := range []string{
			"The active key AKIAQ7KLMNOPQRSTUVW2 stands where others can read it:", "commit 0f3c9a1b2c3d: prod.env", "no longer in HEAD", "standard input", "and 2 more places",
			"it belongs to deploy", "its secret stands there as well", "cordon rotate key AKIAQ7KLMNOPQRSTUVW2",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s: an escape went through", name)
		}
	}
	key.Status = "Inactive"
	if got := show(key); !strings.Contains(got, "switched off") || strings.Contains(got, "cordon rotate") {
		t.Errorf("inactive: %s", got)
	}
}
