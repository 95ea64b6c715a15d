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
	data, err := q.store.Rows(trail.Filter{Calls: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}})
	if err != nil {
		return err
	}
	if len(data) == 0 {
		q.gaps = append(q.gaps, report.RecordGap{Why: "no-data-events"})
	}
	if err := q.stopped(ctx); err != nil {
		return err
	}
	for _, g := range st.Gaps {
		if g.To.Sub(g.From) >= quiet {
			q.gaps = append(q.gaps, report.RecordGap{Why: "silent", From: g.From, To: g.To})
		}
	}
	unverified, err := q.unverified(q.store)
	if err != nil {
		return err
	}
	q.gaps = append(q.gaps, unverified...)
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
