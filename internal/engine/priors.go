package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/baseline"
	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/kind"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// recall writes into every tampered resource what its aspects were before, as
// far as the account's own history, an imported record or a baseline tells, and which outsiders the
// owner vouches for. A region whose history cannot be read leaves the aspects
// unknown: nothing is put back on a guess.
func (s *Session) recall(ctx context.Context, t *Triage, store *evidence.Store) error {
	snap := &t.Snapshot
	base, err := s.baseline(snap)
	if err != nil {
		return err
	}
	h := &history{s: s, store: store, bad: map[string]fact.Reading{}}
	h.past = s.openPast(nil)
	defer h.past.close()
	p := &priors{h: h, begins: snap.At.Add(-historyReach), since: snap.Since, asked: map[lookup]*lookedUp{}}
	vouched := t.vouchedFor(base)
	for i := range snap.Resources {
		r := &snap.Resources[i]
		if whose, _ := fact.Judgement.Get(*r); whose.Whose != judge.Tampered {
			continue
		}
		fact.Vouched.Set(r, vouched)
		if err := p.set(ctx, r, base); err != nil {
			return err
		}
	}
	for i := range snap.Lost { // what he deleted may be made again
		if err := p.set(ctx, &snap.Lost[i], base); err != nil {
			return err
		}
	}
	for _, reading := range h.past.gaps(time.Time{}) {
		if err := s.Out.Handle(report.NewGap(reading)); err != nil {
			return err
		}
	}
	for _, region := range slices.Sorted(maps.Keys(h.bad)) {
		gap := report.NewGap(h.bad[region])
		gap.Kind, gap.Region = checks.History, region
		if err := s.Out.Handle(gap); err != nil {
			return err
		}
	}
	return nil
}

// A lookup is one look-up by the name of a call in one region.
type lookup struct{ region, call string }

type lookedUp struct {
	once   sync.Once
	events []event.Event
	err    error
	older  []event.Event   // from the imported record
	lost   map[string]bool // of these what could not be read again
	ended  error
}

// priors asks each question once, for all resources.
type priors struct {
	h      *history
	begins time.Time // the live history
	since  time.Time // the incident
	mu     sync.Mutex
	asked  map[lookup]*lookedUp
}

// set writes into a resource what its aspects were, where anything tells.
func (p *priors) set(ctx context.Context, r *fact.Resource, base *baseline.Baseline) error {
	k, ok := p.h.s.kind(r.Kind)
	if !ok {
		return nil
	}
	before := map[string]string{}
	if base != nil {
		maps.Copy(before, base.Aspects(*r))
	}
	if err := p.read(ctx, *r, k, before); err != nil {
		return err
	}
	k.Recollect(*r, before)
	for _, v := range k.Verbs() {
		if p.doubts(*r, v) {
			delete(before, v.Of)
		}
	}
	if len(before) > 0 {
		fact.Before.Set(r, before)
	}
	return nil
}

// doubts says that nobody knows whose a change of this aspect was shortly before
// a guessed beginning: nothing is put back on a guess.
func (p *priors) doubts(r fact.Resource, v kind.Bound) bool {
	return slices.ContainsFunc(fact.Changed.Or(r, nil), func(d fact.Deed) bool {
		return !d.Sure && d.At.Before(p.since) && slices.Contains(v.Mends, d.Call)
	})
}

// read fills before with what recorded calls set.
func (p *priors) read(ctx context.Context, r fact.Resource, k kind.Kind, before map[string]string) error {
	his, changed := map[string]bool{}, map[string]bool{}
	for _, d := range fact.Changed.Or(r, nil) {
		his[d.EventID], changed[d.Call] = true, true
	}
	for _, v := range k.Verbs() {
		if v.Recall == nil || !slices.ContainsFunc(v.Mends, func(c string) bool { return changed[c] }) {
			continue
		}
		events, whole, err := p.events(ctx, r, v.Mends, lineage.Creators(r.Kind))
		if err != nil {
			return err
		}
		if value, told := last(events, r, his, p.h.s.Case.ID, v); told {
			before[v.Of] = value
		} else if !whole {
			delete(before, v.Of) // a baseline may be older than a change that could not be seen
		}
	}
	return nil
}

// last is what the owner's last call about an aspect set. Events come newest
// first. What this case changed itself, to contain, is no state of the owner's:
// its calls carry the case in their user agent. A call of the owner's that does
// not tell what it set ends the search.
func last(events []event.Event, r fact.Resource, his map[string]bool, ours string, v kind.Bound) (value string, told bool) {
	for _, e := range events {
		if his[e.ID] || e.Failed() || strings.Contains(e.Agent, "cordon-"+ours) || !about(e, r.Ref) {
			continue
		}
		value, told = v.Recall(e.BaseName(), e.Request, e.Response)
		if told || slices.Contains(v.Mends, e.BaseName()) {
			return value, told
		}
	}
	return "", false
}

// about says whether a recorded call was made to this resource.
func about(e event.Event, ref fact.Ref) bool {
	return slices.ContainsFunc(lineage.Made(e), func(d lineage.Deed) bool {
		return d.Ref == ref || d.Loose && d.Ref.Kind == ref.Kind && lineage.SameTrail(d.Ref.ID, ref.ID)
	})
}

// events looks the calls up where the resource lives, newest first; of one
// second, what was changed before what made it. whole is false when a part of
// the history could not be read.
func (p *priors) events(ctx context.Context, r fact.Resource, mends, creators []string) (all []event.Event, whole bool, err error) {
	region := r.Region
	if region == fact.Global {
		region = p.h.s.Account.GlobalRegion()
	}
	var names []string
	for _, c := range slices.Concat(mends, creators) {
		names = append(names, lineage.RecordedAs(c)...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var (
		g       errgroup.Group
		older   []event.Event
		blind   time.Time // the last record that nobody can read any more
		answers = make([]*lookedUp, len(names))
	)
	for i, name := range names {
		g.Go(func() error {
			answers[i] = p.ask(ctx, lookup{region, name})
			return errors.Join(ctx.Err(), answers[i].ended)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, fmt.Errorf("cannot read what %s was before: %w", r.Ref, err)
	}
	whole = true
	for _, a := range answers {
		whole = whole && a.err == nil
		all = append(all, a.events...)
		for _, e := range slices.Backward(a.older) {
			older = append(older, e)
			if a.lost[e.ID] && e.Time.After(blind) {
				blind = e.Time
			}
		}
	}
	until := p.begins
	if !whole {
		until = p.h.s.Account.Clock()
	}
	older, err = p.certain(ctx, r.Ref, region, older, blind, until)
	if err != nil {
		return nil, false, fmt.Errorf("cannot read what %s was before: %w", r.Ref, err)
	}
	known := map[string]bool{}
	for _, e := range all {
		known[e.ID] = true
	}
	all = append(all, slices.DeleteFunc(older, func(e event.Event) bool { return known[e.ID] })...)
	rank := func(e event.Event) int { // records tell the second and no more
		if slices.Contains(mends, e.BaseName()) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b event.Event) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(rank(a), rank(b)))
	})
	return all, whole, nil
}

// certain are those of the imported calls to a resource after which no other
// can have been missed, up to the time from which the live history tells.
func (p *priors) certain(ctx context.Context, ref fact.Ref, region string, older []event.Event, blind, until time.Time) ([]event.Event, error) {
	older = slices.DeleteFunc(older, func(e event.Event) bool { return !e.Time.After(blind) || !e.Time.Before(until) || !about(e, ref) })
	if len(older) == 0 {
		return nil, nil
	}
	first := slices.MinFunc(older, func(a, b event.Event) int { return a.Time.Compare(b.Time) }).Time
	from, err := p.h.past.unbroken(ctx, region, first, until)
	return slices.DeleteFunc(older, func(e event.Event) bool { return e.Time.Before(from) }), err
}

func (p *priors) ask(ctx context.Context, q lookup) *lookedUp {
	p.mu.Lock()
	a := p.asked[q]
	if a == nil {
		a = &lookedUp{}
		p.asked[q] = a
	}
	p.mu.Unlock()
	a.once.Do(func() {
		a.err = errors.New("not asked")
		a.events, a.err = p.h.lookUp(ctx, q.region, types.LookupAttributeKeyEventName, q.call, "before")
		if a.err != nil && ctx.Err() == nil && awsapi.Classify(a.err) != awsapi.AbsentInRegion {
			p.h.fail(q.region, a.err)
		}
		a.ended = p.imported(ctx, q, a)
	})
	return a
}

// imported adds what the case's record of events has to a live answer.
func (p *priors) imported(ctx context.Context, q lookup, a *lookedUp) (err error) {
	f := filterOf(lineage.Query{By: lineage.ByEventName, Value: q.call})
	f.Regions = []string{q.region}
	a.older, a.lost, err = p.h.past.answer(ctx, f)
	for _, e := range a.events {
		delete(a.lost, e.ID) // the live history has it whole
	}
	return err
}
