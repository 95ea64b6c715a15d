package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// recordGaps says what the record cannot tell.
func (q *Inquiry) recordGaps(ctx context.Context) error {
	st := q.status
	for _, d := range st.Damaged {
		q.gaps = append(q.gaps, report.RecordGap{Why: "damaged", Detail: fmt.Sprintf("%s: %s", d.File, d.Why)})
	}
	known, err := q.storeGaps(ctx, q.store, st, q.lost)
	if err != nil {
		return err
	}
	q.gaps = append(q.gaps, known...)
	q.gaps = append(q.gaps, q.unseen()...)
	for _, in := range q.intruders {
		if g, is := beforeRecord(in, st); is && !slices.Contains(q.gaps, g) {
			q.gaps = append(q.gaps, g)
		}
	}
	watched, err := q.watched()
	if err != nil {
		return err
	}
	q.gaps = append(q.gaps, regionGaps(since(st, watched))...)
	return nil
}

// beforeRecord says whether an intruder's first call is of the day in which the
// record of its account begins: what was usual there before, nobody knows.
func beforeRecord(in *intruder, st trail.Status) (g report.RecordGap, is bool) {
	began := first(in)
	for _, a := range st.Accounts {
		if began.IsZero() || began.Sub(a.First) >= 24*time.Hour {
			continue
		}
		for _, act := range in.acts {
			if act.Event.Account == a.Name && act.Event.Time.Equal(began) {
				g = report.RecordGap{Why: "before-record", Account: a.Name, To: a.First}
				if a.First.Equal(st.First) {
					g.Account = ""
				}
				return g, true
			}
		}
	}
	return g, false
}

// storeGaps are what the record lacks whoever asks: when a trail was off, data
// events, when it is silent, where it ends early and begins late, what it was never given, and what nobody verified.
func (a *Archive) storeGaps(ctx context.Context, s *trail.Store, st trail.Status, lost func(event.Event, error)) ([]report.RecordGap, error) {
	gaps, err := a.stopped(ctx, lost)
	if err != nil {
		return nil, err
	}
	abouts, err := a.dataEvents(ctx, s)
	if err != nil {
		return nil, err
	}
	if st.Events > 0 {
		gaps = append(gaps, dataGaps(abouts, st.Accounts)...)
	}
	for _, g := range st.Gaps {
		if g.To.Sub(g.From) >= quiet {
			gaps = append(gaps, report.RecordGap{Why: "silent", From: g.From, To: g.To})
		}
	}
	for _, p := range st.Ended() {
		gaps = append(gaps, report.RecordGap{Why: "ends-early", Account: p.Account, Region: p.Region, From: p.Last})
	}
	watched, err := a.watched()
	if err != nil {
		return nil, err
	}
	gaps = append(gaps, lateGaps(since(st, watched), st.Accounts)...)
	uncovered, err := a.uncovered(s)
	if err != nil {
		return nil, err
	}
	unverified, err := a.unverified(s)
	return slices.Concat(gaps, uncovered, unverified), err
}
