package engine

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/playbook"
	"cordon/internal/report"
)

// PlanEradicate makes the plan that removes what is the intruder's and puts
// back what he changed, from the last triage and the marks. It keeps evidence
// of every target first; what could not be kept is not deleted. It changes
// nothing in the account.
func (s *Session) PlanEradicate(ctx context.Context, o PlanOptions) (plan.Plan, error) {
	return s.planClean(ctx, plan.Eradicate, playbook.Eradicate, o)
}

// PlanPreserve makes the plan that copies disks and databases inside AWS.
func (s *Session) PlanPreserve(ctx context.Context, o PlanOptions) (plan.Plan, error) {
	return s.planClean(ctx, plan.Preserve, playbook.Preserve, o)
}

func (s *Session) planClean(ctx context.Context, name string, book func(playbook.Input) []plan.Action, o PlanOptions) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("plan " + name)
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, err := LoadTriage(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan(name, t)
	marks, err := s.judged(ctx, &t)
	if err != nil {
		return plan.Plan{}, err
	}
	all, err := plan.Order(book(playbook.Input{Snapshot: t.Snapshot, Findings: t.Findings, Marks: marks, Traits: s.traits}))
	if err != nil {
		return plan.Plan{}, err
	}
	actions, err := pick(all, o)
	if err != nil {
		return plan.Plan{}, err
	}
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, marks)); err != nil {
		return plan.Plan{}, err
	}
	p.Actions, p.Refused = plan.Guard(actions, p.Ward)
	wanted := slices.Clone(p.Actions)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if err := s.uncopied(ctx, &p, all, actions); err != nil {
		return plan.Plan{}, err
	}
	if name == plan.Eradicate {
		p.Open = closing(p, wanted, t.Ways)
	}
	if err := s.keepEach(ctx, t.Snapshot, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// judged judges the triage's snapshot again, with today's marks, and writes into it what
// tampered resources were before.
func (s *Session) judged(ctx context.Context, t *Triage) (map[fact.Ref]playbook.Mark, error) {
	marks, stale, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return nil, err
	}
	for _, r := range stale {
		gap := report.Gap{Kind: r.Kind, Account: r.Account, Region: r.Region, State: fact.Skipped, Why: "the mark on " + r.ID + " was for another resource of this name"}
		if err := s.Out.Handle(gap); err != nil {
			return nil, err
		}
	}
	if err := s.judgeWhose(&t.Snapshot, marks); err != nil {
		return nil, err
	}
	store, err := s.evidence(false)
	if err != nil {
		return nil, err
	}
	return marks, s.recall(ctx, t, store)
}

// keepEach keeps evidence of every target and writes the ids into the actions
// on it. An action for good whose target could not be kept is taken out, and
// what was to come after it as well.
func (s *Session) keepEach(ctx context.Context, snap fact.Snapshot, p *plan.Plan) error {
	store, err := s.evidence(false)
	if err != nil {
		return err
	}
	parts := s.parts(snap, p.Actions)
	kept, err := s.keepAll(ctx, store, append(targets(snap, p.Actions), loose(parts, p.Actions)...))
	if err != nil {
		return err
	}
	out := map[string]bool{} // ids of actions that are taken out
	var stay []plan.Action
	for _, a := range p.Actions {
		k := kept[a.Target.Ref]
		a.Evidence = k.ids
		if a.Class == plan.Permanent {
			a.Parts = s.copiedOnly(parts[a.Target.Ref])
		}
		waits := func(id string) bool { return out[id] }
		switch {
		case a.Class == plan.Permanent && (k.err != nil || len(k.ids) == 0 || lost(parts[a.Target.Ref], kept)):
			out[a.ID] = true
			p.Refused = append(p.Refused, plan.Refusal{Action: a, Reason: "unkept"})
		case a.Class == plan.Permanent && slices.ContainsFunc(a.After, waits):
			out[a.ID] = true
			p.Refused = append(p.Refused, plan.Refusal{Action: a, Reason: "after-unkept"})
		default:
			stay = append(stay, a)
		}
	}
	for ref, k := range kept {
		p.Evidence = append(p.Evidence, k.ids...)
		if k.err != nil && !errors.Is(k.err, kind.ErrGone) {
			p.Unkept = append(p.Unkept, ref.String()+" ("+whyShort(k.err)+")")
		}
	}
	slices.Sort(p.Unkept)
	slices.Sort(p.Evidence)
	p.Evidence = slices.Compact(p.Evidence)
	p.Actions, err = plan.Order(stay)
	return err
}

// parts lists, for each resource that is deleted, what AWS deletes along with
// it: the disks and interfaces of an instance, the tasks of a service.
func (s *Session) parts(snap fact.Snapshot, actions []plan.Action) map[fact.Ref][]fact.Resource {
	of := map[fact.Ref][]fact.Resource{}
	var take func(whole, part fact.Ref, seen map[fact.Ref]bool)
	take = func(whole, from fact.Ref, seen map[fact.Ref]bool) {
		if t, _ := s.traits(from.Kind); !t.Owns || seen[from] {
			return
		}
		seen[from] = true
		for _, r := range snap.Resources {
			if slices.Contains(fact.PartOf.Or(r, nil), from) {
				of[whole] = append(of[whole], r)
				take(whole, r.Ref, seen)
			}
		}
	}
	for _, a := range actions {
		if a.Class == plan.Permanent {
			take(a.Target.Ref, a.Target.Ref, map[fact.Ref]bool{})
		}
	}
	return of
}

// loose are the parts that no action names, each once.
func loose(parts map[fact.Ref][]fact.Resource, actions []plan.Action) (all []fact.Resource) {
	seen := map[fact.Ref]bool{}
	for _, a := range actions {
		seen[a.Target.Ref] = true
	}
	for _, of := range parts {
		for _, r := range of {
			if !seen[r.Ref] {
				seen[r.Ref] = true
				all = append(all, r)
			}
		}
	}
	return all
}

// lost says that a part is there of which no evidence could be kept.
func lost(parts []fact.Resource, kept map[fact.Ref]keeping) bool {
	return slices.ContainsFunc(parts, func(r fact.Resource) bool {
		k := kept[r.Ref]
		return !errors.Is(k.err, kind.ErrGone) && (k.err != nil || len(k.ids) == 0)
	})
}

// targets are the resources of a plan as the triage saw them, each once.
func targets(snap fact.Snapshot, actions []plan.Action) (all []fact.Resource) {
	seen := map[fact.Ref]bool{}
	for _, a := range actions {
		if r, listed := snap.Find(a.Target.Ref); listed && !seen[r.Ref] {
			seen[r.Ref] = true
			all = append(all, r)
		}
	}
	return all
}

// A keeping is what became of one resource's evidence.
type keeping struct {
	ids []string
	err error // reading it failed
}

// keepAll reads the evidence of many resources, some at once.
func (s *Session) keepAll(ctx context.Context, store *evidence.Store, all []fact.Resource) (map[fact.Ref]keeping, error) {
	kept := make([]keeping, len(all))
	var g errgroup.Group
	g.SetLimit(16)
	told := newPace(s.Out, "keeping", len(all))
	for i, r := range all {
		g.Go(func() error {
			ids, unread, err := s.keepOne(ctx, store, r)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			kept[i] = keeping{ids, unread}
			return told.one(string(r.Kind), r.Region)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := map[fact.Ref]keeping{}
	for i, r := range all {
		out[r.Ref] = kept[i]
	}
	return out, nil
}

// his says whether a judgement asks for evidence: what is the intruder's, and
// what he changed.
func his(r fact.Resource) bool {
	whose, _ := fact.Judgement.Get(r)
	return whose.Whose == judge.Intruder || whose.Whose == judge.Tampered
}
