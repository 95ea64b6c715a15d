package engine

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/finding"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// DryRun reads again what every action of a plan insists on, and tells a
// skipped step for each that the gate would leave out now. It changes nothing.
// It returns how many actions still fit.
func (s *Session) DryRun(ctx context.Context, p plan.Plan) (fit int, err error) {
	if err := s.reaches(p); err != nil {
		return 0, err
	}
	live, err := s.live(ctx, p.Ward.Admins)
	if err != nil {
		return 0, err
	}
	reasons := make([]string, len(p.Actions))
	_, refused := plan.Guard(p.Actions, live.Ward)
	var g errgroup.Group
	g.SetLimit(16)
	for i, a := range p.Actions {
		for _, r := range refused {
			if r.Action.ID == a.ID {
				reasons[i] = "guard." + r.Reason
			}
		}
		if reasons[i] != "" {
			continue
		}
		g.Go(func() error {
			reasons[i] = s.wouldSkip(ctx, a)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for i, a := range p.Actions {
		if reasons[i] == "" {
			fit++
			continue
		}
		m := report.Step{
			ID: a.ID, Number: i + 1, Of: len(p.Actions), Verb: a.Verb, Step: "skipped", Reason: reasons[i],
			Target: finding.Target{Ref: a.Target.Ref, ARN: a.Target.ARN}, Undoes: a.Undoes != nil,
		}
		if err := s.Out.Handle(m); err != nil {
			return 0, err
		}
	}
	return fit, nil
}

// wouldSkip is the reason why the gate would not do the action now, or "".
func (s *Session) wouldSkip(ctx context.Context, a plan.Action) string {
	if a.Class == plan.Person {
		return "person"
	}
	k, ok := s.kind(a.Target.Kind)
	if !ok {
		return "refused"
	}
	verb, ok := k.Verb(a.Verb)
	if !ok {
		return "refused"
	}
	cfg := s.read(a.Target.Place, verb.Needs)
	id, err := k.Identity(ctx, cfg, a.Target)
	if err == nil && id != a.Target.UniqueID {
		return "recreated"
	}
	now, readErr := verb.Prior(ctx, cfg, a.Target)
	switch err := errors.Join(err, readErr); {
	case errors.Is(err, kind.ErrGone):
		return "gone"
	case err != nil:
		return string(awsapi.Classify(err))
	case a.Undoes != nil && plan.Same(now, a.Undoes.Prior):
		return "already"
	case plan.Same(now, a.Planned):
		return ""
	}
	return "changed"
}
