package report

import (
	"strings"
	"testing"
	"time"

	"cordon/internal/words"
)

func watching(state string) Watch {
	at := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	return Watch{
		Round: 1, State: state, At: at, Contained: at.Add(-time.Hour), Delivered: at.Add(-15 * time.Minute), Lag: 15 * time.Minute, Quiet: 12 * time.Minute,
		Wanted: 30 * time.Minute, Calls: 1, Refused: 2, Unsure: 3, Last: &WatchedCall{At: at, Call: "iam.amazonaws.com CreateUser", By: "AKIAX", Region: "us-east-1", Refused: "AccessDenied"},
		New:    []NewIdentity{{At: at, Call: "CreateUser", What: "eve\x1b[31m", By: "arn:aws:iam::1:user/x", Theirs: true}, {At: at, Call: "CreateAccessKey", What: "AKIAY"}},
		Unseen: []string{"eu-west-3"},
	}
}

// The screens of hardening and watching have all their words in every language, and
// nothing of what AWS says reaches the terminal as it is.
func TestHardeningAndWatchingSpeak(t *testing.T) {
	items := Hardening{AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Used: []string{"eu-west-1"}, Items: []HardenItem{
		{ID: "mfa", State: "part", Free: true, On: []string{"root"}, Off: []string{"ann\x1b[2J", "b", "c", "d", "e", "f", "g"}, Person: true, Actions: 7},
		{ID: "guardduty", State: "unread", Unread: []string{"eu-west-1: denied"}},
		{ID: "billing-alarm", State: "off", Off: []string{"account"}, Wants: "--notify"},
		{ID: "passwords", State: "on", On: []string{"account"}}, {ID: "scp", State: "on", Proposal: true},
	}}
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for _, m := range []Message{items, watching("watching"), watching("quiet"), watching("active"), watching("unseen"), watching("stopped")} {
			var b strings.Builder
			h := NewText(&b, Style{Words: w, Width: 80, Now: func() time.Time { return time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC) }})
			if err := h.Handle(m); err != nil {
				t.Fatal(err)
			}
			if err := h.End(); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if len(text) < 100 || strings.Contains(text, "\x1b") || strings.Contains(text, "{") {
				t.Errorf("%s %s:\n%s", lang, m.Type(), text)
			}
			if lang == words.EN {
				if i, ok := m.(Watch); ok && (i.State == "quiet" || i.State == "unseen") != strings.Contains(text, "no proof") {
					t.Errorf("%s and proof: %s", i.State, text)
				}
			}
		}
		if len(w.Faults()) != 0 {
			t.Errorf("%s: %v", lang, w.Faults())
		}
	}
}
