package engine

import (
	"fmt"
	"slices"
	"time"

	"cordon/internal/baseline"
	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/lineage"
	"cordon/internal/policy"
)

// wary is for how long before a guessed beginning nothing is taken for granted:
// an intruder who is in no hurry has the key for days before AWS finds it.
const wary = 14 * 24 * time.Hour

// guessed says that when the incident began is worked out, and nobody's word.
func (t *Triage) guessed() bool { return t.Summary.SinceFrom == "quarantine" }

// doubt looks, where the beginning is a guess, for suspects that were used shortly
// before it from where they are used since. If that was the intruder the incident
// is older: what was made and changed then is nobody's for sure, and no check over
// the history can end as clear until somebody says when it began.
func (t *Triage) doubt(grown *lineage.Closure, named func(fact.Kind) bool) {
	if !t.guessed() {
		return
	}
	acts := grown.Forerun(wary)
	if len(acts) == 0 {
		return
	}
	at := map[fact.Ref]*fact.Resource{}
	for i := range t.Snapshot.Resources {
		at[t.Snapshot.Resources[i].Ref] = &t.Snapshot.Resources[i]
	}
	for _, a := range acts {
		for _, d := range lineage.Made(a.Event) {
			if r := target(&t.Snapshot, at, d.Ref); r != nil {
				suspend(r, d, named)
			}
		}
	}
	first, place := acts[0].Event, fact.Place{Account: t.Snapshot.Account, Region: fact.Global}
	when := first.Time.UTC().Format(time.RFC3339)
	t.Snapshot.Expected[checks.History] = append(t.Snapshot.Expected[checks.History], place)
	t.Snapshot.Readings = append(t.Snapshot.Readings, fact.Reading{
		Kind: checks.History, Place: place, State: fact.Failed,
		Why: fmt.Sprintf("the beginning is taken from AWS's quarantine, and %s came from %s before it, since %s; if that was not you, look again with --since %s",
			acts[0].By, first.Address, when, when),
	})
}

// suspend writes that a deed may be the intruder's, if what stands there can be
// what it was done to, and nothing surer is known.
func suspend(r *fact.Resource, d lineage.Deed, named func(fact.Kind) bool) {
	what := d.Deed
	what.Sure = false
	switch d.Change {
	case lineage.Created:
		if _, known := fact.Made.Get(*r); !known && (!named(r.Kind) || r.Created.IsZero() || what.At.Sub(r.Created).Abs() < sameAct) {
			fact.Made.Set(r, what)
		}
	case lineage.Changed, lineage.Shared:
		if named(r.Kind) && r.Created.After(what.At.Add(sameAct)) {
			return // it was made again since
		}
		fact.Changed.Set(r, append([]fact.Deed{what}, fact.Changed.Or(*r, nil)...))
	}
}

// vouchedFor are the accounts that the owner's own, unchanged resources let in:
// the account of his security team, of a partner. While the beginning is a guess
// a resource, or a baseline, speaks for nobody unless it is much older: the
// intruder may have made it.
func (t *Triage) vouchedFor(base *baseline.Baseline) (accounts []string) {
	firm := t.Snapshot.Since.Add(-wary)
	for _, r := range t.Snapshot.Resources {
		whose, _ := fact.Judgement.Get(r)
		saved := base != nil && base.At.Before(firm) && slices.Contains(whose.Reasons, judge.InBaseline)
		old := !r.Created.IsZero() && r.Created.Before(firm)
		if whose.Whose != judge.Owner || t.guessed() && !saved && !old && !slices.Contains(whose.Reasons, judge.MarkedMine) {
			continue
		}
		accounts = append(accounts, fact.SharedWith.Or(r, nil)...)
		if doc, err := policy.Parse(fact.Trust.Or(r, "")); err == nil {
			accounts = append(accounts, policy.Foreign(doc, t.Snapshot.Account)...)
		}
	}
	accounts = slices.DeleteFunc(accounts, func(a string) bool { return a == "*" || a == "all" })
	slices.Sort(accounts)
	return slices.Compact(accounts)
}
