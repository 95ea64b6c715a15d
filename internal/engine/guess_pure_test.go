package engine

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/baseline"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/lineage"
)

// Whom the owner's resources let in is vouched for; while the beginning is a
// guess, only by what is much older, was saved long before, or is his by his word.
func TestWhoVouchesUnderAGuess(t *testing.T) {
	since := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	days := func(n int) time.Time { return since.Add(-time.Duration(n) * 24 * time.Hour) }
	snap := fact.Snapshot{Account: "111122223333", Since: since}
	for _, c := range []struct {
		guest   string
		created time.Time
		whose   string
		reason  string
	}{
		{"200000000001", days(400), judge.Owner, judge.Older},
		{"200000000002", days(4), judge.Owner, judge.Older},
		{"200000000003", days(4), judge.Owner, judge.MarkedMine},
		{"200000000004", time.Time{}, judge.Owner, judge.InBaseline},
		{"200000000005", days(400), judge.Unknown, judge.ChangedMaybe},
	} {
		r := fact.Resource{Ref: fact.Ref{Kind: "iam.role", ID: c.guest}, Created: c.created}
		fact.Trust.Set(&r, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"`+c.guest+`"},"Action":"sts:AssumeRole"}]}`)
		fact.Judgement.Set(&r, fact.Whose{Whose: c.whose, Reasons: []string{c.reason}})
		snap.Resources = append(snap.Resources, r)
	}
	for name, c := range map[string]struct {
		from string
		base *baseline.Baseline
		want []string
	}{
		"by his word":                {"flag", nil, []string{"200000000001", "200000000002", "200000000003", "200000000004"}},
		"a guess":                    {"quarantine", nil, []string{"200000000001", "200000000003"}},
		"with a baseline":            {"quarantine", &baseline.Baseline{At: days(30)}, []string{"200000000001", "200000000003", "200000000004"}},
		"with one of the last weeks": {"quarantine", &baseline.Baseline{At: days(3)}, []string{"200000000001", "200000000003"}},
	} {
		tri := &Triage{Snapshot: snap}
		tri.Summary.SinceFrom = c.from
		if got := tri.vouchedFor(c.base); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A deed of before a guessed beginning suspends what it can have been done to,
// and takes nothing away that is sure.
func TestADeedBeforeTheGuess(t *testing.T) {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	named := func(fact.Kind) bool { return true }
	for name, c := range map[string]struct {
		created time.Time
		change  lineage.Change
		surely  bool // made by a suspect since
		want    string
	}{
		"made then":                {at, lineage.Created, false, "made"},
		"no date":                  {time.Time{}, lineage.Created, false, "made"},
		"another of the same name": {at.Add(time.Hour), lineage.Created, false, ""},
		"surely his":               {at, lineage.Created, true, "surely"},
		"changed":                  {at.Add(-time.Hour), lineage.Changed, false, "changed"},
		"shared":                   {at.Add(-time.Hour), lineage.Shared, false, "changed"},
		"changed and made again":   {at.Add(time.Hour), lineage.Changed, false, ""},
		"attempted":                {at, lineage.Attempted, false, ""},
	} {
		r := fact.Resource{Created: c.created}
		if c.surely {
			fact.Made.Set(&r, fact.Deed{Sure: true})
		}
		suspend(&r, lineage.Deed{Change: c.change, Deed: fact.Deed{At: at, Sure: true}}, named)
		got := ""
		made, known := fact.Made.Get(r)
		switch changed := fact.Changed.Or(r, nil); {
		case known && made.Sure:
			got = "surely"
		case known:
			got = "made"
		case len(changed) == 1 && !changed[0].Sure:
			got = "changed"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
