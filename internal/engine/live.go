package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/event"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// askHistory asks the live event history, which reaches 90 days back, and keeps
// every answer as evidence: first what the suspects of the last triage did,
// then every call that changes something. A region that does not answer is told
// as a gap, and noted with what the import was asked: the rest goes on.
func (a *Archive) askHistory(ctx context.Context, o ImportOptions, note *asked) error {
	h, store, err := a.liveHistory(ctx, o.Session, o.Regions)
	if err != nil {
		return err
	}
	h.store, h.from, h.to = store, o.From, o.To
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
	var g errgroup.Group
	g.SetLimit(inFlight)
	for _, region := range h.regions {
		g.Go(func() error {
			_, err := h.lookUp(ctx, region, types.LookupAttributeKeyReadOnly, "false", "writes")
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

// live asks what the suspects did since a time. Nothing is kept: what matters
// is imported when somebody asks for it.
func (q *Inquiry) live(ctx context.Context, since time.Time) ([]event.Event, error) {
	h, _, err := q.liveHistory(ctx, q.Session, nil)
	if err != nil {
		return nil, err
	}
	h.from = since
	var (
		g   errgroup.Group
		all = make(chan []event.Event)
		out []event.Event
	)
	g.SetLimit(inFlight)
	done := make(chan struct{})
	go func() {
		for events := range all {
			out = append(out, events...)
		}
		close(done)
	}()
	for _, asked := range q.watched() {
		for _, region := range h.regions {
			g.Go(func() error {
				events, err := h.lookUp(ctx, region, attribute(asked.By), asked.Value, string(asked.By))
				all <- events
				if err != nil && ctx.Err() == nil {
					h.fail(region, err)
					return nil
				}
				return ctx.Err()
			})
		}
	}
	err = g.Wait()
	close(all)
	<-done
	for region, r := range h.bad {
		if !q.gone["live "+region] {
			q.gone["live "+region] = true
			err = errors.Join(err, q.tell(report.NewGap(r)))
		}
	}
	return once(out), err
}

// watched lists what to ask the live history by, to see what intruders do next.
func (q *Inquiry) watched() (all []lineage.Query) {
	seen := map[lineage.Query]bool{}
	for _, in := range q.intruders {
		for _, s := range in.closure.Suspects() {
			ask := lineage.Query{By: lineage.ByUser, Value: s.Principal.ID}
			if s.Credential != "" {
				ask = lineage.Query{By: lineage.ByAccessKey, Value: s.Credential}
			}
			if ask.Value != "" && !seen[ask] {
				seen[ask] = true
				all = append(all, ask)
			}
		}
	}
	return all
}
