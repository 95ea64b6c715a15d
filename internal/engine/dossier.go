package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cordon/internal/article"
	"cordon/internal/catalogue"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/report"
)

// Report tells a case: what was found, what was done and read back, AWS's article
// line by line, and what was not checked. It reads the case folder alone: it
// needs no credentials, and what no record says is not told as done.
func Report(ctx context.Context, c *incident.Case, now time.Time, out report.Handler) error {
	book, past, err := journal.Open(ctx, journalStore(c.Journal()), func() time.Time { return now })
	if err != nil {
		return err
	}
	t, looked, err := triaged(c)
	if err != nil {
		return err
	}
	store, err := evidence.Open(c.Evidence(), evidence.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("cannot open the evidence: %w", err)
	}
	pieces := store.List()
	made := deedsOf(past)
	head := dossier(c, t, looked, made, now)
	head.Evidence, head.Records = len(pieces), len(past)
	if len(past) > 0 {
		_, head.Head = book.Head()
	}
	if err := out.Handle(head); err != nil {
		return err
	}
	if looked {
		if err := tellFound(c, t, out); err != nil {
			return err
		}
	}
	for _, d := range made.lines(nil) {
		if err := out.Handle(report.Changes{Sort: d.Sort, Names: d.Names, Last: d.Last}); err != nil {
			return err
		}
	}
	switch m, there, err := LastBill(c); {
	case err != nil:
		return err
	case there:
		if err := out.Handle(m); err != nil {
			return err
		}
	}
	r, err := recordOf(c, t, past, pieces)
	if err != nil {
		return err
	}
	return tellArticle(r, t, out)
}

func dossier(c *incident.Case, t Triage, looked bool, made deeds, now time.Time) report.Dossier {
	d := report.Dossier{
		Case: c.ID, Title: c.Title, Account: c.Account, Partition: c.Partition, Opened: c.Opened, At: now.UTC(),
		Notice: c.Notice != nil, Unverified: made.unverified,
	}
	if c.Notice != nil {
		d.Deadline, d.Answered = c.Notice.Due(), c.Notice.Answered
	}
	if looked {
		d.Looked, d.Regions = t.Snapshot.At, len(t.Header.Regions)
		if t.Summary.FirstSeen != nil && t.Summary.LastSeen != nil {
			d.FirstSeen, d.LastSeen = *t.Summary.FirstSeen, *t.Summary.LastSeen
		}
	}
	return d
}

// tellFound tells what the last triage found and could not see.
func tellFound(c *incident.Case, t Triage, out report.Handler) error {
	return t.tellResults(c, &only{out})
}

// only lets through what belongs to a report: not the summary of a triage, whose
// screen it would draw.
type only struct{ report.Handler }

func (o *only) Handle(m report.Message) error {
	if _, summary := m.(report.Summary); summary {
		return nil
	}
	return o.Handler.Handle(m)
}

// recordOf is what the checklist of the article is computed from.
func recordOf(c *incident.Case, t Triage, past []journal.Record, pieces []evidence.Entry) (article.Record, error) {
	r := article.Record{
		Looked: t.Snapshot.At, Narrowed: t.Header.Narrowed, Began: t.Snapshot.Since, Snapshot: t.Snapshot, Findings: t.Findings,
		Kept: map[fact.Ref]bool{}, Copies: map[fact.Kind]bool{},
	}
	if r.Began.IsZero() && t.Summary.FirstSeen != nil {
		r.Began = *t.Summary.FirstSeen
	}
	var err error
	if r.Marks, _, err = marksFor(c, t.Snapshot); err != nil {
		return r, err
	}
	if r.Rotations, _, err = loadRotations(c); err != nil {
		return r, err
	}
	if n := c.Notice; n != nil {
		r.Notice = &article.Notice{Due: n.Deadline, Answered: n.Answered}
	}
	r.Deeds, r.TakenBack = articleDeeds(past)
	kept := map[string]bool{}
	for _, e := range pieces {
		kept[e.Ref] = true
	}
	for _, x := range t.Snapshot.Resources {
		r.Kept[x.Ref] = kept[x.Ref.String()]
	}
	for _, k := range kinds.All() {
		r.Copies[k.Name()] = slices.ContainsFunc(k.Verbs(), func(v kind.Bound) bool { return v.For == kind.Copy })
	}
	if r.Looks, err = looksOf(c, r.Began); err != nil {
		return r, err
	}
	return r, nil
}

// articleDeeds are the changes that stand, and those that were taken back.
func articleDeeds(past []journal.Record) (stand, back []article.Deed) {
	deed := func(first, after journal.Record) (article.Deed, bool) {
		target, err := decode[fact.Resource](first.Target)
		if err != nil {
			return article.Deed{}, false
		}
		d := article.Deed{
			Ref: target.Ref, Owner: fact.Owner.Or(target, ""), Verb: first.Verb, Sort: deedSort(target.Kind, first.Verb),
			At: first.At, Verified: after.Step == journal.Verified,
		}
		if d.Verified {
			d.At = after.At
		}
		return d, true
	}
	for _, c := range slices.Backward(standing(past, UndoOptions{All: true})) {
		if d, ok := deed(c.first, c.after); ok {
			stand = append(stand, d)
		}
	}
	begun := map[string]journal.Record{}
	for _, r := range past {
		switch r.Step {
		case journal.Doing:
			if _, there := begun[r.Plan+"/"+r.Action]; !there {
				begun[r.Plan+"/"+r.Action] = r
			}
		case journal.Undone:
			if d, ok := deed(begun[r.Of], journal.Record{Step: journal.Verified, At: r.At}); ok {
				back = append(back, d)
			}
		}
	}
	return stand, back
}

// tellArticle tells the checklist and what was not checked.
func tellArticle(r article.Record, t Triage, out report.Handler) error {
	end := report.DossierEnd{Counts: map[article.State]int{}, Gaps: t.Summary.Gaps, Blind: catalogue.Blind(), General: true}
	for _, x := range article.States() {
		end.Counts[x] = 0
	}
	for _, item := range article.Checklist(r) {
		end.Counts[item.State]++
		if item.State == article.Unchecked {
			end.Lines = append(end.Lines, item.Line)
		}
		if err := out.Handle(report.ArticleLine{Item: item}); err != nil {
			return err
		}
	}
	for _, f := range t.Findings {
		if f.Outcome == finding.Unknown {
			end.Checks = append(end.Checks, f.Check)
		}
	}
	return out.Handle(end)
}
