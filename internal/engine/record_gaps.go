package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
)

// recordGaps says what the record cannot tell.
func (q *Inquiry) recordGaps(ctx context.Context) error {
	st := q.status
	for _, d := range st.Damaged {
		q.gaps = append(q.gaps, report.RecordGap{Why: "damaged", Detail: fmt.Sprintf("%s: %s", d.File, d.Why)})
	}
	q.gaps = append(q.gaps, dataGaps(q.store.Uses(), st.First, st.Last)...)
	if err := q.stopped(ctx); err != nil {
		return err
	}
	known, err := q.storeGaps(q.store, st)
	if err != nil {
		return err
	}
	q.gaps = append(q.gaps, known...)
	q.gaps = append(q.gaps, q.unseen()...)
	for _, in := range q.intruders {
		if began := first(in); !began.IsZero() && began.Sub(st.First) < 24*time.Hour {
			q.gaps = append(q.gaps, report.RecordGap{Why: "before-record", To: st.First})
			break
		}
	}
	var regions []string
	for _, p := range st.Places {
		if p.Region != "" && !slices.Contains(regions, p.Region) {
			regions = append(regions, p.Region)
		}
	}
	slices.Sort(regions)
	q.gaps = append(q.gaps, report.RecordGap{Why: "no-region", Detail: strings.Join(regions, ", ")})
	return nil
}

// storeGaps are what the record lacks whoever asks: when it is silent, what it was
// never given, and what nobody verified.
func (a *Archive) storeGaps(s *trail.Store, st trail.Status) (gaps []report.RecordGap, err error) {
	for _, g := range st.Gaps {
		if g.To.Sub(g.From) >= quiet {
			gaps = append(gaps, report.RecordGap{Why: "silent", From: g.From, To: g.To})
		}
	}
	for _, p := range st.Ended() {
		gaps = append(gaps, report.RecordGap{Why: "ends-early", Account: p.Account, Region: p.Region, From: p.Last})
	}
	uncovered, err := a.uncovered(s)
	if err != nil {
		return nil, err
	}
	unverified, err := a.unverified(s)
	return slices.Concat(gaps, uncovered, unverified), err
}
