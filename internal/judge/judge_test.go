package judge_test

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/playbook"
)

var (
	began = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	old   = began.AddDate(-1, 0, 0)
	night = began.Add(time.Hour)
	home  = fact.Place{Account: "111122223333", Region: "eu-west-1"}
	far   = fact.Place{Account: "111122223333", Region: "sa-east-1"}
)

func thing(at fact.Place, id string, made time.Time, more ...func(*fact.Resource)) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.instance", Place: at, ID: id}, ARN: "arn:" + id, Created: made}
	for _, m := range more {
		m(&r)
	}
	return r
}

func has[T any](k fact.Key[T], v T) func(*fact.Resource) {
	return func(r *fact.Resource) { k.Set(r, v) }
}

func his(sure bool) func(*fact.Resource) {
	return has(fact.Made, fact.Deed{EventID: "e", Call: "RunInstances", Sure: sure})
}

func found(r *fact.Resource) {
	fact.Made.Set(r, fact.Deed{EventID: "e", Call: "CreateTopic", Found: true})
}

func touched(sure bool) func(*fact.Resource) {
	return has(fact.Changed, []fact.Deed{{EventID: "e", Call: "ModifyInstanceAttribute", Sure: sure}})
}

func part(of string) func(*fact.Resource) {
	return has(fact.PartOf, []fact.Ref{{Kind: "ec2.instance", Place: home, ID: of}})
}

// judged runs one account and answers the judgement on the last resource.
func judged(in judge.Input, all ...fact.Resource) fact.Whose {
	in.Snapshot.Resources = all
	judge.All(in)
	whose, _ := fact.Judgement.Get(all[len(all)-1])
	return whose
}

func TestWhoseItIs(t *testing.T) {
	mine := thing(home, "mine", old)
	for _, c := range []struct {
		why, whose string
		reasons    []string
		mark       playbook.Mark
		base       string // "": none, "same", "other", "absent"
		unknown    bool   // when the incident began is not known
		with       []fact.Resource
	}{
		{why: "made by him", whose: judge.Intruder, reasons: []string{judge.MadeByHim}, with: []fact.Resource{thing(home, "x", night, his(true))}},
		{why: "made, perhaps by the owner's program", whose: judge.Unknown, reasons: []string{judge.MadePerhaps}, with: []fact.Resource{thing(home, "x", night, his(false))}},
		{why: "made, or found there", whose: judge.Unknown, reasons: []string{judge.FoundPerhaps}, with: []fact.Resource{thing(home, "x", time.Time{}, found)}},
		{why: "made by him, says the trail, and older, says the baseline", whose: judge.Unknown, reasons: []string{judge.FoundPerhaps, judge.InBaseline}, base: "same",
			with: []fact.Resource{thing(home, "x", time.Time{}, his(true))}},
		{why: "the same, and it is another now", whose: judge.Unknown, reasons: []string{judge.FoundPerhaps, judge.Differs}, base: "other",
			with: []fact.Resource{thing(home, "x", time.Time{}, his(true))}},
		{why: "made by him, and not in the baseline", whose: judge.Intruder, reasons: []string{judge.MadeByHim}, base: "absent",
			with: []fact.Resource{thing(home, "x", time.Time{}, his(true))}},
		{why: "changed by him", whose: judge.Tampered, reasons: []string{judge.ChangedByHim}, with: []fact.Resource{thing(home, "x", old, touched(true))}},
		{why: "changed, perhaps by the owner's program", whose: judge.Unknown, reasons: []string{judge.ChangedMaybe}, with: []fact.Resource{thing(home, "x", old, touched(false))}},
		{why: "the owner says it is his", whose: judge.Owner, reasons: []string{judge.MarkedMine}, mark: playbook.Mine, with: []fact.Resource{thing(home, "x", night, his(true))}},
		{why: "the owner disowns it", whose: judge.Intruder, reasons: []string{judge.MarkedNotMine}, mark: playbook.NotMine, with: []fact.Resource{thing(home, "x", old)}},
		{why: "the owner is not sure", whose: judge.Unknown, reasons: []string{judge.MarkedUnsure}, mark: playbook.Unsure, with: []fact.Resource{thing(home, "x", night, his(true))}},
		{why: "older", whose: judge.Owner, reasons: []string{judge.Older}, with: []fact.Resource{thing(home, "x", old)}},
		{why: "made since, in a Region of the owner's", whose: judge.Unknown, reasons: []string{judge.Since}, with: []fact.Resource{mine, thing(home, "x", night)}},
		{why: "made since, in a Region nobody used", whose: judge.Unknown, reasons: []string{judge.Since, judge.NewRegion}, with: []fact.Resource{mine, thing(far, "x", night)}},
		{why: "no date", whose: judge.Unknown, reasons: []string{judge.NoDate, judge.NewRegion}, with: []fact.Resource{thing(home, "x", time.Time{})}},
		{why: "no beginning", whose: judge.Unknown, reasons: []string{judge.NoBeginning}, unknown: true, with: []fact.Resource{thing(home, "x", old)}},
		{why: "AWS made it", whose: judge.Owner, reasons: []string{judge.ByAWS}, with: []fact.Resource{thing(home, "x", night, has(fact.Maker, "aws"))}},
		{why: "a leaked credential is the owner's", whose: judge.Owner, reasons: []string{judge.OfSuspect, judge.Older},
			with: []fact.Resource{thing(home, "x", old, has(fact.Suspect, fact.Deed{Reason: "seed", Sure: true}))}},
		{why: "a credential that he minted", whose: judge.Intruder, reasons: []string{judge.MadeByHim},
			with: []fact.Resource{thing(home, "x", night, has(fact.Suspect, fact.Deed{Reason: "minted", Sure: true}))}},
		{why: "named like his", whose: judge.Unknown, reasons: []string{judge.Since, judge.HisTag},
			with: []fact.Resource{mine, thing(home, "a", night, his(true), has(fact.Name, "render")), thing(home, "x", night, has(fact.Name, "render"))}},
		{why: "named like his, which took the owner's name", whose: judge.Unknown, reasons: []string{judge.Since},
			with: []fact.Resource{thing(home, "m", old, has(fact.Name, "web")), thing(home, "a", night, his(true), has(fact.Name, "web")), thing(home, "x", night, has(fact.Name, "web"))}},
		{why: "as in the baseline", whose: judge.Owner, reasons: []string{judge.InBaseline}, base: "same", with: []fact.Resource{thing(home, "x", time.Time{})}},
		{why: "not as in the baseline", whose: judge.Unknown, reasons: []string{judge.Differs}, base: "other", with: []fact.Resource{thing(home, "x", old)}},
		{why: "not in the baseline", whose: judge.Unknown, reasons: []string{judge.NotInBaseline, judge.Since, judge.NewRegion}, base: "absent", with: []fact.Resource{thing(home, "x", night)}},
		{why: "the trail wins over a baseline", whose: judge.Tampered, reasons: []string{judge.ChangedByHim}, base: "same", with: []fact.Resource{thing(home, "x", old, touched(true))}},
		{why: "a part of his", whose: judge.Intruder, reasons: []string{judge.PartOfHis}, with: []fact.Resource{thing(home, "g", night, his(true)), thing(home, "x", night, part("g"))}},
		{why: "a part that is older than the whole", whose: judge.Owner, reasons: []string{judge.Older}, with: []fact.Resource{thing(home, "g", night, his(true)), thing(home, "x", old, part("g"))}},
		{why: "a part of the owner's", whose: judge.Unknown, reasons: []string{judge.Since}, with: []fact.Resource{thing(home, "g", old), thing(home, "x", night, part("g"))}},
		{why: "a part that the owner is not sure of", whose: judge.Unknown, reasons: []string{judge.MarkedUnsure}, mark: playbook.Unsure,
			with: []fact.Resource{thing(home, "g", night, his(true)), thing(home, "x", night, part("g"))}},
	} {
		t.Run(c.why, func(t *testing.T) {
			in := judge.Input{Snapshot: fact.Snapshot{Since: began}}
			if c.unknown {
				in.Snapshot.Since = time.Time{}
			}
			last := c.with[len(c.with)-1]
			if c.mark != "" {
				in.Marks = map[fact.Ref]playbook.Mark{last.Ref: c.mark}
			}
			if c.base != "" {
				in.Baseline = func(r fact.Resource) (bool, bool) { return c.base != "absent", c.base == "same" }
			}
			got := judged(in, c.with...)
			if got.Whose != c.whose || !slices.Equal(got.Reasons, c.reasons) {
				t.Errorf("%s %v, want %s %v", got.Whose, got.Reasons, c.whose, c.reasons)
			}
		})
	}
}

// A part of a part of what is his is his, whatever the order of the listing.
func TestPartsOfParts(t *testing.T) {
	all := []fact.Resource{thing(home, "x", night, part("g")), thing(home, "g", night, part("s")), thing(home, "s", night, his(true))}
	judge.All(judge.Input{Snapshot: fact.Snapshot{Since: began, Resources: all}})
	for _, r := range all {
		if w, _ := fact.Judgement.Get(r); w.Whose != judge.Intruder {
			t.Errorf("%s is %s", r.ID, w.Whose)
		}
	}
}
