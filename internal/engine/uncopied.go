package engine

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// uncopied takes out of a plan the deletions whose copies it lacks: because a copy
// was refused, or because the person left it out and it does not stand. all is
// what the playbook asked for, picked what the person left of it.
func (s *Session) uncopied(ctx context.Context, p *plan.Plan, all, picked []plan.Action) error {
	var missing []plan.Action
	for _, a := range left(all, picked) {
		if v, known := s.verb(a.Target.Kind, a.Verb); known && v.For == kind.Copy {
			missing = append(missing, a)
		}
	}
	stands := make([]bool, len(missing))
	var g errgroup.Group
	g.SetLimit(16)
	for i, a := range missing {
		g.Go(func() error {
			stands[i] = s.copyStands(ctx, *p, a)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	lacking := map[string]bool{} // ids of copies
	for i, a := range missing {
		lacking[a.ID] = !stands[i]
	}
	for _, r := range p.Refused {
		v, known := s.verb(r.Action.Target.Kind, r.Action.Verb)
		lacking[r.Action.ID] = known && v.For == kind.Copy
	}
	return withoutCopies(p, all, lacking)
}

// left are the actions that the person left out.
func left(all, picked []plan.Action) []plan.Action {
	return slices.DeleteFunc(slices.Clone(all), func(a plan.Action) bool {
		return slices.ContainsFunc(picked, func(b plan.Action) bool { return a.ID == b.ID })
	})
}

// copyStands says whether a copy is there all the same, or nothing that could be
// copied. What cannot be read is not there.
func (s *Session) copyStands(ctx context.Context, p plan.Plan, a plan.Action) bool {
	k, _ := s.kind(a.Target.Kind)
	v, _ := k.Verb(a.Verb)
	done, err := v.Done(ctx, s.read(a.Target.Place, v.Needs), kind.Job{Resource: k.Trim(a.Target), At: p.MadeAt, Case: s.Case.ID})
	return err == nil && done || errors.Is(err, kind.ErrGone)
}

// withoutCopies takes out the deletions that were to follow a lacking copy, and
// the deletions that were to follow those.
func withoutCopies(p *plan.Plan, all []plan.Action, lacking map[string]bool) (err error) {
	after := map[string][]string{} // before any edge was dropped
	for _, a := range all {
		after[a.ID] = a.After
	}
	out := map[string]bool{}
	var stay []plan.Action
	for _, a := range p.Actions {
		reason := ""
		switch first := after[a.ID]; {
		case a.Class != plan.Permanent:
		case slices.ContainsFunc(first, func(id string) bool { return lacking[id] }):
			reason = "uncopied"
		case slices.ContainsFunc(first, func(id string) bool { return out[id] }):
			reason = "after-unkept"
		}
		if reason == "" {
			stay = append(stay, a)
			continue
		}
		out[a.ID] = true
		p.Refused = append(p.Refused, plan.Refusal{Action: a, Reason: reason})
	}
	p.Actions, err = plan.Order(stay)
	return err
}

// copiedOnly are those parts of a whole of which a copy inside AWS is asked before
// they are deleted, as an action carries them.
func (s *Session) copiedOnly(parts []fact.Resource) (all []fact.Resource) {
	for _, r := range parts {
		k, ok := s.kind(r.Kind)
		if ok && slices.ContainsFunc(k.Verbs(), func(v kind.Bound) bool { return v.For == kind.Remove && v.Kept != nil }) {
			all = append(all, k.Trim(r))
		}
	}
	return all
}
