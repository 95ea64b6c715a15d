package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// askHistory asks the live event history, which reaches 90 days back, and keeps
// every answer as evidence: first what the suspects of the last triage did,
// then every call that changes something. A region that does not answer is told
// as a gap, and noted with what the import was asked: the rest goes on. What was
// read when somebody interrupts is kept, the next import or question takes it
// in, and the next import asks for what is missing.
func (a *Archive) askHistory(ctx context.Context, o ImportOptions, note *asked) error {
	h, store, err := a.liveHistory(ctx, o.Session, o.Regions)
	if err != nil {
		return err
	}
	h.store, h.from, h.to = store, o.From, o.To
	if h.reaches, err = a.reaches(); err != nil {
		return err
	}
	t, there, err := triaged(a.Case)
	if err != nil {
		return err
	}
	if there {
		marks, _, err := marksFor(a.Case, t.Snapshot)
		if err != nil {
			return err
		}
		grown := lineage.New(seedsOf(t.Snapshot, marks, a.Case.Notice), t.Snapshot.Since)
		grown.Know(lineage.Known{Compute: true})
		for round := 1; ; round++ {
			queries := grown.Next()
			if len(queries) == 0 {
				break
			}
			if err := h.ask(ctx, grown, queries, round); err != nil {
				return err
			}
		}
	}
	var (
		g    errgroup.Group
		mu   sync.Mutex
		kept = map[string]int{} // by region
	)
	g.SetLimit(inFlight)
	for _, region := range h.regions {
		told := func(n int) error {
			mu.Lock()
			defer mu.Unlock()
			kept[region] = n
			all := 0
			for _, n := range kept {
				all += n
			}
			return a.Out.Handle(report.Progress{Step: "history", Done: all, What: "writes", Region: region})
		}
		g.Go(func() error {
			err := h.spool(ctx, region, types.LookupAttributeKeyReadOnly, "false", "writes", told)
			if err != nil && ctx.Err() == nil {
				h.fail(region, err)
				return nil
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, region := range h.regions {
		r, bad := h.bad[region]
		if !bad {
			note.Answered = append(note.Answered, region)
			continue
		}
		note.Refused = append(note.Refused, region)
		if err := a.Out.Handle(report.NewGap(r)); err != nil {
			return err
		}
	}
	return nil
}

// liveHistory is the event history of every region that can be asked.
func (a *Archive) liveHistory(ctx context.Context, s *Session, only []string) (*history, *evidence.Store, error) {
	if s == nil {
		return nil, nil, errors.New("cannot ask the event history: nobody is signed in")
	}
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return nil, nil, err
	}
	h := &history{s: s, bad: map[string]fact.Reading{}}
	for _, r := range regions {
		if r.Usable() && r.Chosen && (len(only) == 0 || slices.Contains(only, r.Name)) {
			h.regions = append(h.regions, r.Name)
		}
	}
	if s.Out == nil {
		s.Out = a.Out
	}
	store, err := s.evidence(false)
	return h, store, err
}
